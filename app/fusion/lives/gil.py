"""Who holds the interpreter lock of a process, as far as records of every switch tell.

CPython gives the lock away where a thread blocks, and where another one asked for it: a waiter
wakes each switch interval (5 ms, ``sys.setswitchinterval``), runs for some microseconds to ask,
and waits on (``take_gil`` in Python/ceval_gil.c). So of two threads that execute at once, the one
that came later only asks, unless it runs on for longer than asking takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.fusion.lives.gil_wait import GilWait
from app.fusion.picture.lane import LEAST_PIECE_NS
from app.timeline.model import NOTHING
from app.timeline.states import State

if TYPE_CHECKING:
    from app.fusion.lives.lives import ProcessLife, ThreadLife

#: CPython's switch interval where the program sets none.
DEFAULT_INTERVAL_NS = 5_000_000
#: A thread that runs for longer beside the holder does more than ask for the lock. A hand-over,
#: too, takes less than this.
ASKING_NS = 200_000
#: What a thread runs inside a call before it waits, or after, is told apart if it is longer.
_LEAST_CALL_NS = 8_000
#: Waits of more threads than this are not cut: their holder is told where there was but one.
CROWD = 16

#: Looking a member up in its enum takes longer than most of what is done with it here.
_RUNNING, _READY, _GIL = State.RUNNING, State.READY, State.GIL
_ON_CPU = frozenset({_RUNNING, _READY})


class Gil:
    """The lock of one process.

    ``followed``: there is such a lock, and a witness of every switch, so that its holder can be
    told. ``holder`` is None while nobody holds the lock, or who does is not known. ``object_id`` is
    the object as which the timeline shows it, from the first wait on. ``interval_ns`` is the switch
    interval. ``asked``: a waiter asked its holder for it.
    """

    __slots__ = ("_blind", "_doubted", "_dropped", "_gave", "_previous", "_process", "_ran",
                 "_since", "_turns", "_waited", "_waiters", "asked", "followed", "holder",
                 "interval_ns", "object_id", "unsure")  # fmt: skip

    def __init__(self, process: ProcessLife) -> None:
        self._process = process
        #: Threads of which records were given up that tell whether they wait for the lock.
        self.unsure: dict[ThreadLife, None] = {}
        self.followed = True
        self.holder: ThreadLife | None = None
        self.object_id = NOTHING
        self.interval_ns = DEFAULT_INTERVAL_NS
        self.asked = False
        self._previous: ThreadLife | None = None  # who held it before
        self._dropped = 0  # when it did last
        self._gave: ThreadLife | None = None  # who dropped it, and is on its CPU or queue yet
        self._doubted = 0  # until when it is not known who did
        self._since = self._ran = 0  # when the holder took it, and how long it had run by then
        self._waited = False  # the holder had waited for it, and nothing proves yet that it has it
        self._turns = 0  # hand-overs so far
        self._blind = False  # switches go unseen
        self._waiters: dict[ThreadLife, GilWait] = {}

    def shown_as(self, object_id: int) -> None:
        """The first wait: from now on it is told who holds the lock."""
        self.object_id = object_id
        if self.holder is not None and self.holder.lane.state in _ON_CPU:
            self.holder.lane.about(object_id, self.holder.track.id)

    # --- who executes --------------------------------------------------------------------------

    def changed(self, life: ThreadLife, t: int) -> None:
        """The thread began or ceased to execute Python, or is about to leave or came on a CPU."""
        if self._blind:
            return
        executing = self._process.executing
        if self.holder is None:
            self._settle(life, t)
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
        if waker is not self.holder:
            return
        answers = waiter is self._previous and self._ran_since(t) < ASKING_NS
        if not answers:
            self._drop(t)
            self._gave = waker

    def proved(self, life: ThreadLife, t: int) -> None:
        """The thread wrote a record of the probe: it executed Python, so it holds the lock."""
        if self.holder is life or life.lane.state is not _RUNNING:
            self._waited = self._waited and self.holder is not life
            return
        self._settle(life, t)
        if self.holder is not life:
            if self.object_id:
                self._ran_in_call(life, t)
            self._displace(t, life)
            self._take(life, t)
            self._waited = False

    @staticmethod
    def _ran_in_call(life: ThreadLife, t: int) -> None:
        """If it ran inside a call that gives the lock up: it has it again by now."""
        op, lane = life.op, life.lane
        if op is None:
            return
        called = op.entered > lane.start
        least = LEAST_PIECE_NS if called or life.wants_gil else _LEAST_CALL_NS
        if t - max(op.entered, lane.start) > least:
            if called:
                lane.cut(op.entered, NOTHING)
                lane.about(NOTHING, NOTHING)
            lane.cut(t, NOTHING)

    def left_for(self, life: ThreadLife, t: int) -> None:
        """The thread leaves its CPU at ``t``, to wait in a call: there it gave the lock up."""
        op, lane = life.op, life.lane
        if op is None or lane.state is not _RUNNING or lane.holder != life.track.id:
            return
        if t - op.entered > _LEAST_CALL_NS and op.entered > lane.start:
            lane.cut(op.entered, NOTHING)
            lane.about(NOTHING, NOTHING)

    def gone(self, life: ThreadLife, t: int) -> None:
        """The thread ended."""
        self.unsure.pop(life, None)
        self.waited(life, t)
        if self.holder is life:
            self._drop(t)
            self._previous = None
            self.changed(life, t)

    def lost(self, t: int) -> None:
        """Switches of a thread went unseen: who has the lock, and who waits, is not known."""
        if self.followed and (self.holder is not None or self._waiters or self._previous):
            self._doubt(t)
            self._waiters.clear()
        self.asked = self._waited = False
        self._gave = None
        self._blind = True

    def found(self, t: int) -> None:
        """Since ``t`` all switches are told again; who has the lock turns out as time goes on."""
        self._blind = False
        if self.followed:
            self._doubt(t)

    def label(self, life: ThreadLife) -> None:
        """Say of a slice on a CPU or a run queue whether the thread holds the lock or asks.

        Only once the lock is shown, as ``object_id``.
        """
        holder = self.holder
        if holder is life:
            life.lane.about(self.object_id, life.track.id)
        elif life.wants_gil:
            life.lane.about(self.object_id, holder.track.id if holder is not None else NOTHING)

    # --- who waits -----------------------------------------------------------------------------

    def wait(self, life: ThreadLife, sure: bool) -> int:
        """The thread's open slice is a wait for the lock; the track that holds it, or NOTHING.

        One that is not ``sure`` is not cut: it may yet turn out to be another wait.
        """
        if life in self._waiters:
            return life.lane.holder
        wait = self._waiters[life] = GilWait(life.lane, sure, self._turns)
        self.asked = self.asked or life.wants_gil  # it came to ask, and waits on
        life.wants_gil = True
        holder = self.holder
        if holder is None or holder is life or len(self._waiters) > CROWD:
            return NOTHING
        if self._since > life.lane.start + ASKING_NS:  # it is known late what the wait is for
            wait.mixed = True
        else:
            wait.held_by(holder.track.id)
        return wait.holder

    def gave_up(self, life: ThreadLife) -> None:
        """The thread is blocked for something else."""
        life.wants_gil = False
        self._waiters.pop(life, None)

    def waited(self, life: ThreadLife, t: int) -> None:
        """The wait is over, or turned out to be none."""
        wait = self._waiters.pop(life, None)
        if wait is None or life.lane.state is not _GIL:
            return
        for other in list(self._process.executing):
            self._settle(other, t)
        if wait.holder == NOTHING and not wait.mixed and wait.turn == self._turns:
            holder = self.holder or self._previous
            if holder is not None and holder is not life and self._since <= wait.since:
                wait.held_by(holder.track.id)
        wait.cut()

    # --- hand-overs ----------------------------------------------------------------------------

    def _settle(self, life: ThreadLife, t: int) -> None:
        """A thread that has run for so long beside the holder did not only ask.

        One that waited for the lock has it, then: the other gave it up, and was preempted doing
        so, or goes on without it. Else either of the two may run without it.
        """
        holder = self.holder
        if life is holder or life.lane.state is not _RUNNING:
            return
        since = max(life.lane.start, self._since, self._dropped if holder is None else 0)
        if t - since <= ASKING_NS:
            return
        if life.wants_gil:
            self._displace(since, life)
            self._take(life, since)
        elif life.op is None and holder is not None:
            self._doubt(t)

    def _displace(self, t: int, by: ThreadLife) -> None:
        """The lock is another one's since ``t``, though the holder did not leave its CPU for it."""
        holder = self.holder
        if holder is None:
            return
        if by.wants_gil and t - by.off_at >= self.interval_ns:
            self.asked = True  # it did so before it ran on
        self._drop(t)
        lane, wants = holder.lane, holder.wants_gil
        if lane.state is _READY and self.object_id:
            # It has not run since, so it was preempted after giving it.
            lane.about(self.object_id if wants else NOTHING, by.track.id if wants else NOTHING)

    def _wants_again(self, giver: ThreadLife, t: int) -> bool:
        """Whether the holder, which gives the lock away, waits for it at once.

        It does when it was asked for it, and when it only seemed to have got it. Else it calls
        something that blocks.
        """
        if giver.op is not None or giver.ending is not None:
            return False
        return self.asked or (self._waited and self._ran_since(t) < ASKING_NS)

    def _ran_since(self, t: int) -> int:
        """How long the holder has run since it took the lock."""
        assert self.holder is not None
        return self.holder.lane.total(_RUNNING, t) - self._ran

    def _drop(self, t: int) -> None:
        holder = self.holder
        assert holder is not None
        holder.wants_gil = holder.gil_gives = self._wants_again(holder, t)
        self._previous, self.holder = holder, None
        self._dropped = t

    def _doubt(self, t: int) -> None:
        """Two threads ran at once: one of them gave the lock up, and which is not known."""
        self.holder = self._previous = None
        self._doubted = self._dropped = t
        for other in self._process.executing:
            lane = other.lane
            if lane.state is _RUNNING or lane.holder == other.track.id:
                lane.about(NOTHING, NOTHING)
        for wait in self._waiters.values():
            wait.mix()

    def _take(self, life: ThreadLife, t: int) -> None:
        before = self._previous
        again = before is life
        self._gave = None
        self.holder = life
        if not again:
            self._since = t
        if not again or life.wants_gil:
            self._ran = life.lane.total(_RUNNING, t)
        self.asked = self.asked and again
        self._waited = life.wants_gil
        life.wants_gil = life.gil_gives = False
        if self.object_id and life.lane.state in _ON_CPU and life.lane.start >= self._doubted:
            life.lane.about(self.object_id, life.track.id)
        if again:
            return
        self._turns += 1
        if before is not None and (before.gives or before.gil_gives):
            # It is told now that another one has it; on its way off its CPU, maybe.
            before.gives = before.gil_gives = False
            before.told_at = t
        if not 0 < len(self._waiters) <= CROWD:
            return
        free_since = self._dropped if t - self._dropped > ASKING_NS else 0
        for waiter, wait in list(self._waiters.items()):
            if waiter.lane.state is not _GIL or waiter is life:
                del self._waiters[waiter]
            elif wait.sure:
                wait.handed_over(t, life.track.id, free_since, self._turns)
            else:
                wait.mix()
