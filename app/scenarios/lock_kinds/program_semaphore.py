"""A Semaphore has some permits: so many threads are in at once, the others wait for one."""

import threading
import time

# --- settings: change them and run the program again ---
KIND = "semaphore"  # "semaphore" or "bounded"; the other kinds have programs of their own
THREADS = 4
PERMITS = 2  # of the semaphore
USE_MS = 80  # computing time of one use
# --- end of settings ---


def use(permits):
    with permits:
        until = time.thread_time() + USE_MS / 1000
        while time.thread_time() < until:
            pass


def release_too_often(permits):
    try:
        permits.release()  # which nobody had acquired; a plain Semaphore would have one more
    except ValueError as error:
        print("ValueError:", error, flush=True)


def main():
    if KIND == "bounded":
        permits = threading.BoundedSemaphore(PERMITS)
        release_too_often(permits)
    else:
        permits = threading.Semaphore(PERMITS)
    for n in range(1, THREADS + 1):
        threading.Thread(target=use, args=(permits,), name=f"user-{n}").start()


if __name__ == "__main__":
    main()
