"""The kernel's own policies: two ordinary processes and two others share one CPU.

At first all four compute. Then one goes on, while three sleep and wake up again and again.
"""

import os
import random
import resource
import time
from multiprocessing import Process, Semaphore

# --- settings: change them and run the program again ---
POLICY = "nice"  # of the two others: "nice", "batch", "idle", "fifo" or "rr"
NICE = 5  # nice: so much nicer than the ordinary ones
CPU_MS = 300  # milliseconds of CPU time that each computes at first
WAKES = 25  # how often each of the three wakes up
# --- end of settings ---

CPUS = os.sched_getaffinity(0)
KINDS = {getattr(os, f"SCHED_{kind}"): kind for kind in ["OTHER", "BATCH", "IDLE", "FIFO", "RR"]}


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        sum(range(400_000))  # no system call in it: at each of those the kernel may switch


def ask_for(policy):
    priority = os.sched_get_priority_min(policy)  # 1 for real time, 0 for the others
    if priority and len(CPUS) == 1:
        return say(f"SCHED_{KINDS[policy]} is not asked for: this is the only CPU")
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except PermissionError as error:
        say(f"the kernel refuses SCHED_{KINDS[policy]}: {error.strerror}")


def live(name, ready, starts):
    os.sched_setaffinity(0, {max(CPUS)})
    if name.startswith("nice"):
        os.nice(NICE)
    elif not name.startswith("ordinary"):
        ask_for(getattr(os, f"SCHED_{POLICY.upper()}"))
    kind, turn = KINDS[os.sched_getscheduler(0)], 1000 * os.sched_rr_get_interval(0)
    say(f"{name}: SCHED_{kind}, nice {os.nice(0)}" + f", turns of {turn:.0f} ms" * (kind == "RR"))
    ready.release()
    starts[0].acquire()
    compute(CPU_MS)
    ready.release()
    starts[1].acquire()
    if name == "ordinary-1":
        return compute(WAKES * 15)
    for _ in range(WAKES):
        time.sleep(random.uniform(0.01, 0.02))
        sum(range(10_000))


def main():
    resource.setrlimit(resource.RLIMIT_RTTIME, (10**6, 10**6))  # µs in real time without a wait
    ready, starts = Semaphore(0), [Semaphore(0), Semaphore(0)]
    names = ["ordinary-1", "ordinary-2", f"{POLICY}-1", f"{POLICY}-2"]
    for name in names:
        Process(target=live, args=(name, ready, starts), name=name).start()
    os.sched_setaffinity(0, CPUS - {max(CPUS)} or CPUS)  # main keeps out of their way
    for start, what in zip(starts, ["all compute", "ordinary-1 goes on, the others mostly sleep"]):
        for _ in names:
            ready.acquire()
        say(what)
        for _ in names:
            start.release()


if __name__ == "__main__":
    main()
