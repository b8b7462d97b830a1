"""Who holds the interpreter lock of a process, as far as records of every switch tell.

CPython gives the lock away where a thread blocks, and where another one asked for it: a waiter
wakes each switch interval (5 ms, ``sys.setswitchinterval``), runs for some microseconds to ask,
and waits on (``take_gil`` in Python/ceval_gil.c). So of two threads that execute at once, the one
that came later only asks, unless it runs on for longer than asking takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.timeline.model import NOTHING
from app.timeline.states import State

if TYPE_CHECKING:
    from app.fusion.lives import ProcessLife, ThreadLife

#: A thread that runs for longer beside the holder does more than ask for the lock. A hand-over,
#: too, takes less than this.
ASKING_NS = 200_000
#: A wait is cut where the lock changes hands, but not into pieces shorter than this.
LEAST_PIECE_NS = 500_000
#: Waits of more threads than this are not cut: their holder is told where there was but one.
CROWD = 16

#: Looking a member up in its enum takes longer than most of what is done with it here.
_RUNNING, _READY, _GIL = State.RUNNING, State.READY, State.GIL
_ON_CPU = frozenset({_RUNNING, _READY})


class Gil:
    """The lock of one process.

    ``followed``: there is such a lock, and a witness of every switch, so that its holder can be
    told. ``holder`` is None while nobody holds the lock, or who does is not known. ``thing`` is the
    object as which the timeline shows it, from the first wait on. ``interval_ns`` is the switch
    interval as it was seen, 0 before.
    """

    __slots__ = ("_doubted", "_dropped", "_gave", "_previous", "_process", "_since", "_turns",
                 "_waiters", "followed", "holder", "interval_ns", "thing")  # fmt: skip

    def __init__(self, process: ProcessLife) -> None:
        self._process = process
        self.followed = True
        self.holder: ThreadLife | None = None
        self.thing = NOTHING
        self.interval_ns = 0
        self._previous: ThreadLife | None = None  # who held it before
        self._dropped = 0  # when it did last
        self._gave: ThreadLife | None = None  # who dropped it, and is on its CPU or queue yet
        self._doubted = 0  # until when it is not known who did
        self._since = 0
        self._turns = 0  # hand-overs so far
        self._waiters: dict[ThreadLife, bool] = {}  # may its slice be cut?

    def shown_as(self, thing: int) -> None:
        """The first wait: from now on it is told who holds the lock."""
        self.thing = thing
        if self.holder is not None and self.holder.lane.state in _ON_CPU:
            self.holder.lane.about(thing, self.holder.track.id)

    # --- who executes --------------------------------------------------------------------------

    def changed(self, life: ThreadLife, t: int) -> None:
        """The thread began or ceased to execute Python, or is about to leave or came on a CPU."""
        executing = self._process.executing
        if self.holder is not None:
            if life is not self.holder:
                self._settle(life, t)
            if self.holder in executing:
                return
            if self.holder is not None:
                self._drop(t)
        if self._gave is not None and self._gave not in executing:
            self._gave = None
        taker = None
        for other in executing:
            if other.lane.state is _RUNNING and other is not self._gave:
                if taker is not None:
                    return  # one of them asks, and which is not known
                taker = other
        if taker is not None:
            self._take(taker, t)

    def offered(self, waiter: ThreadLife, waker: ThreadLife, t: int) -> None:
        """A thread wakes one that waits for the lock: the holder does when it drops it.

        Who took it wakes the one that dropped it for him, too (FORCE_SWITCHING).
        """
        answers = waiter is self._previous and t - self._since < ASKING_NS
        if waker is self.holder and not answers:
            self._drop(t)
            self._gave = waker

    def proved(self, life: ThreadLife, t: int) -> None:
        """The thread wrote a record of the probe: it executed Python, so it holds the lock."""
        if self.holder is life or life.lane.state is not _RUNNING:
            return
        self._settle(life, t)
        if self.holder is not life:
            self._displace(t, life)
            self._take(life, t)

    def gone(self, life: ThreadLife, t: int) -> None:
        """The thread ended."""
        self._waiters.pop(life, None)
        if self.holder is life:
            self._drop(t)
            self._previous = None
            self.changed(life, t)

    def label(self, life: ThreadLife) -> None:
        """Say of a slice on a CPU or a run queue whether the thread holds the lock or asks.

        Only once the lock is shown as a ``thing``.
        """
        holder = self.holder
        if holder is life:
            life.lane.about(self.thing, life.track.id)
        elif life.wants_gil or (holder is not None and life in self._process.executing):
            life.lane.about(self.thing, holder.track.id if holder is not None else NOTHING)

    # --- who waits -----------------------------------------------------------------------------

    def wait(self, life: ThreadLife, sure: bool) -> int:
        """The thread's open slice is a wait for the lock; the track that holds it, or NOTHING.

        One that is not ``sure`` is not cut: it may yet turn out to be another wait.
        """
        if life in self._waiters:
            return life.lane.holder
        self._waiters[life] = sure
        life.wants_gil = True
        life.gil_mixed = False
        life.gil_turn = self._turns
        holder = self.holder
        if holder is None or holder is life or len(self._waiters) > CROWD:
            return NOTHING
        if self._since > life.lane.start + ASKING_NS:  # it is known late what the wait is for
            life.gil_mixed = True
            return NOTHING
        return holder.track.id

    def gave_up(self, life: ThreadLife) -> None:
        """The thread is blocked for something else."""
        life.wants_gil = False
        self._waiters.pop(life, None)

    def waited(self, life: ThreadLife, t: int) -> None:
        """The wait is over, or turned out to be none."""
        if life not in self._waiters:
            return
        del self._waiters[life]
        if life.lane.state is not _GIL:
            return
        for other in list(self._process.executing):
            self._settle(other, t)
        if life.lane.holder == NOTHING and not life.gil_mixed and life.gil_turn == self._turns:
            holder = self.holder or self._previous
            if holder is not None and holder is not life and self._since <= life.lane.start:
                life.lane.hold_by(holder.track.id)

    # --- hand-overs ----------------------------------------------------------------------------

    def _settle(self, life: ThreadLife, t: int) -> None:
        """A thread that has run for so long beside the holder did not only ask.

        One that waited for the lock has it, then: the other gave it up, and was preempted doing
        so, or goes on without it. Else either of the two may run without it.
        """
        holder = self.holder
        if holder is None or life is holder or life.lane.state is not _RUNNING:
            return
        since = max(life.lane.start, self._since)
        if t - since <= ASKING_NS:
            return
        if life.wants_gil:
            self._displace(since, life)
            self._take(life, since)
        elif life.op is None:
            self._doubt(t)

    def _displace(self, t: int, by: ThreadLife) -> None:
        """The lock is another one's since ``t``, though the holder did not leave its CPU for it."""
        holder = self.holder
        if holder is None:
            return
        self._drop(t)
        lane = holder.lane
        if lane.state is _READY and self.thing:
            # It has not run since, so it was preempted between giving and asking again.
            holder.wants_gil = True
            lane.about(self.thing, by.track.id)

    def _drop(self, t: int) -> None:
        self._previous, self.holder = self.holder, None
        self._dropped = t

    def _doubt(self, t: int) -> None:
        """Two threads ran at once: one of them gave the lock up, and which is not known."""
        self.holder = self._previous = None
        self._doubted = self._dropped = t
        for other in self._process.executing:
            if other.lane.state is _RUNNING:
                other.lane.about(NOTHING, NOTHING)
        for waiter in self._waiters:
            waiter.gil_mixed = True
            if waiter.lane.state is _GIL:
                waiter.lane.hold_by(NOTHING)

    def _take(self, life: ThreadLife, t: int) -> None:
        again = self._previous is life
        self._gave = None
        self.holder = life
        self._since = self._since if again else t
        life.wants_gil = False
        if self.thing and life.lane.state in _ON_CPU and life.lane.start >= self._doubted:
            life.lane.about(self.thing, life.track.id)
        if again:
            return
        self._turns += 1
        if 0 < len(self._waiters) <= CROWD:
            for waiter, sure in list(self._waiters.items()):
                if waiter.lane.state is not _GIL or waiter is life:
                    del self._waiters[waiter]
                elif sure:
                    self._cut(waiter, t)
                else:
                    waiter.gil_mixed = True
                    waiter.lane.hold_by(NOTHING)

    def _cut(self, waiter: ThreadLife, t: int) -> None:
        """The holder is another one from now on."""
        assert self.holder is not None
        lane, holder = waiter.lane, self.holder.track.id
        if lane.start >= t and not waiter.gil_mixed:
            lane.hold_by(holder)
        elif t - lane.start < LEAST_PIECE_NS:
            if lane.holder not in (NOTHING, holder):
                waiter.gil_mixed = True
                lane.hold_by(NOTHING)
            elif not waiter.gil_mixed:
                lane.hold_by(holder)
        else:
            if t - self._dropped > ASKING_NS and self._dropped > lane.start:
                lane.cut(self._dropped, NOTHING)  # for a while nobody held it
            lane.cut(t, holder)
            waiter.gil_mixed = False
            waiter.gil_turn = self._turns
