"""The scheduler by perf context-switch records: exact, for the run's whole process tree."""

from __future__ import annotations

import os
import time
from operator import itemgetter

from app.timeline.records import Record, SchedStat
from app.witness import perf_event, perf_records
from app.witness.threads import ThreadTable

#: At most this many threads have their run-queue wait read after one drain, and this many files
#: are kept open for it.
SCHEDSTAT_READS = 128
SCHEDSTAT_FILES = 512
#: Where wake-ups are not reported, it is also read between two drains: no more often than this, and
#: never for more than this share of one core.
ACCOUNT_NS = 2_000_000
ACCOUNT_SHARE = 0.02
NEVER = 1 << 62

_by_time = itemgetter(0)


class PerfScheduler:
    """One ring per CPU, merged by time. Open it before the program's exec: later births inherit.

    The next ``look`` at the accounts between two drains is due at ``due_ns``.

    Raises Refused when the machine does not allow it.
    """

    name = "perf"
    samples = False
    due_ns = 0

    def __init__(self, root_pid: int, table: ThreadTable, pages: tuple[int, ...] = ()) -> None:
        self._table = table
        self._rings = self._open(root_pid, pages)
        self.ring_bytes = self._rings[0].size
        self._instants = [perf_records.Instant() for _ in self._rings]
        self._schedstats = _SchedStats()
        self._recent: dict[int, int] = {}
        for ring in self._rings:
            ring.enable()

    def begins(self, t: int) -> list[Record]:
        return []  # the program's exec, its first record, is still to come

    def poll(self) -> list[Record]:
        """Switches, births, exits and names since the last poll by time, then schedstats."""
        records: list[Record] = []
        for number, ring in enumerate(self._rings):
            data = ring.read()
            if data:
                records += self._decode(data, number)
        if not records:
            return records
        records.sort(key=_by_time)
        records = self._own(records)
        self._table.note(records)
        self._recent = self._table.take_arrived()
        records += self._account(self._recent)
        return records

    def look(self) -> list[Record]:
        """The run queue's account of the threads that came on a CPU recently, when it is due."""
        if time.monotonic_ns() < self.due_ns:
            return []
        began = time.thread_time_ns()
        records = self._account(self._recent)
        cost = time.thread_time_ns() - began
        self.due_ns = time.monotonic_ns() + max(ACCOUNT_NS, int(cost * (1 / ACCOUNT_SHARE - 1)))
        return records

    def _open(self, root_pid: int, pages: tuple[int, ...]) -> list[perf_event.Ring]:
        return perf_event.open_rings(root_pid, pages)

    def _decode(self, data: bytes, ring: int) -> list[Record]:
        return perf_records.decode(data, None, self._instants[ring])

    def _own(self, records: list[Record]) -> list[Record]:
        """Those of ``records``, by time, that belong to the run's process tree."""
        return records

    def _account(self, arrived: dict[int, int]) -> list[Record]:
        """The run queue's account of threads (pid by tid) that came on a CPU."""
        return self._schedstats.read(arrived, self._table)

    def close(self) -> None:
        for ring in self._rings:
            ring.close()
        self._schedstats.close()


class _SchedStats:
    """Reads /proc/<pid>/task/<tid>/schedstat on files that stay open (1.5 us instead of 20)."""

    def __init__(self) -> None:
        self._files: dict[int, tuple[int, int]] = {}
        self._told: dict[int, bytes] = {}

    def read(self, arrived: dict[int, int], table: ThreadTable) -> list[Record]:
        records: list[Record] = []
        for tid, pid in arrived.items():
            if len(records) == SCHEDSTAT_READS:
                break
            if not table.is_alive(pid, tid):
                self._forget(tid)
                continue
            record = self._one(pid, tid)
            if record is not None:
                records.append(record)
        return records

    def _one(self, pid: int, tid: int) -> SchedStat | None:
        owner, fd = self._files.get(tid, (0, -1))
        if owner != pid:
            self._forget(tid)
            if len(self._files) >= SCHEDSTAT_FILES:
                self._forget(next(iter(self._files)))
            try:
                path = f"/proc/{pid}/task/{tid}/schedstat"
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return None  # the thread ended, or this kernel has no schedstat
            self._files[tid] = (pid, fd)
        try:
            data = os.pread(fd, 80, 0)
            if data == self._told.get(tid):
                return None
            self._told[tid] = data
            run, wait, slices = data.split()
        except (OSError, ValueError):
            self._forget(tid)
            return None
        return SchedStat(time.monotonic_ns(), pid, tid, int(run), int(wait), int(slices))

    def _forget(self, tid: int) -> None:
        self._told.pop(tid, None)
        entry = self._files.pop(tid, None)
        if entry is not None:
            os.close(entry[1])

    def close(self) -> None:
        for tid in list(self._files):
            self._forget(tid)
