"""What a coroutine waits for: another coroutine, or the holder of a lock of its loop."""

from __future__ import annotations

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.lives.lives import Operation, TaskLife, ThreadLife, Waiter
from app.fusion.objects.objects import Held, KnownObject, Objects
from app.fusion.objects.reasons import (
    HELD_FROM_COROUTINE,
    NOTIFIED_COROUTINE,
    RELEASED_TO_COROUTINE,
)
from app.fusion.picture.book import Book
from app.timeline.model import NOTHING
from app.timeline.states import FlowKind, ObjectKind, Reason, State

#: If at most this many wait for an object, their open rows show a new holder at once.
_CROWD = 16


class TaskWaits:
    """The coroutines' part of the wait-for graph."""

    def __init__(self, book: Book, objects: Objects, graph: WaitGraph) -> None:
        self._book = book
        self._objects = objects
        self._graph = graph

    def begin(
        self, task: TaskLife, t: int, reason: Reason, line: int, obj: int, target: TaskLife | None
    ) -> tuple[int, int]:
        """It awaits another coroutine (``target``) or an object. Returns object and holder."""
        if target is not None:
            task.op = Operation(reason, t, line, obj, NOTHING, target)
            self._graph.entered(task, t)
            return NOTHING, target.track.id
        if not obj:
            return NOTHING, NOTHING
        known = self._objects.get(obj)
        if known is None:
            if reason is not Reason.FUTURE:
                return NOTHING, NOTHING
            known = self._objects.known(obj, reason)
        object_id = self._objects.show(obj, reason)
        task.op = Operation(reason, t, line, obj, object_id, None)
        known.add_waiter(task, reason)
        self._graph.entered(task, t)
        holder = known.sole_holder() if reason in HELD_FROM_COROUTINE else None
        return object_id, holder.track.id if holder is not None else NOTHING

    def loop_over(self, life: ThreadLife, t: int) -> None:
        """The thread runs its loop for another coroutine, or for none."""
        self._graph.loop_over(life, t)

    def over(self, task: TaskLife, t: int, waker: TaskLife | None) -> None:
        """It no longer waits. ``waker`` is the coroutine whose step made it ready."""
        op, task.op = task.op, None
        if op is None:
            return
        if op.target is not None:
            if op.target is waker:
                waker.readied.append(task)
        else:
            known = self._objects.known(op.obj, op.reason)
            known.remove_waiter(task)
            task.waited_line = op.line
            if known.handed_on and op.reason is Reason.SEMAPHORE:
                known.handed_on -= 1
                self._take_permit(known, task, t, op.line)
            released = known.released if op.reason in RELEASED_TO_COROUTINE else None
            given = op.given or known.notified if op.reason in NOTIFIED_COROUTINE else None
            if given is not None and given[1] >= op.entered:
                self._arrow(task, op.object_id, given, t)
            if released is not None and _by_this_step(released, waker):
                if task.lane.state is State.AWAITING and op.reason is Reason.LOCK:
                    task.lane.set_holder(released[0])
                self._arrow(task, op.object_id, released, t)
        self._graph.left(task, t)

    def done(self, task: TaskLife, t: int) -> None:
        """A coroutine is over: the ones that its last step made ready had awaited its end."""
        for waiter in task.readied:
            self._book.flow(FlowKind.JOIN, task.track.id, t, waiter.track.id, t)
        task.readied.clear()

    def acquired(
        self,
        t: int,
        life: ThreadLife,
        holder: TaskLife | None,
        obj: int,
        line: int,
        handed: bool = False,
    ) -> None:
        """``holder`` has the lock, maybe handed on by the step under way."""
        known = self._objects.known(obj, Reason.LOCK)
        if known.kind is ObjectKind.SEMAPHORE:
            if handed:
                known.handed_on = 1
            elif holder is not None:
                self._take_permit(known, holder, t, line)
            return
        known.holders.clear()
        if holder is None:
            return
        known.add_holder(holder, Held(t, line or holder.waited_line))
        released, step = known.released, life.loop.step
        if step is not holder and released is not None and _by_this_step(released, step):
            self._arrow(holder, known.object_id, released, t)
        _show_holder(known, holder, t)

    def _take_permit(self, known: KnownObject, task: TaskLife, t: int, line: int) -> None:
        held = known.holders.get(task)
        if held is None:
            known.add_holder(task, Held(t, line))
        else:
            held.count += 1
        _show_holder(known, known.sole_holder(), t)

    def released(self, t: int, life: ThreadLife, by: TaskLife | None, obj: int) -> None:
        known = self._objects.known(obj, Reason.LOCK)
        if known.kind is ObjectKind.SEMAPHORE:
            held = known.holders.get(by) if by is not None else None
            known.used_as_signal = known.used_as_signal or held is None
            if held is not None and by is not None:
                held.count -= 1
                if not held.count:
                    del known.holders[by]
        else:
            known.holders.clear()
        known.released = (life.actor, t)
        if known.waiters:
            self._graph.released(known, t)

    def _arrow(self, task: TaskLife, object_id: int, released: tuple[int, int], t: int) -> None:
        by, since = released
        if by != task.track.id:
            self._book.flow(FlowKind.RELEASE, by, since, task.track.id, t, object_id)


def _show_holder(known: KnownObject, holder: Waiter | None, t: int) -> None:
    """Let the open slices of coroutines that wait to get the object show its holder."""
    if holder is None or len(known.waiters) > _CROWD:
        return
    for waiter in known.waiters:
        op = waiter.op
        if waiter is holder or op is None or op.reason not in RELEASED_TO_COROUTINE:
            continue
        if waiter.lane.state is State.AWAITING:
            waiter.lane.pass_to(t, holder.track.id)


def _by_this_step(released: tuple[int, int], step: TaskLife | None) -> bool:
    """True if the last release was made by this step of a coroutine."""
    return step is not None and released[0] == step.track.id and released[1] >= step.step_start
