"""Items wait in a queue for the threads that take them: in which order do they come out?"""

import queue
import random
import threading
import time

# --- settings: change them and run the program again ---
KIND = "fifo"  # "fifo", "lifo", "priority" or "simple"
CONSUMERS = 2
ITEMS = 5  # that each consumer takes
USE_MS = 5  # computing time to use an item
LATE_SECONDS = 0.4  # after this time main puts the last items, one for each consumer
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def make_queue():
    if KIND == "lifo":
        return queue.LifoQueue()  # last in, first out: a stack
    if KIND == "priority":
        return queue.PriorityQueue()  # the smallest first
    if KIND == "simple":
        return queue.SimpleQueue()  # first in, first out; no size, no join
    return queue.Queue()


def consume(waiting):
    name = threading.current_thread().name
    for _ in range(ITEMS):
        item = waiting.get()  # waits while there is nothing
        say(f"{name} got {item}")
        until = time.thread_time() + USE_MS / 1000
        while time.thread_time() < until:
            pass


def main():
    waiting = make_queue()
    items = list(range(1, CONSUMERS * ITEMS + 1))
    random.shuffle(items)
    early, late = items[CONSUMERS:], items[:CONSUMERS]
    for item in early:
        waiting.put(item)
    say(f"main put {' '.join(map(str, early))}")
    consumers = [
        threading.Thread(target=consume, args=(waiting,), name=f"consumer-{n}")
        for n in range(1, CONSUMERS + 1)
    ]
    for consumer in consumers:
        consumer.start()
    time.sleep(LATE_SECONDS)
    for item in late:
        waiting.put(item)
        say(f"main put {item}")
    for consumer in consumers:
        consumer.join()


if __name__ == "__main__":
    main()
