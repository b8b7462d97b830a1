"""The threads of a run, by the scheduler's records: which are blocked, which came on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.timeline.records import (
    Record,
    StatSample,
    SwitchIn,
    SwitchOut,
    ThreadBorn,
    ThreadGone,
    Wakeup,
    Waking,
)


class Blocked(NamedTuple):
    pid: int
    since: int


class ThreadTable:
    """Kept up to date by the scheduler's witness; read by those that look at single threads.

    ``blocked`` maps a tid to its process and the time it left its CPU. ``arrived`` holds
    (pid, tid) of threads that came on a CPU since ``take_arrived`` was last called. ``zombies``
    maps a process whose last thread ended to the time of that end. ``tids`` are the threads that
    live, ``alive`` counts them.
    """

    def __init__(self, root_pid: int) -> None:
        self.blocked: dict[int, Blocked] = {}
        self.zombies: dict[int, int] = {}
        self._arrived: dict[int, int] = {}
        self._threads: dict[int, set[int]] = {root_pid: {root_pid}}
        self.tids = {root_pid}

    @property
    def alive(self) -> int:
        return sum(map(len, self._threads.values()))

    def processes(self) -> list[int]:
        """Processes with at least one thread, in order of their birth."""
        return list(self._threads)

    def threads(self, pid: int) -> frozenset[int]:
        """Threads of this process; empty when it is gone."""
        return frozenset(self._threads.get(pid, ()))

    def is_alive(self, pid: int, tid: int) -> bool:
        return tid in self._threads.get(pid, ())

    def take_arrived(self) -> dict[int, int]:
        """The process by tid of threads that came on a CPU since the last call."""
        arrived, self._arrived = self._arrived, {}
        return arrived

    def note(self, records: Sequence[Record]) -> None:
        """Takes in records in order of time."""
        arrived = self._arrived
        # Only the last switch or wake-up of each thread counts, and a drain may hold thousands.
        last: dict[int, SwitchIn | SwitchOut | Wakeup] = {}
        for record in records:
            # Most records by far are of the first kinds, and isinstance() takes longer.
            if type(record) is SwitchOut:
                last[record.tid] = record
            elif type(record) is SwitchIn:
                last[record.tid] = record
                arrived[record.tid] = record.pid
            elif type(record) is Wakeup:
                last[record.tid] = record
            elif type(record) is not Waking:
                self._settle(last)
                last = {}
                self._note_rare(record)
        self._settle(last)

    def _settle(self, last: dict[int, SwitchIn | SwitchOut | Wakeup]) -> None:
        blocked = self.blocked
        for tid, record in last.items():
            if isinstance(record, SwitchOut) and not record.preempted:
                blocked[tid] = Blocked(record.pid, record.t)
            else:
                blocked.pop(tid, None)

    def _note_rare(self, record: Record) -> None:
        blocked = self.blocked
        if isinstance(record, ThreadBorn):
            self._threads.setdefault(record.pid, set()).add(record.tid)
            self.tids.add(record.tid)
            self.zombies.pop(record.pid, None)
        elif isinstance(record, ThreadGone):
            self._gone(record)
        elif isinstance(record, StatSample):
            if record.state not in "SDTt":
                blocked.pop(record.tid, None)
            elif record.tid not in blocked:
                blocked[record.tid] = Blocked(record.pid, record.t)

    def _gone(self, record: ThreadGone) -> None:
        self.blocked.pop(record.tid, None)
        self._arrived.pop(record.tid, None)
        self.tids.discard(record.tid)
        threads = self._threads.get(record.pid)
        if threads is None:
            return
        threads.discard(record.tid)
        if not threads:
            del self._threads[record.pid]
            self.zombies[record.pid] = record.t
