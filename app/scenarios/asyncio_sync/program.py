"""Coroutines that share something: a lock, a semaphore, an event or a queue of asyncio.

They look like those of threads, but who waits gives the thread to others: there is only one.
"""

import asyncio

# --- settings: change them and run the program again ---
SHARED = "lock"  # "lock", "semaphore", "event", "queue", or "nothing"
WORKERS = 4
ROUNDS = 2  # times that each worker enters its section, or items for each of them
ROOM = 2  # permits of the semaphore, places in the queue
MS = 50  # that a section, or the use of an item, awaits
# --- end of settings ---


class Nothing:
    """Lets everybody in."""

    async def __aenter__(self):
        pass

    async def __aexit__(self, *error):
        pass


async def enter(name, guard):
    for number in range(ROUNDS):
        async with guard:
            print(f"{name} enters {number}")
            await asyncio.sleep(MS / 1000)  # others run meanwhile
            print(f"{name} leaves {number}")


async def wait_for(name, event):
    await event.wait()
    print(f"{name} goes")


async def consume(name, queue):
    while True:
        item = await queue.get()
        if item is None:
            break
        print(f"{name} has item {item}")
        await asyncio.sleep(MS / 1000)


def start(work, shared):
    names = [f"worker-{n}" for n in range(1, WORKERS + 1)]
    return [asyncio.create_task(work(name, shared), name=name) for name in names]


async def main():
    if SHARED == "event":
        event = asyncio.Event()
        workers = start(wait_for, event)
        await asyncio.sleep(MS / 1000)
        print("main: sets the event")
        event.set()
    elif SHARED == "queue":
        queue = asyncio.Queue(ROOM)
        workers = start(consume, queue)
        for item in [*range(1, WORKERS * ROUNDS + 1), *[None] * WORKERS]:
            await queue.put(item)
    else:
        if SHARED == "lock":
            guard = asyncio.Lock()
        elif SHARED == "semaphore":
            guard = asyncio.Semaphore(ROOM)
        else:
            guard = Nothing()
        workers = start(enter, guard)
    await asyncio.gather(*workers)
    print("main: all workers are done")


if __name__ == "__main__":
    asyncio.run(main())
