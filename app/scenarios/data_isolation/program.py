"""A counter, a list and a block of memory, changed by a child process and by a thread.

A thread works in the memory of its process, a child process in its own. After a fork both have the
same pages, until one of them writes to a page: then the kernel gives it a copy.
"""

import multiprocessing
import threading

# --- settings: change them and run the program again ---
METHOD = "fork"  # how the process is started: "fork", "spawn" or "forkserver"
MEGABYTES = 32  # size of the block that main fills
WRITTEN = 50  # percent of it that the child process writes to
ROUNDS = 50  # that it goes over this part
# --- end of settings ---

counter = 0
names = []
block = bytearray()


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def show(when):
    say(f"{when}: counter {counter}, names {names}")


def change(who):
    global counter
    show(f"{who} at first")
    counter += 1
    names.append(who)
    show(f"{who} at last")


def shared():
    """Megabytes of this process's own data that another process has in its memory, too."""
    with open("/proc/self/smaps_rollup") as file:
        sizes = dict(line.split()[:2] for line in file if line.endswith("kB\n"))
    return int(sizes["Shared_Dirty:"]) // 1024


def change_all(who):
    change(who)
    before = shared()
    for _ in range(ROUNDS):
        for place in range(0, len(block) * WRITTEN // 100, 4096):  # a byte of each page
            block[place] = 2
    say(f"{who}: the block has {len(block) >> 20} MiB")
    say(f"{who}: {before} MiB are shared, after writing {shared()} MiB")


def main():
    global counter, block
    counter = 10
    names.append("main")
    block = bytearray(b"1") * (MEGABYTES << 20)
    show("main at first")
    process = multiprocessing.get_context(METHOD).Process(
        target=change_all, args=("process",), name="process"
    )
    process.start()
    process.join()
    show("main after the process")
    thread = threading.Thread(target=change, args=("thread",), name="thread")
    thread.start()
    thread.join()
    show("main after the thread")


if __name__ == "__main__":
    main()
