"""Threads that write to one log: is the lock kept while the disk writes, or only for the list?

If it is kept, all soon stand in line behind it and move on one by one, like lorries in a convoy.
"""

import threading
import time

# --- settings: change them and run the program again ---
KEEP = "while-writing"  # the lock is kept "while-writing" or only for "the-list"
THREADS = 4
ENTRIES = 8  # that each thread writes
DISK_MS = 25  # a thread waits so long for the disk to write an entry
COMPUTE_MS = 3  # computing time for an entry
# --- end of settings ---

lock = threading.Lock()
log = []
ready = threading.Barrier(THREADS)


def compute():
    until = time.thread_time() + COMPUTE_MS / 1000
    while time.thread_time() < until:
        pass


def wait_for_disk():
    time.sleep(DISK_MS / 1000)


def write(entry):
    if KEEP == "while-writing":
        with lock:
            log.append(entry)
            wait_for_disk()
    else:
        with lock:
            log.append(entry)
        wait_for_disk()  # the others can take the lock meanwhile


def work(name):
    ready.wait()  # all begin together
    for number in range(ENTRIES):
        compute()
        write((name, number))


def main():
    threads = [
        threading.Thread(target=work, args=(f"writer-{n}",), name=f"writer-{n}")
        for n in range(1, THREADS + 1)
    ]
    before = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - before
    print(f"{len(log)} entries by {THREADS} threads in {took:.3f} s")


if __name__ == "__main__":
    main()
