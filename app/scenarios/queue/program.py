"""Producers and a consumer, each a process, joined by a queue that holds only a few items.

put() waits while the queue is full, get() waits while it is empty.
"""

import time
from multiprocessing import Process, Queue

# --- settings: change them and run the program again ---
PRODUCERS = 2
ITEMS = 10  # that each producer makes
ROOM = 3  # items the queue can hold
MAKE_MS = 10  # computing time to make an item
USE_MS = 60  # computing time to use an item
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def produce(name, queue):
    for number in range(1, ITEMS + 1):
        compute(MAKE_MS)
        queue.put((name, number))
    say(f"{name} has put {ITEMS} items")


def consume(queue):
    got = 0
    while True:
        item = queue.get()
        if item is None:
            break
        got += 1
        compute(USE_MS)
    say(f"consumer has used {got} items")


def main():
    queue = Queue(maxsize=ROOM)
    consumer = Process(target=consume, args=(queue,), name="consumer")
    producers = [
        Process(target=produce, args=(f"producer-{n}", queue), name=f"producer-{n}")
        for n in range(1, PRODUCERS + 1)
    ]
    for process in [consumer, *producers]:
        process.start()
    for process in producers:
        process.join()
    queue.put(None)  # nothing more will come
    consumer.join()


if __name__ == "__main__":
    main()
