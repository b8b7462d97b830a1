"""Producers and consumers over a list in Redis: in at one end, out at the other.

The server is sought at its usual port of this machine, or where TIMESLICE_REDIS_URL says.
"""

import os
import socket
import time
from multiprocessing import Process, Semaphore, active_children, current_process
from urllib.parse import urlsplit

try:
    import redis
except ImportError:
    raise SystemExit("This program needs the package redis: python -m pip install redis")

# --- settings: change them and run the program again ---
BROKER = "redis"  # each broker has a program of its own
PRODUCERS = 2
CONSUMERS = 2
MESSAGES = 10  # that each producer sends
MS = 20  # computing time of a producer before each message
# --- end of settings ---

URL = urlsplit(os.environ.get("TIMESLICE_REDIS_URL") or "redis://127.0.0.1:6379")
SERVER = (URL.hostname, URL.port or 6379)


def produce(queue):
    name = current_process().name
    server = redis.Redis.from_url(URL.geturl())
    for number in range(1, MESSAGES + 1):
        until = time.process_time() + MS / 1000
        while time.process_time() < until:
            pass
        server.rpush(queue, f"{name}/{number}")
        print(f"{name} sent {name}/{number}", flush=True)


def consume(queue, left):
    server = redis.Redis.from_url(URL.geturl())
    while left.acquire(block=False):
        _, text = server.blpop(queue)  # blocks until there is one
        print(f"{current_process().name} took {text.decode()}", flush=True)


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        print(f"Redis does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    left = Semaphore(PRODUCERS * MESSAGES)  # a permit for each message that is yet to be taken
    for n in range(1, CONSUMERS + 1):
        Process(target=consume, args=(queue, left), name=f"consumer-{n}").start()
    for n in range(1, PRODUCERS + 1):
        Process(target=produce, args=(queue,), name=f"producer-{n}").start()
    for process in active_children():
        process.join()
    taken = PRODUCERS * MESSAGES - left.get_value()
    print(f"main: {taken} of {PRODUCERS * MESSAGES} messages were taken")


if __name__ == "__main__":
    main()
