"""The same work by processes, by threads and by coroutines: the course's table, measured."""

import asyncio
import time
from multiprocessing import get_context
from queue import SimpleQueue
from threading import Thread

# --- settings: change them and run the program again ---
WORKERS = 10  # processes, and threads, that wait
COROUTINES = 100  # that wait: the memory of ten would be too little to be measured
MS = 200  # that each of them waits
SWITCHES = 200  # times that each of two workers passes the turn to the other
TURNS = 3_000_000  # of the loop that each of two workers computes
# --- end of settings ---

loop = asyncio.new_event_loop()
fork = get_context("fork")


def private_kib():
    with open("/proc/self/smaps_rollup") as file:  # of Linux
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


def work(number, told, passing, changes, seconds=0, switches=0, turns=0):
    time.sleep(seconds)
    for _ in range(switches):
        passing[number].get()  # wait for my turn,
        passing[1 - number].put("go")  # then it is the other one's
    for _ in range(turns):
        pass
    changes.append(number)
    told.put(private_kib() if number == 0 else 0)


async def work_in_a_coroutine(number, told, _, changes, seconds=0, switches=0, turns=0):
    await asyncio.sleep(seconds)
    for _ in range(switches):
        await asyncio.sleep(0)  # the other one's turn
    for _ in range(turns):
        pass
    changes.append(number)
    told.put(private_kib() if number == 0 else 0)


def start(kind, name, args, amount):
    if kind == "coroutine":
        task = loop.create_task(work_in_a_coroutine(*args, **amount), name=name)
        return lambda: loop.run_until_complete(task)
    make = fork.Process if kind == "process" else Thread
    worker = make(target=work, name=name, args=args, kwargs=amount)
    worker.start()
    return worker.join  # it is called when all have been started


def run(kind, task, count, **amount):
    queue = fork.SimpleQueue if kind == "process" else SimpleQueue
    told, passing, changes = queue(), [queue(), queue()], []
    passing[0].put("go")
    before, begin = private_kib(), time.perf_counter()
    plan = [(f"{kind}-{task}-{n}", (n, told, passing, changes)) for n in range(count)]
    joins = [start(kind, name, args, amount) for name, args in plan]
    us = (time.perf_counter() - begin) * 1e6 / count
    for join in joins:
        join()
    ms = (time.perf_counter() - begin) * 1e3
    kib = max(told.get() for _ in joins)
    kib = kib if kind == "process" else (kib - before) / count
    row = f"{kind:9} {task:8} - one more: {us:7.1f} us, {kib:6.1f} KiB; in all: {ms:6.1f} ms"
    print(f"{row}; changes seen: {len(changes)} of {count}", flush=True)


if __name__ == "__main__":
    for kind, count in (("process", WORKERS), ("thread", WORKERS), ("coroutine", COROUTINES)):
        run(kind, "waits", count, seconds=MS / 1000)
        run(kind, "plays", 2, switches=SWITCHES)
        run(kind, "computes", 2, turns=TURNS)
    loop.close()
