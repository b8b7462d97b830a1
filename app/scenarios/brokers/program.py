"""Producers and consumers over a list in Redis: in at one end, out at the other.

The server is sought at its usual port of this machine, or where TIMESLICE_REDIS_URL says.
"""

import os
import socket
import time
from multiprocessing import Process, Value, current_process
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


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def produce(queue):
    name = current_process().name
    server = redis.Redis.from_url(URL.geturl())
    for number in range(1, MESSAGES + 1):
        compute(MS)
        server.rpush(queue, f"{name}/{number}")
        say(f"{name} sent {name}/{number}")


def consume(queue, taken):
    name = current_process().name
    server = redis.Redis.from_url(URL.geturl())
    patience = time.monotonic() + 20
    while taken.value < PRODUCERS * MESSAGES and time.monotonic() < patience:
        found = server.blpop(queue, timeout=0.5)  # blocks; nothing: the time is over
        if found:
            say(f"{name} took {found[1].decode()}")
            with taken.get_lock():
                taken.value += 1


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        say(f"Redis does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    taken = Value("i", 0)
    processes = [Process(target=consume, args=(queue, taken), name=f"consumer-{n + 1}")
                 for n in range(CONSUMERS)]
    processes += [Process(target=produce, args=(queue,), name=f"producer-{n + 1}")
                  for n in range(PRODUCERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    say(f"main: {taken.value} of {PRODUCERS * MESSAGES} messages were taken")


if __name__ == "__main__":
    main()
