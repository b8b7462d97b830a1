"""Producers fill a buffer of a few places, consumers empty it, and each of them is a process.

When the producers are done, how does a consumer learn that nothing more will come?
"""

import time
from multiprocessing import JoinableQueue, Process

# --- settings: change them and run the program again ---
PRODUCERS = 2
CONSUMERS = 2
ITEMS = 12  # that each producer makes
ROOM = 4  # items the buffer can hold
MAKE_MS = 10  # computing time to make an item
USE_MS = 25  # that it waits to use an item, as for an answer from elsewhere
ENDING = "nones"  # "nones": one for each consumer, "one-short": one too few, "join": see main()
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def produce(number, buffer):
    for n in range(1, ITEMS + 1):
        compute(MAKE_MS)
        buffer.put(f"{number}.{n}")


def consume(name, buffer):
    while True:
        item = buffer.get()
        if item is None:
            break
        time.sleep(USE_MS / 1000)
        say(f"{name} has used {item}")
        buffer.task_done()
    say(f"{name} has got None, and ends")


def main():
    buffer = JoinableQueue(maxsize=ROOM)
    producers, consumers = [], []
    for n in range(1, PRODUCERS + 1):
        producers.append(Process(target=produce, args=(n, buffer), name=f"producer-{n}"))
    for n in range(1, CONSUMERS + 1):
        name = f"consumer-{n}"
        daemon = ENDING == "join"  # daemons end with main's code
        consumers.append(Process(target=consume, args=(name, buffer), name=name, daemon=daemon))
    for process in producers + consumers:
        process.start()
    for process in producers:
        process.join()
    if ENDING != "nones":
        buffer.join()  # until task_done() was called for every item that was put
        say("main: every item is used")
    if ENDING == "join":
        return
    for _ in range(CONSUMERS if ENDING == "nones" else CONSUMERS - 1):
        buffer.put(None)
    for process in consumers:
        process.join(timeout=None if ENDING == "nones" else 1)
        if process.is_alive():
            say(f"main: {process.name} still waits, so I end it")
            process.terminate()


if __name__ == "__main__":
    main()
