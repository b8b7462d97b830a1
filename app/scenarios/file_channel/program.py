"""Buyers, each a process, sell themselves tickets out of one JSON file.

To buy is to read the file, to take one off, and to write the file again. Who reads before another
one has written sells a ticket that is gone."""

import fcntl
import json
import os
import tempfile
import time
from contextlib import contextmanager, nullcontext
from multiprocessing import Barrier, Lock, Process

# --- settings: change them and run the program again ---
LOCK = "none"  # "none", "lock" (of multiprocessing) or "file" (flock, known to the kernel)
TICKETS = 5
BUYERS = 8  # each wants one ticket
THINK_MS = 30  # computing time between reading the file and writing it
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def read(path):
    with open(path) as file:
        return json.load(file)["left"]


def write(path, left):
    with open(f"{path}.{os.getpid()}", "w") as file:
        json.dump({"left": left}, file)
    os.replace(file.name, path)  # in one step, so that nobody reads half a file


@contextmanager
def locked_file(path):
    with open(path + ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back


def buy(name, path, lock, together):
    together.wait()  # all come at once
    with locked_file(path) if LOCK == "file" else lock:
        left = read(path)
        say(f"{name} reads: {left} left")
        if left > 0:
            compute(THINK_MS)
            say(f"{name} buys, and writes: {left - 1} left")
            write(path, left - 1)


def main():
    lock = Lock() if LOCK == "lock" else nullcontext()
    together = Barrier(BUYERS)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tickets.json")
        write(path, TICKETS)
        buyers = []
        for n in range(1, BUYERS + 1):
            name = f"buyer-{n}"
            buyers.append(Process(target=buy, args=(name, path, lock, together), name=name))
        for process in buyers:
            process.start()
        for process in buyers:
            process.join()
        say(f"in the end the file says {read(path)} left, of {TICKETS}")


if __name__ == "__main__":
    main()
