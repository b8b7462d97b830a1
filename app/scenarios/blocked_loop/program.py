"""One coroutine sleeps for a while. Do the others go on meanwhile?

await asyncio.sleep() gives the thread back to the event loop; time.sleep() keeps it.
"""

import asyncio
import time

# --- settings: change them and run the program again ---
SLEEP = "time.sleep"  # "time.sleep", "asyncio.sleep" or "to_thread"
SECONDS = 0.8  # that the one coroutine sleeps
TICKERS = 2  # other coroutines that want to run
TICK_MS = 100  # how often each of them wants to
# --- end of settings ---


async def ticker(name, stop):
    while not stop.is_set():
        print(f"{name}: tick")
        await asyncio.sleep(TICK_MS / 1000)


async def listener(messages):
    while True:
        message = await messages.get()
        print(f"listener: got {message}")


async def sleeper(messages):
    await asyncio.sleep(2.5 * TICK_MS / 1000)
    messages.put_nowait("a message")  # from now on the listener is ready to run
    print("sleeper: good night")
    if SLEEP == "time.sleep":
        time.sleep(SECONDS)
    elif SLEEP == "asyncio.sleep":
        await asyncio.sleep(SECONDS)
    else:
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, SECONDS)
    print("sleeper: good morning")


async def main():
    stop = asyncio.Event()
    messages = asyncio.Queue()
    listening = asyncio.create_task(listener(messages), name="listener")
    tickers = [
        asyncio.create_task(ticker(f"ticker-{n}", stop), name=f"ticker-{n}")
        for n in range(1, TICKERS + 1)
    ]
    await asyncio.create_task(sleeper(messages), name="sleeper")
    await asyncio.sleep(3 * TICK_MS / 1000)
    stop.set()
    await asyncio.gather(*tickers)
    listening.cancel()


if __name__ == "__main__":
    asyncio.run(main())
