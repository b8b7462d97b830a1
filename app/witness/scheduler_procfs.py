"""The scheduler by sampling /proc: for machines that refuse perf events.

It misses what happens between two looks. ``schedstat`` (kernel doc scheduler/sched-stats) has the
exact time for which the thread ran and stood in the run queue meanwhile, ``stat`` its state now.

A thread whose account did not change has neither come on a CPU nor left it: it is still runnable if
it was, and otherwise has not run. So its state, which takes four times as long, is not read again.
No birth is looked for while the kernel gave no new id (the last field of /proc/loadavg, proc(5)).
"""

from __future__ import annotations

import os
import time

from app.timeline.records import (
    ProcessReaped,
    Record,
    SchedStat,
    StatSample,
    ThreadBorn,
    ThreadGone,
    ThreadNamed,
)
from app.witness import proc
from app.witness.threads import ThreadTable

#: No more often than this, and never more than this share of one core.
MIN_INTERVAL_NS = 2_000_000
MAX_SHARE = 0.05
#: What a look costs besides its own work: waking up for it, and passing on what was seen.
WAKING_NS = 25_000
#: Births are looked for at most this often while other programs make processes too, and at least
#: this often whatever the ids say; after a death, at once.
DISCOVER_NS = 20_000_000
DISCOVER_AT_LEAST_NS = 200_000_000
#: How often the state of a blocked thread is read although its account stands still.
STATE_NS = 50_000_000
#: The files of at most this many threads stay open.
OPEN_THREADS = 256


