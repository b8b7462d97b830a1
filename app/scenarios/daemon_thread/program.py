"""Main's code ends while two threads still work: an ordinary thread, and a daemon thread.

The process lives on for the ordinary thread, and the daemon thread lives on with it. When the
last ordinary thread has ended, the process ends, and the daemon thread is simply gone.
"""

import threading
import time

# --- settings: change them and run the program again ---
DAEMON = True  # is the logger a daemon thread?
MAIN_SECONDS = 0.5  # how long main's own code takes
WORKER_SECONDS = 1.5  # how long the ordinary thread works
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


def main():
    logger = threading.Thread(target=log, name="logger", daemon=DAEMON)
    worker = threading.Thread(target=work, name="worker")
    logger.start()
    worker.start()
    compute(MAIN_SECONDS)
    say("main: my code is over")


if __name__ == "__main__":
    main()
