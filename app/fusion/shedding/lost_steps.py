"""What coroutines did unseen while records were given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.coroutines.machine import TaskMachine
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import TaskLife
from app.timeline import probe_records as probe
from app.timeline.model import NOTHING
from app.timeline.records import Record
from app.timeline.states import Evidence, State

_Step = probe.TaskReady | probe.TaskRun | probe.TaskPause


class LostSteps:
    """A coroutine is unknown from its second step to its last. One that began and ended meanwhile
    is not shown. One that only began is born when another record of it is applied.
    """

    def __init__(
        self,
        ids: Identities,
        tasks: TaskMachine,
        graph: WaitGraph,
        start_ns: int,
        apply: Callable[[Record], None],
        reach: Callable[[int], None],
    ) -> None:
        self._ids = ids
        self._tasks = tasks
        self._graph = graph
        self._start = start_ns
        self._apply = apply
        self._reach = reach
        self._steps: dict[
            int, _Step | None
        ] = {}  # the last one; None: only one came, and was applied
        self.notes: dict[type[Any], Callable[[Any], None]] = {
            probe.TaskNew: self._task_new,
            probe.TaskReady: self._step,
            probe.TaskRun: self._step,
            probe.TaskPause: self._step,
            probe.TaskDone: self._task_done,
        }

    def resume(self) -> list[Record]:
        """The stretch is over. Returns the last step of each coroutine in it."""
        steps, self._steps = self._steps, {}
        return [record for record in steps.values() if record is not None]

    def _task_new(self, record: probe.TaskNew) -> None:
        if self._tasks.known(record.task):
            self._apply(record)  # another name
        else:
            self._tasks.unborn[record.task] = record

    def _step(self, record: _Step) -> None:
        obj, steps = record.task, self._steps
        if obj not in steps:
            if self._ids.tasks.get(obj) is not None:
                steps[obj] = None
                self._apply(record)
            else:
                steps[obj] = record
            return
        if steps[obj] is None:
            task = self._ids.tasks.get(obj)
            if task is not None:
                self._lose(task, record.t - self._start)
        steps[obj] = record

    def _lose(self, task: TaskLife, t: int) -> None:
        """What the coroutine does from ``t`` on is not known."""
        self._reach(t)
        task.thread.loop.forget(task)
        self._graph.abandon(task, t)
        task.readied.clear()
        task.ready_in_step, task.step_ready, task.spent = False, NOTHING, None
        task.lane.change(t, State.UNKNOWN, Evidence.MISSING)

    def _task_done(self, record: probe.TaskDone) -> None:
        self._steps.pop(record.task, None)
        if self._tasks.unborn.pop(record.task, None) is None and self._tasks.known(record.task):
            self._apply(record)
