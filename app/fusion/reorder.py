"""The reorder window: records of several witnesses, put into the order of their time."""

from __future__ import annotations

import marshal
from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, get_args

from app.timeline.records import Record
from app.timeline.sealed import Sealed

#: So many records wait as objects (some 240 bytes each); more are packed into some 32 bytes each.
#: Packing and unpacking takes a third of the time that fusing takes.
UNPACKED = 400_000

_time = itemgetter(0)
_KINDS: tuple[Any, ...] = get_args(Record)
_CODES = {kind: code for code, kind in enumerate(_KINDS)}


class _Run:
    """Records in order of time, ``first`` the earliest; those before ``taken`` are gone."""

    __slots__ = ("_records", "_sealed", "count", "first", "last", "taken")

    def __init__(self, records: list[Record] | Sealed) -> None:
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


class Reorder:
    """Records wait here until the watermark has passed them.

    Records of one time keep the order in which they came. What is fed at once is sorted at once,
    and what is taken is a part of a few such runs: sorting a list of sorted runs costs less than
    a heap, and what waits longer costs nothing. Where more waits than fusion will come to soon,
    the newest is packed.
    """

    def __init__(self, unpacked: int = UNPACKED) -> None:
        self._unpacked = unpacked
        self._runs: list[_Run] = []
        self._waiting = 0
        self._watermark = 0
        self.late = 0

    def feed(self, records: Iterable[Record]) -> None:
        run = sorted(records, key=_time)
        if run:
            self._waiting += len(run)
            self._runs.append(_Run(_packed(run) if self._waiting > self._unpacked else run))

    def feed_sealed(self, sealed: Iterable[Sealed]) -> None:
        """Take in records that are decoded when their time has come."""
        for part in sealed:
            self._waiting += part.count
            self._runs.append(_Run(part))

    def take(self, watermark: int) -> list[Record]:
        """The records with ``t <= watermark``, in order of time.

        A record older than an earlier watermark is counted in ``late`` and still returned.
        """
        taken: list[Record] = []
        parts = 0
        for run in self._runs:
            if run.first <= watermark:
                taken += run.take(watermark)
                parts += 1
        self._waiting -= len(taken)
        if parts:
            self._runs = [run for run in self._runs if run.taken < run.count]
        if parts > 1:
            taken.sort(key=_time)
        if self._watermark:
            self.late += bisect_right(taken, self._watermark, key=_time)
        self._watermark = max(self._watermark, watermark)
        return taken

    def take_all(self) -> list[Record]:
        """Everything that waits, in order of time."""
        return self.take(max((run.last for run in self._runs), default=self._watermark))

    def __len__(self) -> int:
        return self._waiting


def _packed(records: list[Record]) -> Sealed:
    kinds = bytes(_CODES[type(record)] for record in records)
    data = marshal.dumps((kinds, list(map(tuple, records))), 2)
    return Sealed(records[0].t, records[-1].t, len(records), lambda: _unpacked(data))


def _unpacked(data: bytes) -> list[Record]:
    kinds, rows = marshal.loads(data)
    # What a named tuple's own call does in the end.
    new = tuple.__new__
    return [new(_KINDS[kind], row) for kind, row in zip(kinds, rows, strict=True)]
