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
    """Memory that this process has written to, and shares with no other (Linux)."""
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


def report(kind, count, begin, memory):
    ms = (time.perf_counter() - begin) * 1000
    print(f"{count} {kind}: started in {ms:.1f} ms, {memory / count:.1f} KiB each", flush=True)


async def coroutines():
    memory, begin = private_kib(), time.perf_counter()
    tasks = [asyncio.create_task(wait_in_a_coroutine()) for _ in range(COROUTINES)]
    await asyncio.sleep(0)  # each of them gets to its wait
    report("coroutines", COROUTINES, begin, private_kib() - memory)
    await asyncio.gather(*tasks)


def threads():
    memory, begin = private_kib(), time.perf_counter()
    all_threads = [Thread(target=wait, name=f"thread-{n}") for n in range(THREADS)]
    for thread in all_threads:
        thread.start()
    report("threads", THREADS, begin, private_kib() - memory)
    for thread in all_threads:
        thread.join()


def tell_and_wait(sender):
    sender.send(private_kib())
    wait()


def processes():
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    begin = time.perf_counter()
    all_processes = [
        context.Process(target=tell_and_wait, args=(sender,), name=f"process-{n}")
        for n in range(PROCESSES)
    ]
    for process in all_processes:
        process.start()
    report("processes", PROCESSES, begin, sum(receiver.recv() for _ in all_processes))
    for process in all_processes:
        process.join()


if __name__ == "__main__":
    processes()
    threads()
    asyncio.run(coroutines())
