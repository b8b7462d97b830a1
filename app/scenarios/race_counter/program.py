"""Several threads add to one counter, and then again. Are all of their steps counted?

Adding reads the counter, computes, and writes it back. A thread that is interrupted in between
writes back an old value, and the steps that others made meanwhile are lost.
"""

import sys
import threading

# --- settings: change them and run the program again ---
VARIANT = "call"  # "plain", "call", "split", "lock" or "append"
THREADS = 4
TIMES = 10_000  # steps of each thread
SWITCH_MS = 0.1  # after this time a thread lets another one run Python
# --- end of settings ---

counter = 0
items = []
lock = threading.Lock()
ready = threading.Barrier(THREADS)


def one():
    for _ in range(60):  # computes for a while, so that the call takes time
        pass
    return 1


def plain():
    global counter
    counter += 1


def call():
    global counter
    counter += one()  # the counter is read before the call and written after it


def split():
    global counter
    old = counter
    for _ in range(60):  # a thread may be interrupted at each turn of a loop
        new = old + 1
    counter = new


def with_lock():
    global counter
    with lock:
        counter += one()


def append():
    items.append(1)


def work():
    variants = {"plain": plain, "call": call, "split": split, "lock": with_lock, "append": append}
    take_a_step = variants[VARIANT]
    ready.wait()  # all begin together
    for _ in range(TIMES):
        take_a_step()
        for _ in range(600):  # other work, which has nothing to do with the counter
            pass


def main():
    sys.setswitchinterval(SWITCH_MS / 1000)
    made = THREADS * TIMES
    for attempt in (1, 2):  # is the same number lost both times?
        before = counter + len(items)
        names = [f"adder-{attempt}.{n}" for n in range(1, THREADS + 1)]
        threads = [threading.Thread(target=work, name=name) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counted = counter + len(items) - before
        print(f"{made} steps were made, {counted} were counted, {made - counted} were lost")


if __name__ == "__main__":
    main()