class _Thread:
    """One thread's open files and what was last seen of it."""

    __slots__ = (
        "before",
        "comm",
        "cpu",
        "letter",
        "pid",
        "read_ns",
        "schedstat",
        "stat",
        "tid",
        "waited",
    )

    def __init__(self, pid: int, tid: int, keep_open: bool) -> None:
        self.pid, self.tid = pid, tid
        self.comm = self.letter = ""
        self.cpu = self.read_ns = 0
        #: The account as it was reported, and as it was right before the state was read.
        self.waited: tuple[int, int, int] | None = None
        self.before: tuple[int, int, int] | None = None
        folder = f"/proc/{pid}/task/{tid}"
        self.stat = self.schedstat = -1
        if keep_open:
            self.stat = os.open(f"{folder}/stat", os.O_RDONLY | os.O_CLOEXEC)
            try:
                self.schedstat = os.open(f"{folder}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self.schedstat = -1  # a kernel without schedstat

    def read_stat(self) -> proc.Stat | None:
        if self.stat < 0:
            return proc.stat(self.pid, self.tid)
        try:
            data = os.pread(self.stat, 1024, 0)
        except OSError:
            return None
        return proc.parse_stat(data) if data else None

    def read_schedstat(self) -> tuple[int, int, int] | None:
        if self.schedstat < 0:
            return proc.account(self.pid, self.tid)
        try:
            return proc.parse_account(os.pread(self.schedstat, 80, 0))
        except OSError:
            return None

    def close(self) -> None:
        for fd in (self.stat, self.schedstat):
            if fd >= 0:
                os.close(fd)
        self.stat = self.schedstat = -1


class ProcfsScheduler:
    """Samples the threads of ``root_pid`` and of all that descends from ``tree_pid``.

    ``tree_pid`` is the subreaper that becomes the parent of the program's orphans. ``share`` is the
    part of one core that the last look took, with the pause after it.
    The next look is due at ``due_ns``.
    """

    name = "procfs"
    samples = True

    def __init__(self, root_pid: int, tree_pid: int, table: ThreadTable) -> None:
        self._root = root_pid
        self._tree = tree_pid
        self._table = table
        self._threads: dict[tuple[int, int], _Thread] = {}
        self._processes: set[int] = set()
        self._zombies: set[int] = set()
        self.due_ns = self._discover_due_ns = 0
        self._discovered_ns = 0
        self._last_id = b""
        self._cost_ns = 0
        self.interval_ns = MIN_INTERVAL_NS

    @property
    def share(self) -> float:
        return self._cost_ns / (self._cost_ns + self.interval_ns)

    def begins(self, t: int) -> list[Record]:
        """What the program's first process had run and waited before it was let go."""
        account = proc.account(self._root)
        return [SchedStat(t, self._root, self._root, *account)] if account else []

    def poll(self) -> list[Record]:
        """One look at every thread when it is due, else nothing."""
        now_ns = time.monotonic_ns()
        if now_ns < self.due_ns:
            return []
        began = time.thread_time_ns()
        records: list[Record] = []
        if self._births_due(now_ns):
            records += self._discover()
        for thread in list(self._threads.values()):
            records += self._look(thread)
        self._table.note(records)
        cost = time.thread_time_ns() - began + WAKING_NS
        self._cost_ns = cost
        self.interval_ns = max(MIN_INTERVAL_NS, int(cost * (1 / MAX_SHARE - 1)))
        self.due_ns = time.monotonic_ns() + self.interval_ns
        return records

    look = poll

    def close(self) -> None:
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    # --- births and deaths ---------------------------------------------------------------------

    def _births_due(self, now_ns: int) -> bool:
        if now_ns < self._discover_due_ns:
            return False
        last_id = (proc.read("/proc/loadavg", 128) or b"").rpartition(b" ")[2]
        wanted = not self._discover_due_ns or self._zombies or last_id != self._last_id
        if not wanted and now_ns - self._discovered_ns < DISCOVER_AT_LEAST_NS:
            return False
        self._last_id = last_id
        self._discovered_ns = now_ns
        self._discover_due_ns = now_ns + DISCOVER_NS
        return True

    def _discover(self) -> list[Record]:
        t = time.monotonic_ns()
        records: list[Record] = []
        present = [self._root, *proc.descendants([self._tree])]
        for pid in dict.fromkeys(present):
            stat = proc.stat(pid)
            if stat is None:
                continue
            if pid not in self._processes and pid not in self._zombies:
                self._processes.add(pid)
                if pid != self._root:
                    records.append(ThreadBorn(t, pid, pid, stat.ppid, 0, True))
            if stat.state in "ZX" and stat.threads <= 1:
                records += self._ended(pid, t)
            else:
                records += self._discover_threads(pid, t)
        for pid in list(self._processes | self._zombies):
            if proc.read(f"/proc/{pid}/stat", 64) is None:
                records += self._ended(pid, t)
                self._zombies.discard(pid)
                self._table.zombies.pop(pid, None)
                records.append(ProcessReaped(t, pid, None, True))
        return records

    def _discover_threads(self, pid: int, t: int) -> list[Record]:
        records: list[Record] = []
        for tid in proc.tids(pid):
            if (pid, tid) in self._threads:
                continue
            try:
                thread = _Thread(pid, tid, len(self._threads) < OPEN_THREADS)
            except OSError:
                continue  # it ended between the listing and now
            self._threads[pid, tid] = thread
            if tid != pid:
                records.append(ThreadBorn(t, pid, tid, pid, 0, True))
        return records

    def _ended(self, pid: int, t: int) -> list[Record]:
        """The ends of all threads of a process that is dead; it stays a zombie until it is gone."""
        if pid not in self._processes:
            return []
        self._processes.discard(pid)
        self._zombies.add(pid)
        records: list[ThreadGone] = []
        account: list[Record] = []
        for key, thread in list(self._threads.items()):
            if key[0] == pid:
                if thread.tid == pid and (waited := thread.read_schedstat()):
                    account = [SchedStat(t, pid, pid, *waited)]  # a zombie's can still be read
                records.append(ThreadGone(t, pid, thread.tid, True))
                thread.close()
                del self._threads[key]
        # The main thread's end comes last: with it the process is a zombie.
        records.sort(key=lambda record: record.tid == pid)
        return [*account, *(records or [ThreadGone(t, pid, pid, True)])]

    # --- one look ------------------------------------------------------------------------------

    def _look(self, thread: _Thread) -> list[Record]:
        t = time.monotonic_ns()
        before = thread.read_schedstat()
        if before is not None and before == thread.before:
            if thread.letter == "R":
                return [StatSample(t, thread.pid, thread.tid, "R", thread.cpu)]
            if t - thread.read_ns < STATE_NS:
                return []
        stat = thread.read_stat()
        if stat is None:
            self._discover_due_ns = 0
            if thread.tid == thread.pid:
                return []  # the process is gone: discovery reports its end in order
            thread.close()
            del self._threads[thread.pid, thread.tid]
            return [ThreadGone(t, thread.pid, thread.tid, True)]
        if stat.state in "ZX" and thread.tid == thread.pid:
            self._discover_due_ns = 0
            return []
        records: list[Record] = []
        if stat.comm != thread.comm:
            if thread.comm:
                records.append(ThreadNamed(t, thread.pid, thread.tid, stat.comm, False))
            thread.comm = stat.comm
        thread.letter, thread.cpu, thread.read_ns = stat.state, stat.cpu, t
        records.append(StatSample(t, thread.pid, thread.tid, stat.state, stat.cpu))
        # Read again, because it may have stopped before its state was read. What changed since the
        # first reading is seen at the next look.
        thread.before = before
        waited = thread.read_schedstat()
        if waited is not None and waited != thread.waited:
            thread.waited = waited
            records.append(SchedStat(time.monotonic_ns(), thread.pid, thread.tid, *waited))
        return records
