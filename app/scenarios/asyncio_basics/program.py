"""Several coroutines wait at the same time, on one thread.

Where an await has to wait, the thread goes back to the event loop, which runs a task that is ready.
"""

import asyncio
import time

# --- settings: change them and run the program again ---
STYLE = "gather"  # "gather", "wait", "group", "timeout", "one-by-one", "no-wait" or "old"
TASKS = 4
SECONDS = 0.3  # the first task waits so long, the second twice as long, and so on
LIMIT = 0.8  # for "timeout": tasks that take longer are cancelled
# --- end of settings ---


async def fetch(number):
    await asyncio.sleep(number * SECONDS)
    print(f"answer {number} is there")
    return number


async def nothing():
    """Has nothing to wait for."""


def start(number):
    return asyncio.create_task(fetch(number), name=f"fetch-{number}")


async def main():
    numbers = range(1, TASKS + 1)
    if STYLE == "gather":
        print(await asyncio.gather(*map(start, numbers)))
    elif STYLE == "wait":
        done, pending = await asyncio.wait([start(n) for n in numbers])
        print(f"{len(done)} done, {len(pending)} pending")
    elif STYLE == "group":  # since Python 3.11
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(fetch(number), name=f"fetch-{number}")
    elif STYLE == "timeout":
        limited = [asyncio.wait_for(start(n), timeout=LIMIT) for n in numbers]
        answers = await asyncio.gather(*limited, return_exceptions=True)
        print([type(a).__name__ if isinstance(a, Exception) else a for a in answers])
    elif STYLE == "one-by-one":
        print([await start(number) for number in numbers])
    elif STYLE == "no-wait":
        tasks = [start(number) for number in numbers]
        await nothing()
        await asyncio.Lock().acquire()  # nobody else holds it
        print("main: awaited what did not have to wait")
        await asyncio.sleep(0)
        print("main: awaited asyncio.sleep(0)")
        print(await asyncio.gather(*tasks))


def old():
    """As it was written before Python 3.7: bare coroutines are handed to asyncio.wait."""
    loop = asyncio.new_event_loop()
    coroutines = [fetch(number) for number in range(1, TASKS + 1)]
    try:
        loop.run_until_complete(asyncio.wait(coroutines))
    except TypeError as error:
        print(f"TypeError: {error}")
    finally:
        for coroutine in coroutines:
            coroutine.close()
        loop.close()


if __name__ == "__main__":
    before = time.perf_counter()
    if STYLE == "old":
        old()
    else:
        asyncio.run(main())
    print(f"it took {time.perf_counter() - before:.2f} s")
