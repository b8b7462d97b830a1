"""Producers and consumers over Memcached, which is no queue: a cache, with counters and add().

The server is sought at its usual port of this machine, or where TIMESLICE_MEMCACHED_URL says.
"""

import os
import socket
import time
from multiprocessing import Process, Value, current_process
from urllib.parse import urlsplit

try:
    from pymemcache.client.base import Client
except ImportError:
    raise SystemExit("This program needs the package pymemcache: python -m pip install pymemcache")

# --- settings: change them and run the program again ---
BROKER = "memcached"  # each broker has a program of its own
PRODUCERS = 2
CONSUMERS = 2
MESSAGES = 10  # that each producer sends
MS = 20  # computing time of a producer before each message
# --- end of settings ---

URL = urlsplit(os.environ.get("TIMESLICE_MEMCACHED_URL") or "memcached://127.0.0.1:11211")
SERVER = (URL.hostname, URL.port or 11211)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def produce(queue):
    name = current_process().name
    server = Client(SERVER, default_noreply=False)
    for number in range(1, MESSAGES + 1):
        compute(MS)
        place = server.incr(f"{queue}-in", 1)  # no other producer gets this number
        server.set(f"{queue}-{place}", f"{name}/{number}")
        say(f"{name} sent {name}/{number}")
    server.close()


def take(server, queue):
    if not server.add(f"{queue}-lock", "held", expire=10):  # a lock: one add() alone succeeds
        return None
    place = int(server.get(f"{queue}-out"))
    text = server.get(f"{queue}-{place}")
    if text is not None:
        server.delete(f"{queue}-{place}")
        server.incr(f"{queue}-out", 1)
    server.delete(f"{queue}-lock")
    return text


def consume(queue, taken):
    name = current_process().name
    server = Client(SERVER, default_noreply=False)
    patience = time.monotonic() + 20
    while taken.value < PRODUCERS * MESSAGES and time.monotonic() < patience:
        text = take(server, queue)
        if text is None:
            time.sleep(0.01)  # there is no call that waits for a value: ask again
        else:
            say(f"{name} took {text.decode()}")
            with taken.get_lock():
                taken.value += 1
    server.close()


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        say(f"Memcached does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    server = Client(SERVER, default_noreply=False)
    server.set(f"{queue}-in", "0")
    server.set(f"{queue}-out", "1")
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
    server.delete_many([f"{queue}-in", f"{queue}-out"])
    server.close()


if __name__ == "__main__":
    main()
