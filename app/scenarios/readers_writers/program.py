"""Several threads read a page, one writes it: reading together is fine, writing must be alone.

A readers-writers lock lets readers in together. Who goes first when both want to is its policy.
"""

import random
import threading
import time

# --- settings: change them and run the program again ---
POLICY = "readers"  # "readers" or "writers" first; a plain lock has a program of its own
READERS = 3
READS = 8  # of each reader
WRITES = 2  # of the writer
READ_MS = 60  # so long a reading or a writing waits for the disk, on average
THINK_MS = 4  # computing time between two readings
# --- end of settings ---


def wait_for_disk():
    time.sleep(random.uniform(0.5, 1.5) * READ_MS / 1000)


class Page:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0
        self.writers_waiting = 0
        self.writing = False

    def may_read(self):
        return not self.writing and not (POLICY == "writers" and self.writers_waiting)

    def read(self):
        with self.changed:
            self.changed.wait_for(self.may_read)
            self.readers += 1
        wait_for_disk()
        with self.changed:
            self.readers -= 1
            self.changed.notify_all()

    def write(self):
        with self.changed:
            self.writers_waiting += 1
            self.changed.wait_for(lambda: not self.writing and self.readers == 0)
            self.writers_waiting -= 1
            self.writing = True
        wait_for_disk()
        with self.changed:
            self.writing = False
            self.changed.notify_all()


def repeat(times, action):
    for _ in range(times):
        until = time.thread_time() + THINK_MS / 1000
        while time.thread_time() < until:
            pass
        action()


def main():
    page = Page()
    threads = [
        threading.Thread(target=repeat, args=(READS, page.read), name=f"reader-{n}")
        for n in range(1, READERS + 1)
    ]
    threads.append(threading.Thread(target=repeat, args=(WRITES, page.write), name="writer"))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{READERS * READS} readings and {WRITES} writings are done")


if __name__ == "__main__":
    main()
