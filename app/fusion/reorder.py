"""The reorder window: records of several witnesses, put into the order of their time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter

from app.timeline.records import Record

_time = itemgetter(0)


class Reorder:
    """Records wait here until the watermark has passed them.

    Records of one time keep the order in which they came. Sorting a list that is nearly sorted
    costs less than a heap: drains of one witness come in order already.
    """

    def __init__(self) -> None:
        self._waiting: list[Record] = []
        self._watermark = 0
        self.late = 0

    def feed(self, records: Iterable[Record]) -> None:
        self._waiting += records

    def take(self, watermark: int) -> list[Record]:
        """The records with ``t <= watermark``, in order of time.

        A record older than an earlier watermark is counted in ``late`` and still returned.
        """
        waiting = self._waiting
        waiting.sort(key=_time)
        self.late += bisect_right(waiting, self._watermark, key=_time) if self._watermark else 0
        cut = bisect_right(waiting, watermark, key=_time)
        self._watermark = max(self._watermark, watermark)
        self._waiting = waiting[cut:]
        return waiting[:cut]

    def take_all(self) -> list[Record]:
        """Everything that waits, in order of time."""
        return self.take(max(map(_time, self._waiting), default=self._watermark))

    def __len__(self) -> int:
        return len(self._waiting)
