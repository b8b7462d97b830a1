"""Four ways to learn that a task is done: wait, a callback, as_completed, and result.

Who runs a callback, and when? The tasks only wait: the first for the longest time.
"""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import as_completed, wait

# --- settings: change them and run the program again ---
POOL = "threads"  # the tasks run in a pool of "threads" or of "processes"
TASKS = 4
STEP_MS = 150  # the last task waits so long, the one before twice as long, and so on
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def task(number):
    say(f"task {number} begins")
    time.sleep(STEP_MS * (TASKS + 1 - number) / 1000)
    say(f"task {number} is done")
    return number


def note(future):
    name = threading.current_thread().name
    say(f"callback of task {future.result()} in {name}")


def main():
    new_pool = ThreadPoolExecutor if POOL == "threads" else ProcessPoolExecutor
    with new_pool(max_workers=TASKS) as pool:
        futures = [pool.submit(task, number) for number in range(1, TASKS + 1)]
        for future in futures:
            future.add_done_callback(note)
        say("main: waits for the first of them")
        done, others = wait(futures, return_when=FIRST_COMPLETED)
        say(f"main: {len(done)} is done, {len(others)} are not")

        for future in as_completed(futures[1:]):
            say(f"main: as_completed gives task {future.result()}")

        say("main: asks for the result of task 1")
        number = futures[0].result()
        say(f"main: has the result of task {number}")

        say("main: adds a callback to a task that is done")
        futures[0].add_done_callback(note)
        say("main: has added it")


if __name__ == "__main__":
    main()
