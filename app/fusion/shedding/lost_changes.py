"""What changed unseen of objects, queues and messages while records were given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.between.flows import Flows
from app.fusion.lives.lives import ThreadLife
from app.fusion.objects.levels import Levels
from app.fusion.objects.objects import Objects
from app.fusion.threads.operations import Operations
from app.timeline import probe_records as probe
from app.timeline.model import NOTHING
from app.timeline.states import ObjectKind, State

_WAITING = frozenset({State.BLOCKED, State.AWAITING})


class LostChanges:
    """An object's holders are not known from its first change on. A queue's items are known again
    once it was empty. Messages are counted. ``notes`` has what to do with each kind of record.
    """

    def __init__(
        self,
        objects: Objects,
        graph: WaitGraph,
        flows: Flows,
        operations: Operations,
        levels: Levels,
        start_ns: int,
        reach: Callable[[int], None],
        life_of: Callable[[probe.ProbeRecord], ThreadLife | None],
    ) -> None:
        self._objects = objects
        self._graph = graph
        self._flows = flows
        self._operations = operations
        self._levels = levels
        self._start = start_ns
        self._reach = reach
        self._life_of = life_of
        self.notes: dict[type[Any], Callable[[Any], None]] = {
            probe.Put: self._item,
            probe.Get: self._item,
            probe.Value: self._value,
            probe.Send: self._message,
            probe.Recv: self._message,
            probe.FutureRun: self._future_run,
            **dict.fromkeys(get_args(_Hands), self._hands),
        }
        self._forget()

    def _forget(self) -> None:
        self.touched: set[int] = set()  # objects whose holders are not known
        self._queues: dict[int, bool] = {}  # True if it is empty now
        self._sent: dict[int, int] = {}
        self._received: dict[int, int] = {}
        self._level: dict[int, tuple[int, int, int]] = {}

    def show_levels(self) -> None:
        """A piece of the stretch is over: show the last level of each object in it."""
        for obj, (t, value, most) in self._level.items():
            self._levels.changed(t, obj, value, most)
        self._level = {}

    def resume(self) -> None:
        """The stretch is over."""
        for queue, empty in self._queues.items():
            self._flows.items_unseen(queue, empty)
        for pipe in self._sent.keys() | self._received.keys():
            self._flows.unseen(pipe, self._sent.get(pipe, 0), self._received.get(pipe, 0))
        self._forget()

    def _hands(self, record: _Hands | probe.FutureRun) -> None:
        """An object changed hands, or let waiters go on."""
        obj = record.obj
        if obj >> 32 != record.pid:
            obj = self._objects.own(obj, record.pid)
        if obj in self.touched:
            return
        self.touched.add(obj)
        known = self._objects.get(obj)
        if known is None:
            return
        t = record.t - self._start
        self._reach(t)
        known.holders.clear()
        known.claimed_by = known.released = known.notified = None
        known.handed_on = 0
        if known.kind is ObjectKind.SEMAPHORE:
            known.used_as_signal = True  # how many permits each holder has is not known
        for waiter in known.waiters:
            if isinstance(waiter, ThreadLife):
                waiter.process.gil.make_unsure(waiter)
            if waiter.lane.state in _WAITING and waiter.lane.holder != NOTHING:
                waiter.lane.cut(t, NOTHING)
        self._graph.released(known, t)

    def _item(self, record: probe.Put | probe.Get) -> None:
        queue = record.obj
        if queue >> 32 != record.pid:
            queue = self._objects.own(queue, record.pid)
        taken = isinstance(record, probe.Get)
        self._queues[queue] = taken and record.sized == 1 and not record.size
        if record.sized:
            self._level[queue] = record.t - self._start, record.size, 0
        life = self._life_of(record)
        if life is not None and life.op is not None:
            self._operations.got(life, queue)

    def _value(self, record: probe.Value) -> None:
        obj = self._objects.own(record.obj, record.pid)
        self._level[obj] = record.t - self._start, record.value, record.most

    def _message(self, record: probe.Send | probe.Recv) -> None:
        counts = self._sent if isinstance(record, probe.Send) else self._received
        counts[record.obj] = counts.get(record.obj, 0) + 1

    def _future_run(self, record: probe.FutureRun) -> None:
        self._flows.forget_future(record.obj)
        self._hands(record)


#: Records after which an object has another holder, or a waiter may go on.
_Hands = (
    probe.Acquired
    | probe.Released
    | probe.Notify
    | probe.TaskAcquired
    | probe.TaskReleased
    | probe.FutureDone
    | probe.FutureBy
)
