"""The reorder window: records of several witnesses, put into the order of their time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter

from app.timeline.records import Record

_time = itemgetter(0)


class _Run:
    """Records in order of time; those before ``taken`` are gone."""

    __slots__ = ("records", "taken")

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.taken = 0


class Reorder:
    """Records wait here until the watermark has passed them.

    Records of one time keep the order in which they came. What is fed at once is sorted at once,
    and what is taken is a part of a few such runs: sorting a list of sorted runs costs less than
    a heap, and what waits longer costs nothing, however much it is.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._watermark = 0
        self.late = 0

    def feed(self, records: Iterable[Record]) -> None:
        run = sorted(records, key=_time)
        if run:
            self._runs.append(_Run(run))

    def take(self, watermark: int) -> list[Record]:
        """The records with ``t <= watermark``, in order of time.

        A record older than an earlier watermark is counted in ``late`` and still returned.
        """
        taken: list[Record] = []
        parts = 0
        over = False
        for run in self._runs:
            records, begin = run.records, run.taken
            if records[begin].t > watermark:
                continue
            end = bisect_right(records, watermark, begin, key=_time)
            taken += records[begin:end]
            parts += 1
            run.taken = end
            over = over or end == len(records)
        if over:
            self._runs = [run for run in self._runs if run.taken < len(run.records)]
        if parts > 1:
            taken.sort(key=_time)
        if self._watermark:
            self.late += bisect_right(taken, self._watermark, key=_time)
        self._watermark = max(self._watermark, watermark)
        return taken

    def take_all(self) -> list[Record]:
        """Everything that waits, in order of time."""
        return self.take(max((run.records[-1].t for run in self._runs), default=self._watermark))

    def __len__(self) -> int:
        return sum(len(run.records) - run.taken for run in self._runs)
