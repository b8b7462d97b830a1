"""One thread's wait for the interpreter lock, in pieces by who has the lock meanwhile."""

from __future__ import annotations

from app.fusion.picture.lane import LEAST_PIECE_NS, Lane
from app.timeline.model import NOTHING
from app.timeline.states import State


class GilWait:
    """The pieces are cut when the wait is over: until then it may turn out to be none.

    ``sure``: it is for the lock, as far as can be known, so that its pieces are worth telling.
    ``turn`` is how often the lock had changed hands when the last piece began. ``mixed``: in that
    piece it changed hands, or who has it is not known.
    """

    __slots__ = ("_lane", "_pieces", "mixed", "sure", "turn")

    def __init__(self, lane: Lane, sure: bool, turn: int) -> None:
        self._lane = lane
        self._pieces = [(lane.start, NOTHING)]  # since when which track has the lock
        self.sure = sure
        self.turn = turn
        self.mixed = False

    @property
    def since(self) -> int:
        """When the last piece began."""
        return self._pieces[-1][0]

    @property
    def holder(self) -> int:
        """Who has the lock in the last piece."""
        return self._pieces[-1][1]

    def held_by(self, holder: int) -> None:
        """In the last piece this track has the lock."""
        self._pieces[-1] = self.since, holder

    def mix(self) -> None:
        """The holder in the last piece is another one than it was, or not known."""
        self.mixed = True
        self.held_by(NOTHING)
        if self._lane.state is State.GIL:
            self._lane.hold_by(NOTHING)

    def handed_over(self, t: int, holder: int, free_since: int, turn: int) -> None:
        """The holder is this track from ``t`` on; nobody was since ``free_since``, if not 0."""
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
            self.mixed, self.turn = False, turn
        self._lane.hold_by(self.holder)

    def cut(self) -> None:
        """Let the lane have the pieces."""
        self._lane.hold_by(self._pieces[0][1])
        for since, holder in self._pieces[1:]:
            self._lane.cut(since, holder)
