"""Waits for several tasks or results at once: for all of them, or for any."""

from __future__ import annotations

from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.objects.objects import Objects
from app.fusion.objects.reasons import GROUPS, TRAITS
from app.fusion.picture.book import Book
from app.timeline import probe_records as probe
from app.timeline.model import NOTHING
from app.timeline.states import Reason

#: How many names stand for a group; of the others only the count is shown.
_NAMED = 3
#: How many groups are shown at most; waits for others name no object.
_MOST = 500


class Groups:
    """The thread that waits records a group member by member, just before the wait for it."""

    def __init__(self, book: Book, ids: Identities, objects: Objects) -> None:
        self._book = book
        self._ids = ids
        self._names = objects
        self._members: dict[ThreadLife, tuple[int, list[int]]] = {}
        self._objects: dict[tuple[Reason, str], int] = {}

    def member(self, life: ThreadLife, record: probe.WaitsFor) -> None:
        """WAITS_FOR: one member of the group for which the thread will wait next."""
        if record.first or life not in self._members:
            self._members[life] = record.members, []
        self._members[life][1].append(record.obj)

    def forget(self) -> None:
        """Waits began unseen, so it is not known to which of them the members belong."""
        self._members.clear()

    def object_id(self, life: ThreadLife, reason: Reason) -> int:
        """The object that stands for the group for which ``life`` begins to wait, or NOTHING."""
        group = self._members.pop(life, None)
        if group is None or reason not in GROUPS:
            return NOTHING
        count, members = group
        names = [name for name in map(self._name, members[:_NAMED]) if name]
        if not names:
            return NOTHING
        more = count - len(names)
        name = ", ".join(names) + (f" +{more}" if more > 0 else "")
        object_id = self._objects.get((reason, name), NOTHING)
        if not object_id and len(self._objects) < _MOST:
            object_id = self._book.new_object(TRAITS[reason].kind, name, NOTHING, 0).id
            self._objects[reason, name] = object_id
        return object_id

    def _name(self, obj: int) -> str:
        return self._ids.task_name(obj) or self._names.name_of(obj)
