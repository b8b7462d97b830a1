"""The reorder window: puts the records of several witnesses into the order of their time."""

from __future__ import annotations

import heapq
import marshal
from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter, itemgetter

from app.timeline.records import RECORD_TYPES, Record
from app.timeline.sealed import Sealed

#: How many records wait as objects (about 240 bytes each). More are packed (about 32 bytes each).
#: To pack and unpack takes a third of the time that fusion takes.
UNPACKED = 400_000

_time = itemgetter(0)
_number = attrgetter("number")
_CODES = {kind: code for code, kind in enumerate(RECORD_TYPES)}


class _Run:
    """Records in order of time. ``first``: time of the earliest; ``taken``: how many are gone."""

    __slots__ = ("_records", "_sealed", "count", "first", "last", "number", "taken")

    def __init__(self, number: int, records: list[Record] | Sealed) -> None:
        self.number = number
        self.taken = 0
        if isinstance(records, Sealed):
            self.first, self.last, self.count = records.first, records.last, records.count
            self._sealed: Sealed | None = records
            self._records: list[Record] = []
        else:
            self.first, self.last, self.count = records[0].t, records[-1].t, len(records)
            self._sealed, self._records = None, records

    def take(self, watermark: int) -> list[Record]:
        if self._sealed is not None:
            self._records, self._sealed = self._sealed.open(), None
        begin = self.taken
        self.taken = bisect_right(self._records, watermark, begin, key=_time)
        if self.taken < self.count:
            self.first = self._records[self.taken].t
        return self._records[begin : self.taken]

    def __lt__(self, other: _Run) -> bool:
        return self.first < other.first


class Reorder:
    """Records wait here until the watermark has passed them.

    Records of the same time keep the order in which they came. What is fed at once is sorted at
    once, and what is taken is a part of a few such runs. To sort a list of sorted runs costs less
    than a heap of records, and what waits longer costs nothing. If more waits than fusion will
    need soon, the newest is packed. ``watermark`` is the time up to which records were taken.
    """

    def __init__(self, unpacked: int = UNPACKED) -> None:
        self._unpacked = unpacked
        self._runs: list[_Run] = []  # a heap
        self._count = 0  # of runs so far
        self._waiting = 0
        self.watermark = 0
        self.late = 0

    def feed(self, records: Iterable[Record]) -> None:
        run = sorted(records, key=_time)
        if run:
            self._waiting += len(run)
            self._add(_packed(run) if self._waiting > self._unpacked else run)

    def feed_sealed(self, sealed: Iterable[Sealed]) -> None:
        """Take in records that are decoded only when their time has come."""
        for part in sealed:
            self._waiting += part.count
            self._add(part)

    def _add(self, records: list[Record] | Sealed) -> None:
        self._count += 1
        heapq.heappush(self._runs, _Run(self._count, records))

    def take(self, watermark: int) -> list[Record]:
        """The records with ``t <= watermark``, in order of time.

        A record older than an earlier watermark is counted in ``late`` and still returned.
        """
        runs, due = self._runs, []
        while runs and runs[0].first <= watermark:
            due.append(heapq.heappop(runs))
        due.sort(key=_number)
        taken: list[Record] = []
        for run in due:
            taken += run.take(watermark)
            if run.taken < run.count:
                heapq.heappush(runs, run)
        self._waiting -= len(taken)
        if len(due) > 1:
            taken.sort(key=_time)
        if self.watermark:
            self.late += bisect_right(taken, self.watermark, key=_time)
        self.watermark = max(self.watermark, watermark)
        return taken

    def take_all(self) -> list[Record]:
        """All records that wait, in order of time."""
        return self.take(max((run.last for run in self._runs), default=self.watermark))

    def __len__(self) -> int:
        return self._waiting


def _packed(records: list[Record]) -> Sealed:
    kinds = bytes(_CODES[type(record)] for record in records)
    data = marshal.dumps((kinds, list(map(tuple, records))), 2)
    return Sealed(records[0].t, records[-1].t, len(records), lambda: _unpacked(data))


def _unpacked(data: bytes) -> list[Record]:
    kinds, rows = marshal.loads(data)
    # What calling a named tuple does in the end, and faster.
    new = tuple.__new__
    return [new(RECORD_TYPES[kind], row) for kind, row in zip(kinds, rows, strict=True)]
