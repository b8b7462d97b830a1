"""Several threads read a page, one writes it, and a plain lock lets one of them all in at a time.

So the writer is alone, as it must be; but each reader is, too, and would not have to be.
"""

import random
import threading
import time

# --- settings: change them and run the program again ---
POLICY = "mutex"  # "readers" or "writers" first have a program of their own
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
        self.mutex = threading.Lock()

    def read(self):
        with self.mutex:
            wait_for_disk()

    write = read


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
