"""Processes add to one counter that lies in memory they share. Are all of their steps counted?

Value is a number in shared memory, a SharedMemory block is bytes with a name, and a Manager is one
more process that keeps the number and is asked for it."""

import struct
from contextlib import nullcontext
from multiprocessing import Barrier, Lock, Manager, Process, Value
from multiprocessing.shared_memory import SharedMemory

# --- settings: change them and run the program again ---
PLACE = "all"  # where the counter lies: "value", "block", "manager", or "all" of them in turn
LOCK = False  # hold a lock from reading the counter to writing it
ADDERS = 2
STEPS = 500  # of each adder
# --- end of settings ---


class Block:
    """A whole number in the first eight bytes of a named block of memory."""

    def __init__(self, memory):
        self.memory = memory

    @property
    def value(self):
        return struct.unpack_from("q", self.memory.buf)[0]

    @value.setter
    def value(self, number):
        struct.pack_into("q", self.memory.buf, 0, number)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def add(counter, lock, together):
    together.wait()  # all begin at once
    for _ in range(STEPS):
        with lock:
            number = counter.value
            for _ in range(5000):  # it takes a while to find out what one more is
                pass
            counter.value = number + 1


def count(place, counter, lock):
    together = Barrier(ADDERS)
    adders = [
        Process(target=add, args=(counter, lock, together), name=f"{place}-adder-{n}")
        for n in range(1, ADDERS + 1)
    ]
    for process in adders:
        process.start()
    for process in adders:
        process.join()
    made, counted = ADDERS * STEPS, counter.value
    say(f"{place}: {made} steps, {counted} counted, {made - counted} lost")


def main():
    if PLACE in ("value", "all"):
        number = Value("q", 0)  # its own lock is taken to read, and again to write
        count("value", number, number.get_lock() if LOCK else nullcontext())
    if PLACE in ("block", "all"):
        memory = SharedMemory(create=True, size=8)
        count("block", Block(memory), Lock() if LOCK else nullcontext())
        memory.close()
        memory.unlink()
    if PLACE in ("manager", "all"):
        with Manager() as manager:
            lock = manager.Lock() if LOCK else nullcontext()
            count("manager", manager.Value("q", 0), lock)


if __name__ == "__main__":
    main()
