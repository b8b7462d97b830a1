"""What the threading module offers to wait for one another: each kind with a small use of it."""

import random
import threading
import time

# --- settings: change them and run the program again ---
KIND = "lock"  # lock, rlock, semaphore, bounded, event, condition, barrier or timer
THREADS = 4
PERMITS = 2  # of a semaphore
USE_MS = 80  # computing time of one use
PATIENCE = 0.4  # seconds, for a wait that nobody would end
# --- end of settings ---


def use():
    until = time.thread_time() + USE_MS / 1000
    while time.thread_time() < until:
        pass


def take_and_use(thing):
    with thing:
        use()


def take_twice(lock):
    with lock:
        got = lock.acquire(timeout=PATIENCE)  # a Lock without the timeout: for ever
        print("the second time:", "got it" if got else "waited in vain", flush=True)
        if got:
            lock.release()


def take_item(arrived, items):
    with arrived:
        arrived.wait_for(lambda: items)  # after each wait it looks again whether there are any
        items.pop()


def wait_and_use(thing):
    time.sleep(random.uniform(0, PATIENCE / 2))  # each comes when it comes
    thing.wait()
    use()


def start(target, thing, *args):
    for n in range(1, THREADS + 1):
        threading.Thread(target=target, args=(thing, *args), name=f"user-{n}").start()


def main():
    if KIND in ("lock", "rlock"):
        lock = threading.Lock() if KIND == "lock" else threading.RLock()
        start(take_and_use, lock)
        threading.Thread(target=take_twice, args=(lock,), name="twice").start()
    elif KIND == "semaphore":
        start(take_and_use, threading.Semaphore(PERMITS))
    elif KIND == "bounded":
        permits = threading.BoundedSemaphore(PERMITS)
        try:
            permits.release()  # which nobody had acquired
        except ValueError as error:
            print("ValueError:", error, flush=True)
        start(take_and_use, permits)
    elif KIND == "event":
        go = threading.Event()
        start(wait_and_use, go)
        time.sleep(PATIENCE)
        go.set()  # all go on, and so will whoever comes later
    elif KIND == "condition":
        arrived, items = threading.Condition(), []
        start(take_item, arrived, items)
        for n in range(THREADS):
            use()
            with arrived:
                items.append(n)
                arrived.notify()  # wakes one of those who wait
    elif KIND == "barrier":
        start(wait_and_use, threading.Barrier(THREADS))
    else:
        threading.Timer(PATIENCE, use).start()
        cancelled = threading.Timer(PATIENCE, use)
        cancelled.start()
        cancelled.cancel()


if __name__ == "__main__":
    main()
