"""The same tasks twice: first a new worker for each of them, then a pool of a few workers.

New ones cost a start each, but all of them exist at once; a pool starts a few, which take turns.
"""

import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import Process
from threading import Thread

# --- settings: change them and run the program again ---
WORKERS_ARE = "processes"  # "processes" or "threads"
WORK = "compute"  # each task must "compute" or "wait"
TASKS = 24
TASK_MS = 2  # that one task takes
POOL = 2  # workers in the pool
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        pass


def task(number):
    say(f"task {number} begins")
    if WORK == "wait":
        time.sleep(TASK_MS / 1000)
    else:
        compute(TASK_MS)
    say(f"task {number} is done")


def new_ones(numbers):
    new_worker = Process if WORKERS_ARE == "processes" else Thread
    workers = [new_worker(target=task, args=(n,), name=f"new-{n}") for n in numbers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def pool(numbers):
    new_pool = ProcessPoolExecutor if WORKERS_ARE == "processes" else ThreadPoolExecutor
    with new_pool(max_workers=POOL) as workers:
        list(workers.map(task, numbers))


def main():
    for name, way, first in ("new ones", new_ones, 1), ("a pool", pool, TASKS + 1):
        say(f"{name}: begin")
        before = time.perf_counter()
        way(range(first, first + TASKS))
        took = time.perf_counter() - before
        say(f"{name}: {TASKS} tasks took {took:.3f} s")


if __name__ == "__main__":
    main()
