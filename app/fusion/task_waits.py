"""Whom a coroutine waits for: the one that it awaits, or the holder of a lock of its loop."""

from __future__ import annotations

from app.fusion.book import Book
from app.fusion.lives import Operation, TaskLife, ThreadLife
from app.fusion.things import Held, Things
from app.fusion.waits import Waits
from app.timeline.model import NOTHING
from app.timeline.states import FlowKind, Reason, State

#: What is held, or promised, by someone who may be known.
_HELD = frozenset({Reason.LOCK, Reason.SEMAPHORE, Reason.FUTURE})
#: An open row of a waiter tells its new holder at once, unless a crowd waits.
_CROWD = 16


class TaskWaits:
    """The part of the wait-for graph in which coroutines stand."""

    def __init__(self, book: Book, things: Things, waits: Waits) -> None:
        self._book = book
        self._things = things
        self._waits = waits

    def begin(
        self, task: TaskLife, t: int, reason: Reason, line: int, obj: int, target: TaskLife | None
    ) -> tuple[int, int]:
        """It awaits another coroutine (``target``) or an object; the thing and who holds it."""
        if target is not None:
            task.op = Operation(reason, t, line, obj, NOTHING, target)
            self._waits.entered(task, t)
            return NOTHING, target.track.id
        if not obj:
            return NOTHING, NOTHING
        known = self._things.get(obj)
        if known is None:
            if reason is not Reason.FUTURE:
                return NOTHING, NOTHING
            known = self._things.known(obj, reason)
        thing = self._things.show(obj, reason)
        if reason not in _HELD:
            return thing, NOTHING
        task.op = Operation(reason, t, line, obj, thing, None)
        known.waiters[task] = None
        self._waits.entered(task, t)
        holder = known.sole_holder()
        return thing, holder.track.id if holder is not None else NOTHING

    def loop_over(self, life: ThreadLife, t: int) -> None:
        """The thread runs its loop for another coroutine, or for none."""
        self._waits.loop_over(life, t)

    def over(self, task: TaskLife, t: int, waker: TaskLife | None) -> None:
        """It waits no longer; ``waker`` is the coroutine whose step made it ready."""
        op, task.op = task.op, None
        if op is None:
            return
        if op.target is not None:
            if op.target is waker:
                waker.readied.append(task)
        else:
            known = self._things.known(op.obj, op.reason)
            known.waiters.pop(task, None)
            task.waited_line = op.line
            released = known.released
            if op.reason is Reason.FUTURE:
                given = known.notified
                if given is not None and given[1] >= op.entered:
                    self._arrow(task, op.thing, given, t)
                released = None
            if released is not None and _by_this_step(released, waker):
                if task.lane.state is State.AWAITING:
                    task.lane.hold_by(released[0])
                self._arrow(task, op.thing, released, t)
        self._waits.left(task, t)

    def done(self, task: TaskLife, t: int) -> None:
        """A coroutine is over: those that its last step made ready had awaited its end."""
        for waiter in task.readied:
            self._book.flow(FlowKind.JOIN, task.track.id, t, waiter.track.id, t)
        task.readied.clear()

    def acquired(
        self, t: int, life: ThreadLife, holder: TaskLife | None, obj: int, line: int
    ) -> None:
        """``holder`` has the lock; it may have been handed on to it by the step under way."""
        known = self._things.known(obj, Reason.LOCK)
        known.holders.clear()
        if holder is None:
            return
        known.holders[holder] = Held(t, line or holder.waited_line)
        released, step = known.released, life.step
        if step is not holder and released is not None and _by_this_step(released, step):
            self._arrow(holder, known.thing, released, t)
        for waiter in known.waiters if len(known.waiters) <= _CROWD else ():
            if waiter is not holder and waiter.lane.state is State.AWAITING:
                waiter.lane.hold_by(holder.track.id)

    def released(self, t: int, life: ThreadLife, obj: int) -> None:
        known = self._things.known(obj, Reason.LOCK)
        known.holders.clear()
        known.released = (life.actor, t)
        if known.waiters:
            self._waits.released(known, t)

    def _arrow(self, task: TaskLife, thing: int, released: tuple[int, int], t: int) -> None:
        by, since = released
        if by != task.track.id:
            self._book.flow(FlowKind.RELEASE, by, since, task.track.id, t, thing)


def _by_this_step(released: tuple[int, int], step: TaskLife | None) -> bool:
    """Whether the last release was made by this step of a coroutine."""
    return step is not None and released[0] == step.track.id and released[1] >= step.step_start
