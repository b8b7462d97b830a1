"""Gives lines that were seen from outside to the tracks of their threads and coroutines."""

from __future__ import annotations

from app.fusion.lives.identities import Identities
from app.fusion.objects.objects import Objects
from app.fusion.picture.book import Book
from app.fusion.picture.lane import Lane
from app.timeline.records import LineSample
from app.timeline.states import State

#: In these states a thread stays at one line for the whole slice.
_STANDS = frozenset({State.READY, State.BLOCKED, State.GIL, State.STOPPED})


class Lines:
    """A look at a running thread shows its line at that time only. A look at a thread that is off
    its CPU shows the line of the whole slice, and so the one at which the next slice begins.
    """

    def __init__(self, book: Book, ids: Identities, objects: Objects) -> None:
        self._book = book
        self._ids = ids
        self._objects = objects
        self._start = book.facts.start_ns
        self._switches = book.facts.switches

    def sample(self, t: int, record: LineSample) -> None:
        life = self._ids.threads.get(record.tid)
        if life is None or life.exited or life.process.pid != record.pid:
            return
        since = record.since - self._start
        place = self._objects.place_in(record.path, record.line)
        if not place or not self._was_one(life.lane, since):
            return
        lane = life.lane
        if self._switches and lane.state in _STANDS:
            if not lane.line:
                lane.at_line(place)
        else:
            self._book.seen(lane.track, t, place)
        step = life.loop.step
        if (
            step is not None
            and step.lane.state is State.RUNNING
            and self._was_one(step.lane, since)
        ):
            self._book.seen(step.lane.track, t, place)

    @staticmethod
    def _was_one(lane: Lane, since: int) -> bool:
        """True if the track was in its open slice during the whole look."""
        return not lane.ended and lane.start <= since
