"""A Condition: who waits for an item sleeps until somebody who brought one says so."""

import threading
import time

# --- settings: change them and run the program again ---
KIND = "condition"  # the other kinds have programs of their own
THREADS = 4
USE_MS = 80  # computing time until there is another item
# --- end of settings ---


def take_item(arrived, items):
    with arrived:
        arrived.wait_for(lambda: items)  # after each wait it looks again whether there are any
        items.pop()


def bring_items(arrived, items):
    for n in range(THREADS):
        until = time.thread_time() + USE_MS / 1000
        while time.thread_time() < until:
            pass
        with arrived:
            items.append(n)
            arrived.notify()  # wakes one of those who wait


def main():
    arrived = threading.Condition()
    items = []
    for n in range(1, THREADS + 1):
        threading.Thread(target=take_item, args=(arrived, items), name=f"user-{n}").start()
    bring_items(arrived, items)


if __name__ == "__main__":
    main()
