"""A scheduler of its own: this program decides which of its jobs has the CPU.

Each job is a process that computes. They share one CPU, and all but one are stopped: the scheduler
lets one go on until it has used a unit of CPU time, and then decides again.
"""

import os
import signal
import time
from multiprocessing import Pipe, get_context

# --- settings: change them and run the program again ---
POLICY = "rr"  # "fcfs", "sjf", "srtf", "rr", "priority" or "mlfq"
QUANTUM = 1  # rr, mlfq: units of CPU time in a turn
AGING = 0  # priority: so many units of waiting raise it by one; 0 for no aging
UNIT_MS = 40  # milliseconds of CPU time in a unit
# Name, arrival, burst, priority (1 before 2), I/O after each so many units, and for so many.
JOBS = [
    ("A", 0, 3, 2, 0, 0),
    ("B", 2, 6, 3, 0, 0),
    ("C", 4, 4, 1, 0, 0),
    ("D", 6, 5, 3, 0, 0),
    ("E", 8, 2, 2, 0, 0),
]
# --- end of settings ---

UNIT = UNIT_MS / 1000
CPU = max(os.sched_getaffinity(0))


def work(burst, io_every, device):
    """What the process of a job does."""
    os.sched_setaffinity(0, {CPU})
    os.kill(os.getpid(), signal.SIGSTOP)  # from here on it runs when the scheduler lets it
    begun = time.process_time()
    for unit in range(1, burst + 1):
        while time.process_time() - begun < unit * UNIT:
            pass
        if unit % io_every == 0 and unit < burst:
            device.send("a request")
            device.recv()


class Job:
    def __init__(self, name, arrival, burst, priority, io_every, io_wait):
        self.name, self.arrival, self.burst, self.priority = name, arrival, burst, priority
        self.io_every, self.io_wait = io_every if io_every and io_wait else burst, io_wait
        self.used = self.turn = self.level = 0  # units in all, in this turn; its queue of mlfq
        self.ready_at, self.first, self.process = arrival, None, None

    def become_ready(self):
        """It arrives, or its I/O is over; either way it is stopped until it is chosen."""
        if self.process:
            os.kill(self.process.pid, signal.SIGSTOP)
            self.device.send("an answer")
            return
        self.device, end = Pipe()
        args = (self.burst, self.io_every, end)
        self.process = get_context("fork").Process(target=work, args=args, name=self.name)
        self.process.start()
        end.close()  # so that the device hears when the job has ended
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
        self.begun = self.cpu_time()

    def cpu_time(self):
        with open(f"/proc/{self.process.pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9

    def units_left(self):
        """Units of CPU time to its next I/O, or to its end."""
        return min(self.burst - self.used, self.io_every - self.used % self.io_every)

    def use_unit(self, left):
        """One unit more of CPU time, or all that are left where the scheduler itself was kept."""
        used, until = 1, self.begun + (self.used + 1) * UNIT
        while left == 1 or self.cpu_time() < until:  # of its last unit it tells the end itself
            if self.device.poll(None if left == 1 else until - self.cpu_time()):
                used = left
                break
        self.used, self.turn = self.used + used, self.turn + used
        return used

    def rank(self, now):
        """Whoever has the least is next; of equals the first in line."""
        if POLICY in ("sjf", "srtf"):
            return self.units_left()
        if POLICY == "priority":
            return self.priority - (now - self.ready_at) // (AGING or now + 1)
        return self.level  # 0, but for mlfq


def schedule(later):
    """Time is counted in units: of CPU time, or of idling while every job waits for I/O."""
    ready, current, now = [], None, 0
    while later or ready or current:
        new = [job for job in later if job.ready_at <= now]
        if new and current:
            os.kill(current.process.pid, signal.SIGSTOP)  # while the scheduler is busy with them
        for job in new:
            later.remove(job)
            job.become_ready()
            ready.append(job)
        line = [current, *ready] if current else ready
        if current:
            current.ready_at = now
            if POLICY in ("rr", "mlfq") and current.turn == QUANTUM << current.level:
                line = [*ready, current]  # its turn is over
                current.turn, current.level = 0, min(current.level + 1, 2) * (POLICY == "mlfq")
        if not line:
            now += 1
            time.sleep(UNIT)
            continue
        goes_on = POLICY == "sjf" and current
        chosen = current if goes_on else min(line, key=lambda job: job.rank(now))
        if chosen is not current:
            if current:
                os.kill(current.process.pid, signal.SIGSTOP)
                ready.append(current)
            ready.remove(chosen)
            chosen.first = now if chosen.first is None else chosen.first
            chosen.turn = 0
        if new or chosen is not current:
            os.kill(chosen.process.pid, signal.SIGCONT)
        left = chosen.units_left()
        used = chosen.use_unit(left)
        now += used
        current = chosen if used < left else None
        if chosen.used == chosen.burst:
            chosen.process.join()
            chosen.end = now
        elif not current:
            chosen.device.recv()  # its request
            chosen.ready_at = now + chosen.io_wait
            later.append(chosen)


def main():
    jobs = [Job(*row) for row in JOBS]
    schedule(list(jobs))
    jobs.sort(key=lambda job: job.end)
    print("order of ends:", *(job.name for job in jobs))
    print("in units of CPU time:")
    for job in jobs:
        turnaround, io = job.end - job.arrival, (job.burst - 1) // job.io_every * job.io_wait
        waiting, response = turnaround - job.burst - io, job.first - job.arrival
        print(f"{job.name}: turnaround {turnaround}, waiting {waiting}, response {response}")


if __name__ == "__main__":
    main()
