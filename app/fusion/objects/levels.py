"""Levels: permits left in a semaphore, items in a queue, arrivals at a barrier."""

from __future__ import annotations

from app.fusion.objects.objects import KnownObject, Objects
from app.fusion.picture.book import Book
from app.timeline.states import ObjectKind

#: Of changes that follow one another faster than this, only the last is shown.
EVERY_NS = 1_000_000

_COUNTED = frozenset({ObjectKind.SEMAPHORE, ObjectKind.QUEUE, ObjectKind.BARRIER})
_SEMAPHORE = ObjectKind.SEMAPHORE
_SIGN, _ALL = 1 << 63, 1 << 64


class Levels:
    """Each level shown was the object's level at that instant. A level that lasted for longer is
    never left out.
    """

    def __init__(self, book: Book, objects: Objects) -> None:
        self._book = book
        self._objects = objects
        # By the probe's id:
        self._shown_at: dict[int, int] = {}  # when a level was shown last
        self._shown: dict[int, int] = {}  # that level
        self._newer: dict[int, tuple[int, int, int]] = {}  # changed since, and not shown yet

    def changed(self, t: int, obj: int, value: int, most: int = 0) -> None:
        """From now on the level is ``value`` (two's complement), of ``most`` if that is not 0."""
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
        elif t - self._shown_at.get(obj, -EVERY_NS) >= EVERY_NS:
            self._show(obj, known, t, value, most)
        elif value != self._shown[obj]:
            self._newer[obj] = (t, value, most)
            self._book.timer(self._shown_at[obj] + EVERY_NS, lambda _: self._settle(obj, known))

    def _settle(self, obj: int, known: KnownObject) -> None:
        t, value, most = self._newer.pop(obj)
        self._show(obj, known, t, value, most)

    def _show(self, obj: int, known: KnownObject, t: int, value: int, most: int) -> None:
        if known.object_id and self._shown.get(obj) != value:
            self._shown_at[obj], self._shown[obj] = t, value
            self._book.level(known.object_id, t, value, most)
