"""Several processes compute on one CPU, beside one that mostly waits for input.

Only one of them can be running at any instant. The others that want the CPU are ready; the one
that waits for input is blocked, and costs nothing while it waits.
"""

import os
import tempfile
import time
from multiprocessing import Pipe, Process

# --- settings: change them and run the program again ---
WORKERS = 3  # processes that compute
SECONDS = 1.5  # how long each computes, from its own beginning
ONE_CPU = True  # False: they may use every CPU there is
IO = "pipe"  # what the other process waits for: "pipe", "fsync" or "sleep"
# --- end of settings ---


def compute():
    until = time.monotonic() + SECONDS
    turns = 0
    while time.monotonic() < until:
        for number in range(20_000):
            turns += number % 3
    return turns


def read_pipe(end):
    while end.recv() is not None:
        pass


def write_file():
    until = time.monotonic() + SECONDS
    with tempfile.TemporaryFile() as file:
        while time.monotonic() < until:
            file.write(b"x" * 65_536)
            file.flush()
            os.fsync(file.fileno())


def take_naps():
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(0.02)


def main():
    every_cpu = os.sched_getaffinity(0)
    if ONE_CPU:
        os.sched_setaffinity(0, {max(every_cpu)})  # the children inherit it
    receiver, sender = Pipe(duplex=False)
    if IO == "pipe":
        io = Process(target=read_pipe, args=(receiver,), name="io")
    elif IO == "fsync":
        io = Process(target=write_file, name="io")
    else:
        io = Process(target=take_naps, name="io")
    workers = [Process(target=compute, name=f"worker-{n}") for n in range(1, WORKERS + 1)]
    for process in [io, *workers]:
        process.start()
    os.sched_setaffinity(0, every_cpu)  # this process itself needs no such limit
    print(f"{WORKERS} workers and one process for {IO} have started")

    if IO == "pipe":
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            sender.send("a message")
            time.sleep(0.02)
        sender.send(None)
    for process in [io, *workers]:
        process.join()
    print("all of them have ended")


if __name__ == "__main__":
    main()
