"""The same computing tasks in a pool of threads and in a pool of interpreters, in one process.

Each interpreter has a lock (GIL) of its own, so its thread computes beside the others.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

try:
    from concurrent.futures import InterpreterPoolExecutor  # since Python 3.14
except ImportError:
    InterpreterPoolExecutor = None

# --- settings: change them and run the program again ---
WORKERS = 2
TASKS = 4
TURNS = 3_000_000  # of the loop that a task computes
# --- end of settings ---


def task(turns):
    total = 0
    for number in range(turns):
        total += number % 7
    return total


def run(name, new_pool, prefix):
    print(f"{name}: begin", flush=True)
    before = time.perf_counter()
    with new_pool(max_workers=WORKERS, thread_name_prefix=prefix) as pool:
        list(pool.map(task, [TURNS] * TASKS))
    took = time.perf_counter() - before
    print(f"{name}: {TASKS} tasks took {took:.3f} s", flush=True)


def main():
    run("threads", ThreadPoolExecutor, "thread")
    if InterpreterPoolExecutor is None:
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"Python {version} has no InterpreterPoolExecutor: it came with 3.14.")
    else:
        run("interpreters", InterpreterPoolExecutor, "interpreter")


if __name__ == "__main__":
    main()
