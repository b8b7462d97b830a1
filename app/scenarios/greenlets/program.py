"""Greenlets: functions that give way by hand, with switch(), and go on where they left off.

Main gives each of them a turn, round after round. Nothing but switch() takes a turn away.
"""

import time

try:
    from greenlet import getcurrent, greenlet
except ImportError:
    raise SystemExit("This program needs the package greenlet: python -m pip install greenlet")

# --- settings: change them and run the program again ---
GREENLETS = 3
TURNS = 10  # of each greenlet
MS = 5  # that it computes in each turn
# --- end of settings ---


def compute(milliseconds):
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        pass


def work(name):
    main = getcurrent().parent
    for turn in range(1, TURNS + 1):
        compute(MS)
        answer = main.switch(f"{name} has had {turn} turns")  # here it stops until it is resumed
        if answer != "go on":
            break
    return f"{name} is done"


def main():
    workers = {f"worker {n}": greenlet(work) for n in range(1, GREENLETS + 1)}
    for name, worker in workers.items():
        worker.switch(name)  # the first switch calls the function
    while any(workers.values()):  # a greenlet is true as long as it is alive
        for worker in workers.values():
            if worker:
                news = worker.switch("go on")  # the others resume it where it stopped
                if "done" in news:
                    print(news, flush=True)


if __name__ == "__main__":
    main()
