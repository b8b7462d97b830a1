"""A Timer is a thread that waits, then calls a function once; before that it can be cancelled."""

import threading
import time

# --- settings: change them and run the program again ---
KIND = "timer"  # the other kinds have programs of their own
USE_MS = 80  # computing time of the function
PATIENCE = 0.4  # seconds, until the timers are due
# --- end of settings ---


def use():
    until = time.thread_time() + USE_MS / 1000
    while time.thread_time() < until:
        pass


def main():
    kept, cancelled = threading.Timer(PATIENCE, use), threading.Timer(PATIENCE, use)
    kept.start()
    cancelled.start()
    cancelled.cancel()


if __name__ == "__main__":
    main()
