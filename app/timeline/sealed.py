"""Records as a witness found them, not decoded yet: what waits for fusion takes little memory."""

from __future__ import annotations

from collections.abc import Callable

from app.timeline.records import Record


class Sealed:
    """``count`` records from ``first`` to ``last``, both of them times as in the records.

    ``open`` gives the records in order of time, the same at each call.
    """

    __slots__ = ("_decode", "count", "first", "last")

    def __init__(
        self, first: int, last: int, count: int, decode: Callable[[], list[Record]]
    ) -> None:
        self.first = first
        self.last = last
        self.count = count
        self._decode = decode

    def open(self) -> list[Record]:
        return self._decode()
