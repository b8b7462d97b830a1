"""A pool of processes works through tasks of different length, handed over in one of five ways.

The ways differ in who waits, and in the order in which the results come.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool, current_process

# --- settings: change them and run the program again ---
CALL = "imap_unordered"  # "apply", "apply_async", "map", "imap_unordered" or "executor.map"
WORKERS = 2  # processes in the pool
TASKS = 6  # the first is the longest
STEP_MS = 40  # computing time of the last task; the one before takes twice as long, and so on
TASKS_PER_WORKER = 0  # after so many tasks a Pool replaces its worker; 0: never
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def task(number):
    say(f"task {number} begins in {current_process().name}")
    compute(STEP_MS * (TASKS + 1 - number))
    say(f"task {number} is done")
    return number


def results_of(pool):
    numbers = range(1, TASKS + 1)
    if CALL == "apply":
        return [pool.apply(task, (number,)) for number in numbers]
    if CALL == "apply_async":
        waiting = [pool.apply_async(task, (number,)) for number in numbers]
        return (result.get() for result in waiting)
    if CALL == "imap_unordered":
        return pool.imap_unordered(task, numbers)
    return pool.map(task, numbers, chunksize=1)  # an executor gives them one by one


def main():
    if CALL == "executor.map":
        new_pool = ProcessPoolExecutor(WORKERS)
    else:
        new_pool = Pool(WORKERS, maxtasksperchild=TASKS_PER_WORKER or None)
    with new_pool as pool:
        say("main: hands over")
        results = results_of(pool)
        say("main: has handed over")
        for number in results:
            say(f"main: result of task {number}")
    say("main: the pool is closed")


if __name__ == "__main__":
    main()
