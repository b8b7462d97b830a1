"""Looks at single threads now and then: what blocked ones wait in, which are stopped or reaped."""

from __future__ import annotations

import time

from app.timeline.records import ProcessReaped, Record, StatSample, ThreadBorn, ThreadNamed
from app.witness import proc
from app.witness.syscalls import SyscallReader
from app.witness.threads import Blocked, ThreadTable

#: Threads are looked at 40 times a second.
INTERVAL_NS = 25_000_000
#: At most this many threads are sampled in one look (some 40 us each).
BUDGET = 16
#: A thread that stays blocked is looked at again after this long: it may have been stopped.
AGAIN_NS = 500_000_000


class StatesSampler:
    """Samples each wait of a thread once, soon after it began, and then rarely.

    Its cost is bounded: ``BUDGET`` threads per look, those first that waited longest for one.
    """

    name = "states"

    def __init__(self, table: ThreadTable, syscalls: SyscallReader | None = None) -> None:
        self._table = table
        self._syscalls = syscalls or SyscallReader(table.processes)
        self._looked: dict[int, tuple[Blocked, int]] = {}
        self._due_ns = 0
        self._told: set[int] = set()

    def poll(self, now_ns: int | None = None) -> list[Record]:
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        if now_ns < self._due_ns:
            return []
        self._due_ns = now_ns + INTERVAL_NS
        records: list[Record] = []
        for tid, blocked in self._to_look_at(now_ns):
            self._looked[tid] = blocked, now_ns
            records += self._look(blocked.pid, tid)
        records += self._reaped()
        return records

    def note(self, records: list[Record]) -> None:
        """Takes in the scheduler's records: after an exec the interpreter is another one."""
        for record in records:
            # Thousands of others may be in one drain, and isinstance() takes longer.
            if type(record) is ThreadNamed:
                if record.exec:
                    self._syscalls.forget(record.pid)
            elif type(record) is ThreadBorn and record.tid == record.pid:
                self._told.discard(record.pid)

    def told(self, pid: int) -> None:
        """The guard reaped the process: its end is known exactly, so it is not sampled."""
        self._told.add(pid)
        self._table.zombies.pop(pid, None)
        self._syscalls.forget(pid)

    def without_told(self, records: list[Record]) -> list[Record]:
        """``records`` without sampled reaps of processes whose reap is known exactly."""
        told = self._told
        return [
            record
            for record in records
            if not (isinstance(record, ProcessReaped) and record.sampled and record.pid in told)
        ]

    def close(self) -> None:
        self._looked.clear()

    def _to_look_at(self, now_ns: int) -> list[tuple[int, Blocked]]:
        table = self._table.blocked
        for tid in [tid for tid in self._looked if tid not in table]:
            del self._looked[tid]
        due: list[tuple[int, int, Blocked]] = []
        for tid, blocked in table.items():
            before, at = self._looked.get(tid, (None, 0))
            if before != blocked or now_ns - at >= AGAIN_NS:
                due.append((at, tid, blocked))
        due.sort()
        return [(tid, blocked) for _, tid, blocked in due[:BUDGET]]

    def _look(self, pid: int, tid: int) -> list[Record]:
        t = time.monotonic_ns()
        stat = proc.stat(pid, tid)
        if stat is None:
            return []
        records: list[Record] = [StatSample(t, pid, tid, stat.state, stat.cpu)]
        if stat.state in "SD":
            sample = self._syscalls.sample(pid, tid)
            if sample is not None:
                records.append(sample)
        return records

    def _reaped(self) -> list[Record]:
        records: list[Record] = []
        for pid, ended_ns in list(self._table.zombies.items()):
            t = time.monotonic_ns()
            stat = proc.stat(pid)
            if stat is None or (stat.state != "Z" and self._is_another(stat, ended_ns)):
                del self._table.zombies[pid]
                self._syscalls.forget(pid)
                if pid not in self._told:
                    records.append(ProcessReaped(t, pid, None, True))
        return records

    @staticmethod
    def _is_another(stat: proc.Stat, ended_ns: int) -> bool:
        """The pid was given to a new process, born after this one's end."""
        offset = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
        return stat.start_ticks * 10_000_000 - offset > ended_ns
