"""Thousands of coroutines, hundreds of threads, tens of processes: all do the same short wait.

What does one more of each cost, in time to start it and in memory?
"""

import asyncio
import time
from multiprocessing import get_context
from threading import Thread

# --- settings: change them and run the program again ---
COROUTINES = 2000
THREADS = 100
PROCESSES = 15
MS = 300  # that each of them waits
# --- end of settings ---


def wait():
    time.sleep(MS / 1000)


async def wait_in_a_coroutine():
    await asyncio.sleep(MS / 1000)


def private_kib():
    """Memory of this process that it shares with no other (Linux)."""
    with open("/proc/self/smaps_rollup") as file:
        rows = [line.split() for line in file if line.startswith("Private")]
    return sum(int(row[1]) for row in rows)


def report(kind, count, started, memory):
    each = f"{memory / count:.1f} KiB each"
    print(f"{count} {kind}: started in {started * 1000:.1f} ms, {each}", flush=True)


async def coroutines():
    memory, before = private_kib(), time.perf_counter()
    tasks = [asyncio.create_task(wait_in_a_coroutine()) for _ in range(COROUTINES)]
    await asyncio.sleep(0)  # each of them gets to its wait
    report("coroutines", COROUTINES, time.perf_counter() - before, private_kib() - memory)
    await asyncio.gather(*tasks)


def threads():
    memory, before = private_kib(), time.perf_counter()
    all_threads = [Thread(target=wait, name=f"thread-{n}") for n in range(THREADS)]
    for thread in all_threads:
        thread.start()
    report("threads", THREADS, time.perf_counter() - before, private_kib() - memory)
    for thread in all_threads:
        thread.join()


def tell_and_wait(sender):
    sender.send(private_kib())
    wait()


def processes():
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    before = time.perf_counter()
    all_processes = [
        context.Process(target=tell_and_wait, args=(sender,), name=f"process-{n}")
        for n in range(PROCESSES)
    ]
    for process in all_processes:
        process.start()
    memory = sum(receiver.recv() for _ in all_processes)
    report("processes", PROCESSES, time.perf_counter() - before, memory)
    for process in all_processes:
        process.join()


if __name__ == "__main__":
    processes()
    threads()
    asyncio.run(coroutines())
