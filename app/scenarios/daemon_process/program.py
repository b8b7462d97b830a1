"""Main's code ends while two children still work: one ordinary child, and one daemon.

The daemon is ended as soon as main's code, and its ordinary threads, are over. The ordinary child
is waited for.
"""

import threading
import time
from multiprocessing import Process

# --- settings: change them and run the program again ---
DAEMON = True  # is the logger a daemon?
MAIN_SECONDS = 0.7  # how long main's own code takes
THREAD_SECONDS = 0  # how long an ordinary thread of main lives; 0: there is none
WORKER_SECONDS = 1.5  # how long the ordinary child works
LOGGER_SECONDS = 2.5  # how long the logger would go on
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def log():
    until = time.monotonic() + LOGGER_SECONDS
    while time.monotonic() < until:
        say("logger: still here")
        time.sleep(0.2)
    say("logger: my code is over")


def compute(seconds):
    until = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < until:
        turns += 1
    return turns


def work():
    compute(WORKER_SECONDS)
    say("worker: my code is over")


def wait():
    time.sleep(THREAD_SECONDS)
    say("helper: my code is over")


def main():
    logger = Process(target=log, name="logger", daemon=DAEMON)
    worker = Process(target=work, name="worker")
    logger.start()
    worker.start()
    if THREAD_SECONDS:
        threading.Thread(target=wait, name="helper").start()
    compute(MAIN_SECONDS)
    say("main: my code is over")


if __name__ == "__main__":
    main()
