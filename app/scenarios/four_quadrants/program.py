"""Two questions to ask of any call: does it give its result at once, and does its caller wait?

Four calls, one for each pair of answers. The work outside is a wait, as for a slow server.
"""

import socket
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

# --- settings: change them and run the program again ---
BLOCKING = "recv"  # the blocking call is "recv" or "sleep"
RESULTS = 10  # of which the last call waits for the first
MS = 250  # that each call, or its work, takes
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        pass


def work(number):
    say(f"work {number} begins")
    time.sleep(MS / 1000 * (1 + number / 4))
    say(f"work {number} is done")
    return number


def called(name, function, *arguments):
    say(f"{name}: call")
    result = function(*arguments)
    say(f"{name}: back")
    return result


def sync_blocking():
    """The result is there when the call is over; until then the caller sleeps."""
    if BLOCKING == "sleep":
        return time.sleep(MS / 1000)
    here, there = socket.socketpair()
    with here, there:
        threading.Timer(MS / 1000, there.sendall, [b"an answer"]).start()
        here.recv(100)


def sync_non_blocking():
    """The result is there when the call is over; the caller itself computes it."""
    compute(MS)


def async_non_blocking(pool):
    """The call only begins the work; the caller goes on with something else."""
    return pool.submit(work, 0)


def async_blocking(futures):
    """The work goes on elsewhere, but the caller sleeps until the first of it is done."""
    wait(futures, return_when=FIRST_COMPLETED)


def main():
    with ThreadPoolExecutor(max_workers=RESULTS, thread_name_prefix="pool") as pool:
        called("sync, blocking", sync_blocking)
        called("sync, non-blocking", sync_non_blocking)
        future = called("async, non-blocking", async_non_blocking, pool)
        compute(MS / 2)  # meanwhile
        future.result()
        futures = [pool.submit(work, number) for number in range(1, RESULTS + 1)]
        called("async, blocking", async_blocking, futures)


if __name__ == "__main__":
    main()
