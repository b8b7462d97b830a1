"""An Event is set once: all who wait for it go on, and whoever comes later need not wait."""

import random
import threading
import time

# --- settings: change them and run the program again ---
KIND = "event"  # the other kinds have programs of their own
THREADS = 4
USE_MS = 80  # computing time of each thread when it goes on
PATIENCE = 0.4  # seconds, until the event is set
# --- end of settings ---


def wait_and_use(event):
    time.sleep(random.uniform(0, PATIENCE / 2))  # each comes when it comes
    event.wait()
    until = time.thread_time() + USE_MS / 1000
    while time.thread_time() < until:
        pass


def main():
    event = threading.Event()
    for n in range(1, THREADS + 1):
        threading.Thread(target=wait_and_use, args=(event,), name=f"user-{n}").start()
    time.sleep(PATIENCE)
    event.set()


if __name__ == "__main__":
    main()
