"""One thread's wait for the interpreter lock, cut where the lock changes hands."""

from __future__ import annotations

from app.fusion.picture.lane import LEAST_PIECE_NS, Lane
from app.timeline.model import NOTHING
from app.timeline.states import State


class GilWait:
    """Each piece has one holder of the lock. The lane gets them when the wait is over, for until
    then it may turn out to be no wait for the lock.

    ``sure``: it is one, as far as can be known, so its pieces are kept. ``handovers``: how often
    the lock had changed hands when the last piece began. ``mixed``: in the last piece the lock
    changed hands, or its holder is not known.
    """

    __slots__ = ("_lane", "_pieces", "handovers", "mixed", "sure")

    def __init__(self, lane: Lane, sure: bool, handovers: int) -> None:
        self._lane = lane
        self._pieces = [(lane.start, NOTHING)]  # from when, which track has the lock
        self.sure = sure
        self.handovers = handovers
        self.mixed = False

    @property
    def since(self) -> int:
        """When the last piece began."""
        return self._pieces[-1][0]

    @property
    def holder(self) -> int:
        """The track that has the lock in the last piece, or NOTHING."""
        return self._pieces[-1][1]

    def held_by(self, holder: int) -> None:
        """This track has the lock in the last piece."""
        self._pieces[-1] = self.since, holder

    def mix(self) -> None:
        """The last piece has more than one holder, or an unknown one."""
        self.mixed = True
        self.held_by(NOTHING)
        if self._lane.state is State.GIL:
            self._lane.set_holder(NOTHING)

    def handed_over(self, t: int, holder: int, free_since: int, handovers: int) -> None:
        """This track has the lock from ``t`` on.

        ``free_since``: from when the lock had no holder; 0 if it was handed on directly.
        """
        since = self.since
        if t - since < LEAST_PIECE_NS:
            if since < t and self.holder not in (NOTHING, holder):
                self.mix()
            elif not self.mixed:
                self.held_by(holder)
        else:
            if free_since > since:
                self._pieces.append((free_since, NOTHING))
            self._pieces.append((t, holder))
            self.mixed, self.handovers = False, handovers
        self._lane.set_holder(self.holder)

    def cut(self) -> None:
        """Cut the lane's open slice into the pieces."""
        self._lane.set_holder(self._pieces[0][1])
        for since, holder in self._pieces[1:]:
            self._lane.cut(since, holder)
