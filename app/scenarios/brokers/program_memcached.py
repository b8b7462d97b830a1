"""Producers and consumers over Memcached, which is no queue: a cache, with counters.

The server is sought at its usual port of this machine, or where TIMESLICE_MEMCACHED_URL says.
"""

import os
import socket
import time
from multiprocessing import Process, Semaphore, active_children, current_process
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


def produce(queue):
    name = current_process().name
    server = Client(SERVER, default_noreply=False)
    for number in range(1, MESSAGES + 1):
        until = time.process_time() + MS / 1000
        while time.process_time() < until:
            pass
        place = server.incr(f"{queue}-in", 1)  # no other producer gets this number
        server.set(f"{queue}-{place}", f"{name}/{number}")
        print(f"{name} sent {name}/{number}", flush=True)
    server.close()


def consume(queue, left):
    server = Client(SERVER, default_noreply=False)
    while (place := server.incr(f"{queue}-out", 1)) <= PRODUCERS * MESSAGES:
        while (text := server.get(f"{queue}-{place}")) is None:
            time.sleep(0.01)  # there is no call that waits for a value: ask again
        print(f"{current_process().name} took {text.decode()}", flush=True)
        server.delete(f"{queue}-{place}")
        left.acquire()
    server.close()


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        print(f"Memcached does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    server = Client(SERVER, default_noreply=False)
    server.set_many({f"{queue}-in": "0", f"{queue}-out": "0"}, expire=3600)
    server.close()
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
