"""A Barrier: nobody goes on before all have come."""

import random
import threading
import time

# --- settings: change them and run the program again ---
KIND = "barrier"  # the other kinds have programs of their own
THREADS = 4
USE_MS = 80  # computing time of each thread when it goes on
PATIENCE = 0.4  # seconds; half of it is the latest that a thread comes
# --- end of settings ---


def wait_and_use(barrier):
    time.sleep(random.uniform(0, PATIENCE / 2))  # each comes when it comes
    barrier.wait()  # the last one does not wait: it lets the others go on
    until = time.thread_time() + USE_MS / 1000
    while time.thread_time() < until:
        pass


def main():
    barrier = threading.Barrier(THREADS)
    for n in range(1, THREADS + 1):
        threading.Thread(target=wait_and_use, args=(barrier,), name=f"user-{n}").start()


if __name__ == "__main__":
    main()
