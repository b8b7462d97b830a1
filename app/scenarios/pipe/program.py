"""Writers at one end of a pipe, readers at the other.

A pipe carries bytes: a message is written as its length and its contents, and read in those two
steps. Two readers at once may take each other's parts."""

import time
from contextlib import nullcontext
from multiprocessing import Lock, Pipe, Process

# --- settings: change them and run the program again ---
WRITERS = 1
READERS = 2
LOCK = False  # who reads (or writes) a message holds a lock until it is whole
CLOSE = True  # who does not write closes the writing end
MESSAGES = 20  # that each writer sends
LENGTH = 100_000  # bytes of a message; the pipe itself holds 65_536
MAKE_MS = 10  # computing time to make a message
USE_MS = 5  # and to use it
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def write(number, sender, lock):
    for _ in range(MESSAGES):
        compute(MAKE_MS)
        with lock:
            sender.send_bytes(bytes([number]) * LENGTH)  # the same byte, again and again
    say(f"writer-{number} has sent {MESSAGES} messages and closes its end")


def read(number, receiver, sender, lock):
    if CLOSE:
        sender.close()
    whole = torn = 0
    try:
        while True:
            with lock:
                message = receiver.recv_bytes()
            intact = message.count(message[:1]) == LENGTH
            whole, torn = whole + intact, torn + (not intact)
            compute(USE_MS)
    except (EOFError, OSError) as error:  # nobody can write any more; OSError: amid a message
        say(f"reader-{number}: {type(error).__name__} {error}")
    say(f"reader-{number} has read {whole} whole and {torn} torn messages")


def main():
    receiver, sender = Pipe(duplex=False)
    reading = Lock() if LOCK else nullcontext()
    writing = Lock() if LOCK else nullcontext()
    processes = []
    for n in range(1, WRITERS + 1):
        args = (n, sender, writing)
        processes.append(Process(target=write, args=args, name=f"writer-{n}"))
    for n in range(1, READERS + 1):
        args = (n, receiver, sender, reading)
        processes.append(Process(target=read, args=args, name=f"reader-{n}"))
    for process in processes:
        process.start()
    if CLOSE:
        sender.close()
    for process in processes:
        process.join(timeout=None if CLOSE or "writer" in process.name else 1)
        if process.is_alive():
            say(f"main: {process.name} still waits, so I end it")
            process.terminate()


if __name__ == "__main__":
    main()
