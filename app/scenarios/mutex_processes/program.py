"""Processes change one number in shared memory: each reads it, computes, and writes it back.

Between the reading and the writing nobody else may change it: this is the critical section.
"""

import time
from multiprocessing import Barrier, Lock, Process
from multiprocessing.sharedctypes import RawValue

# --- settings: change them and run the program again ---
LOCK = True  # may only one process at a time be in its critical section?
PROCESSES = 3
ROUNDS = 4  # how often each process changes the number
INSIDE_MS = 60  # computing time in the critical section
REST_MS = 20  # that a process sleeps after each round
# --- end of settings ---


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def change(total):
    old = total.value
    compute(INSIDE_MS)
    total.value = old + 1


def work(total, mutex, ready):
    ready.wait()  # all begin together
    for _ in range(ROUNDS):
        if LOCK:
            with mutex:
                change(total)
        else:
            change(total)
        time.sleep(REST_MS / 1000)


def main():
    total = RawValue("i", 0)
    mutex = Lock()
    ready = Barrier(PROCESSES)
    workers = [
        Process(target=work, args=(total, mutex, ready), name=f"worker-{n}")
        for n in range(1, PROCESSES + 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    made, counted = PROCESSES * ROUNDS, total.value
    print(f"{made} changes were made, {counted} were counted, {made - counted} were lost")


if __name__ == "__main__":
    main()
