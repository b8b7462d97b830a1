"""A scheduler of its own: this program decides which of its jobs has the CPU.

Each job is a process that computes. They share one CPU, and all but one are stopped: the scheduler
lets one go on until it has used a unit of CPU time, and then decides again.
"""

import os
import signal
import time
from multiprocessing import Pipe, get_context
from multiprocessing.connection import wait

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
    os.kill(os.getpid(), signal.SIGSTOP)  # from here on it runs when the scheduler lets it
    begun = time.process_time()
    for unit in range(1, burst + 1):
        while time.process_time() - begun < unit * UNIT:
            pass
        if io_every and unit % io_every == 0 and unit < burst:
            device.send("a request")
            device.recv()


class Job:
    def __init__(self, name, arrival, burst, priority, io_every, io_wait):
        self.name, self.arrival, self.burst, self.priority = name, arrival, burst, priority
        self.io_every, self.io_wait = io_every if io_wait else 0, io_wait
        self.used = self.turn = self.level = 0  # units in all, in this turn; its queue of mlfq
        self.ready_at = arrival
        self.process = self.first = None

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
        self.came = self.arrival, time.monotonic()
        end.close()  # so that the device hears when the job has ended
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
        os.sched_setaffinity(self.process.pid, {CPU})
        self.begun = self.cpu_time()

    def cpu_time(self):
        with open(f"/proc/{self.process.pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9

    def units_left(self):
        """Units of CPU time to its next I/O, or to its end."""
        left = self.burst - self.used
        return min(left, self.io_every - self.used % self.io_every) if self.io_every else left

    def use_unit(self):
        """One unit more of CPU time; True when the job then asks for I/O, or has ended."""
        units, until = self.units_left(), self.begun + (self.used + 1) * UNIT
        while units == 1 or self.cpu_time() < until:  # of its last unit it tells the end itself
            if wait([self.device], None if units == 1 else until - self.cpu_time()):
                self.used += units
                return True
        self.used, self.turn = self.used + 1, self.turn + 1
        return False


def choose(line, current, now):
    """The next to have a unit; of equals the first in line."""
    if POLICY == "sjf":
        return current or min(line, key=Job.units_left)
    if POLICY == "srtf":
        return min(line, key=Job.units_left)
    if POLICY == "priority":
        return min(line, key=lambda job: job.priority - (now - job.ready_at) // (AGING or now + 1))
    if POLICY == "mlfq":
        return min(line, key=lambda job: job.level)
    return line[0]


def schedule(jobs):
    """Time is counted in units: of CPU time, or of idling while every job waits for I/O."""
    later, ready, current, now = list(jobs), [], None, 0
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
        chosen = choose(line, current, now) if line else None
        if chosen is not current:
            if current:
                os.kill(current.process.pid, signal.SIGSTOP)
                ready.append(current)
            ready.remove(chosen)
            chosen.first = chosen.first or (now, time.monotonic())
            chosen.turn = 0
        if chosen and (new or chosen is not current):
            os.kill(chosen.process.pid, signal.SIGCONT)
        current = chosen
        if current is None:
            now += 1
            time.sleep(UNIT)
            continue
        used, stops = current.used, current.use_unit()
        now += current.used - used  # more than one where others kept the scheduler from its CPU
        if stops:
            if current.used < current.burst:
                current.device.recv()
                current.ready_at = now + current.io_wait
                later.append(current)
            else:
                current.process.join()
                current.end = now, time.monotonic()
            current = None


def main():
    jobs = [Job(*row) for row in JOBS]
    schedule(jobs)
    jobs.sort(key=lambda job: job.end)
    rows = []
    for job in jobs:
        io = (job.burst - 1) // job.io_every * job.io_wait if job.io_every else 0
        rows.append([])
        for clock, unit in enumerate([1, UNIT]):  # as the textbook counts, and by the clock
            turnaround = job.end[clock] - job.came[clock]
            response = job.first[clock] - job.came[clock]
            rows[-1] += turnaround, turnaround - (job.burst + io) * unit, response
    rows.append([sum(column) / len(jobs) for column in zip(*rows)])
    print("order of ends:", *(job.name for job in jobs))
    print("in units and in seconds:")
    for name, (t, w, r, *s) in zip([*(job.name for job in jobs), "average"], rows):
        print(f"{name}: turnaround {t:g} {s[0]:.3f}", end=", ")
        print(f"waiting {w:g} {s[1]:.3f}, response {r:g} {s[2]:.3f}")


if __name__ == "__main__":
    main()
