"""More tasks than threads: a pool of a few threads works through all of them.

submit() only notes the task down and returns a future; result() waits for it.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

# --- settings: change them and run the program again ---
WORKERS = 3  # threads in the pool
TASKS = 8
WORK = "wait"  # each task must "wait" or "compute"
SECONDS = 0.3  # that one task takes
CALL = "submit"  # hand the tasks over by "submit" or by "map"
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def task(number, *, seconds):
    name = threading.current_thread().name
    say(f"task {number} begins in {name}")
    if WORK == "wait":
        time.sleep(seconds)
    else:
        compute(seconds)
    say(f"task {number} is done")
    return number * number


def main():
    with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="pool") as pool:
        if CALL == "map":
            results = pool.map(lambda number: task(number, seconds=SECONDS), range(1, TASKS + 1))
            say("main: all tasks are handed over")
            squares = list(results)
        else:
            futures = [pool.submit(task, n, seconds=SECONDS) for n in range(1, TASKS + 1)]
            say("main: all tasks are handed over")
            squares = [future.result() for future in futures]
    say(f"main: the results are {squares}")


if __name__ == "__main__":
    main()
