"""Several processes compute, on one CPU or on all of them.

Concurrent: all of them get on. Parallel: more than one of them runs at the same instant.
"""

import os
import time
from multiprocessing import Process

# --- settings: change them and run the program again ---
CPUS = "one"  # "one" or "all"
WORKERS = 3
MS = 300  # that each of them computes
# --- end of settings ---


def compute(number):
    until = time.process_time() + MS / 1000
    while time.process_time() < until:
        pass
    print(f"worker {number} is done\n", end="", flush=True)


def main():
    all_cpus = os.sched_getaffinity(0)
    if CPUS == "one":
        os.sched_setaffinity(0, {max(all_cpus)})  # the children inherit it
    workers = [
        Process(target=compute, args=(n,), name=f"worker-{n}") for n in range(1, WORKERS + 1)
    ]
    before = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - before
    cpus = "one CPU" if CPUS == "one" else f"{len(all_cpus)} CPUs"
    print(f"{WORKERS} times {MS / 1000:.3f} s of computing took {took:.3f} s on {cpus}")


if __name__ == "__main__":
    main()
