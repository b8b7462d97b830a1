"""The same tasks one after the other, in threads, and in processes.

Threads of one process take turns at the interpreter lock (GIL): two of them never run Python
code at the same instant. A thread that sleeps does not hold the lock.
"""

import sys
import threading
import time
from multiprocessing import Process

# --- settings: change them and run the program again ---
MODE = "threads"  # "serial", "threads" or "processes"
WORK = "compute"  # each task must "compute" or "sleep"
TASKS = 2
TURNS = 12_000_000  # of the loop that a task computes
SLEEP_SECONDS = 0.5  # that a task sleeps
SWITCH_MS = 5.0  # after this time a thread that is asked for the lock gives it up
# --- end of settings ---


def task():
    if WORK == "sleep":
        time.sleep(SLEEP_SECONDS)
    else:
        total = 0
        for number in range(TURNS):
            total += number % 7


def run_all():
    if MODE == "serial":
        for _ in range(TASKS):
            task()
        return
    Worker = threading.Thread if MODE == "threads" else Process
    workers = [Worker(target=task, name=f"task-{n}") for n in range(1, TASKS + 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def main():
    sys.setswitchinterval(SWITCH_MS / 1000)
    before = time.perf_counter()
    task()
    one = time.perf_counter() - before
    print(f"one task alone: {one:.3f} s", flush=True)

    before = time.perf_counter()
    run_all()
    took = time.perf_counter() - before
    speed_up = one * TASKS / took
    print(f"{TASKS} tasks, {MODE}: {took:.3f} s, speed-up {speed_up:.2f}", flush=True)


if __name__ == "__main__":
    main()
