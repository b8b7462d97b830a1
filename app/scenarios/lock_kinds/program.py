"""A Lock, and an RLock: one thread has it at a time. What if that one takes it a second time?"""

import threading
import time

# --- settings: change them and run the program again ---
KIND = "lock"  # "lock" or "rlock"; the other kinds have programs of their own
THREADS = 4
USE_MS = 80  # computing time of one use
PATIENCE = 0.4  # seconds, for a wait that nobody would end
# --- end of settings ---


def use(lock):
    with lock:
        until = time.thread_time() + USE_MS / 1000
        while time.thread_time() < until:
            pass


def take_twice(lock):
    with lock:
        got = lock.acquire(timeout=PATIENCE)  # a Lock without the timeout: for ever
        print("the second time:", "got it" if got else "waited in vain", flush=True)
        if got:
            lock.release()  # as often as it was taken


def main():
    lock = threading.Lock() if KIND == "lock" else threading.RLock()
    for n in range(1, THREADS + 1):
        threading.Thread(target=use, args=(lock,), name=f"user-{n}").start()
    threading.Thread(target=take_twice, args=(lock,), name="twice").start()


if __name__ == "__main__":
    main()
