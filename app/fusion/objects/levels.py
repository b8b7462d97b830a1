"""How many permits a semaphore has left, how many items a queue holds, how many have come."""

from __future__ import annotations

from app.fusion.objects.objects import KnownObject, Objects
from app.fusion.picture.book import Book
from app.timeline.states import ObjectKind

#: Of changes that follow one another faster than this, only the last is told.
EVERY_NS = 1_000_000

_COUNTED = frozenset({ObjectKind.SEMAPHORE, ObjectKind.QUEUE, ObjectKind.BARRIER})
_SEMAPHORE = ObjectKind.SEMAPHORE
_SIGN, _ALL = 1 << 63, 1 << 64


class Levels:
    """Each level that is told was the object's at that instant; a level that lasted is not left
    out."""

    def __init__(self, book: Book, objects: Objects) -> None:
        self._book = book
        self._objects = objects
        self._told: dict[int, int] = {}  # by the probe's id: when
        self._last: dict[int, int] = {}  # the level told last
        self._newer: dict[int, tuple[int, int, int]] = {}  # changed since, and not told yet

    def changed(self, t: int, obj: int, value: int, most: int = 0) -> None:
        """The level is ``value`` (two's complement) from now on, of ``most``, if that is known."""
        known = self._objects.get(obj)
        if known is None or known.kind not in _COUNTED:
            return
        if value >= _SIGN:
            value -= _ALL
        if known.kind is _SEMAPHORE:
            if known.permits is None:
                known.permits = value
            most = known.permits
        if obj in self._newer:
            self._newer[obj] = (t, value, most)
        elif t - self._told.get(obj, -EVERY_NS) >= EVERY_NS:
            self._tell(obj, known, t, value, most)
        elif value != self._last[obj]:
            self._newer[obj] = (t, value, most)
            self._book.timer(self._told[obj] + EVERY_NS, lambda _: self._settle(obj, known))

    def _settle(self, obj: int, known: KnownObject) -> None:
        t, value, most = self._newer.pop(obj)
        self._tell(obj, known, t, value, most)

    def _tell(self, obj: int, known: KnownObject, t: int, value: int, most: int) -> None:
        if known.object_id and self._last.get(obj) != value:
            self._told[obj], self._last[obj] = t, value
            self._book.level(known.object_id, t, value, most)
