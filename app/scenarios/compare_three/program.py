"""The same work by processes, by threads and by coroutines: the course's table, each cell measured.

Workers of each kind wait side by side, pass a turn to and fro, and compute. Each of them also adds
to a list of the main program: does that see it?
"""

import asyncio
import queue
import threading
import time
from multiprocessing import get_context

# --- settings: change them and run the program again ---
WORKERS = 10  # processes, and threads, that wait
COROUTINES = 100  # that wait: the memory of ten would be too little to be measured
MS = 200  # that each of them waits
SWITCHES = 200  # times that each of two workers passes the turn to the other
TURNS = 1_500_000  # of the loop that each of two workers computes
# --- end of settings ---

changes = []
clock = time.perf_counter
loop = asyncio.new_event_loop()
fork = get_context("fork")


def private_kib():
    """Memory of this process that it shares with no other (Linux)."""
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private"))


def compute():
    total = 0
    for number in range(TURNS):
        total += number % 7


def work(number, task, told, turns):
    begin = clock()
    if task == "waits":
        time.sleep(MS / 1000)
    elif task == "plays":
        for _ in range(SWITCHES):
            turns[number - 1].get()  # wait for my turn,
            turns[number % 2].put("go")  # then it is the other one's
    else:
        compute()
    changes.append(number)
    told.put((clock() - begin, private_kib() if number == 1 else 0))


async def work_in_a_coroutine(number, task, told, turns):
    begin = clock()
    if task == "waits":
        await asyncio.sleep(MS / 1000)
    elif task == "plays":
        for _ in range(SWITCHES):
            await asyncio.sleep(0)  # the other one's turn
    else:
        compute()
    changes.append(number)
    told.put((clock() - begin, private_kib() if number == 1 else 0))


class Coroutine:
    """A coroutine of our event loop, to be started and joined as threads and processes are."""

    def __init__(self, name, args, **_):
        self.name, self.args = name, args

    def start(self):
        self.task = loop.create_task(work_in_a_coroutine(*self.args), name=self.name)

    def join(self):
        loop.run_until_complete(self.task)


def run(kind, task, count, Worker, Queue):
    """Seconds to start them all and to have them all done, and what they told."""
    told, turns = Queue(), [Queue(), Queue()]
    turns[0].put("go")
    workers = [
        Worker(target=work, name=f"{kind}-{task}-{n}", args=(n, task, told, turns))
        for n in range(1, count + 1)
    ]
    begin = clock()
    for worker in workers:
        worker.start()
    started = clock() - begin
    for worker in workers:
        worker.join()
    return started, clock() - begin, [told.get() for _ in workers]


def main():
    print("          one more     one switch  one more   computing waiting  changes", flush=True)
    begin = clock()
    compute()
    alone = clock() - begin
    for kind, count, *makers in (
        ("process", WORKERS, fork.Process, fork.SimpleQueue),
        ("thread", WORKERS, threading.Thread, queue.SimpleQueue),
        ("coroutine", COROUTINES, Coroutine, queue.SimpleQueue),
    ):
        changes.clear()
        before = private_kib()
        started, waited, told = run(kind, "waits", count, *makers)
        seen = len(changes)
        memory = max(kib for _, kib in told)
        memory = memory if kind == "process" else (memory - before) / count
        _, _, told = run(kind, "plays", 2, *makers)
        passing = max(seconds for seconds, _ in told)
        _, computed, _ = run(kind, "computes", 2, *makers)
        cells = f"{started / count * 1e6:8.1f} us  {passing / SWITCHES / 2 * 1e6:6.1f} us"
        cells += f"  {memory:6.1f} KiB  {2 * alone / computed:5.2f} x"
        cells += f"  {count * MS / 1000 / waited:5.1f} x  {seen} of {count}"
        print(f"{kind:9} {cells}", flush=True)
    loop.close()


if __name__ == "__main__":
    main()
