"""The lines that were seen from outside, put to the tracks of their threads and coroutines."""

from __future__ import annotations

from app.fusion.lives.identities import Identities
from app.fusion.objects.objects import Objects
from app.fusion.picture.book import Book
from app.fusion.picture.lane import Lane
from app.timeline.records import LineSample
from app.timeline.states import State

#: Off its CPU a thread stays at its line from the first instant of a slice to the last.
_STANDS = frozenset({State.READY, State.BLOCKED, State.GIL, State.STOPPED})


class Lines:
    """A look at a running thread tells the line at that time, and no other. One at a thread that
    is off its CPU tells that of the whole slice, and so where the next one begins.
    """

    def __init__(self, book: Book, who: Identities, objects: Objects) -> None:
        self._book = book
        self._who = who
        self._objects = objects
        self._start = book.facts.start_ns
        self._switches = book.facts.switches

    def sample(self, t: int, record: LineSample) -> None:
        life = self._who.threads.get(record.tid)
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
        """Whether the track was in its open slice all the while it was looked at."""
        return not lane.ended and lane.start <= since
