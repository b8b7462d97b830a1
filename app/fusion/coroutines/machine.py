"""Coroutines: the probe records each change of their state exactly."""

from __future__ import annotations

import re

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.between.endings import Endings
from app.fusion.between.findings import Findings
from app.fusion.coroutines.waits import TaskWaits
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import TaskLife, ThreadLife
from app.fusion.objects.groups import Groups
from app.fusion.objects.objects import Objects
from app.fusion.objects.reasons import BY_CODE
from app.fusion.picture.book import Book
from app.fusion.picture.lane import OF_COROUTINE, Lane
from app.timeline import probe_records as probe
from app.timeline import wire
from app.timeline.model import NOTHING, Ending
from app.timeline.places import LINE_BITS, line_of
from app.timeline.states import (
    Cause,
    Evidence,
    FlowKind,
    Reason,
    State,
    TrackKind,
)

_AUTOMATIC = re.compile(r"Task-\d+")
_SUSPENDED = frozenset({State.READY, State.AWAITING})
_CAUSES = {
    wire.RETURNED: Cause.RETURNED,
    wire.RAISED: Cause.RAISED,
    wire.CANCELLED: Cause.CANCELLED,
}

_Placed = (
    probe.TaskNew
    | probe.TaskPause
    | probe.TaskBegan
    | probe.TaskPaused
    | probe.TaskAcquired
    | probe.NeverAwaited
)


class TaskMachine:
    """TASK_… records in, coroutine slices out. The loop's thread writes the records."""

    def __init__(
        self,
        book: Book,
        ids: Identities,
        objects: Objects,
        graph: WaitGraph,
        endings: Endings,
        findings: Findings,
        groups: Groups,
    ) -> None:
        self._book = book
        self._objects = objects
        self._waits = TaskWaits(book, objects, graph)
        self._endings = endings
        self._groups = groups
        self._findings = findings
        self._loops = findings.steps.loops
        self._namesakes: dict[tuple[int, str], int] = {}  # by pid and function
        self._tasks = ids.tasks
        #: The births of coroutines whose other records were given up so far: see ``lost_steps``.
        self.unborn: dict[int, probe.TaskNew] = {}
        self._tracks: dict[int, int] = {}  # also of tasks that are over, which may still be awaited

    def track_of(self, obj: int) -> int:
        """The track of the coroutine with the probe's id, or NOTHING."""
        return self._tracks.get(obj, NOTHING)

    def known(self, obj: int) -> bool:
        """True if the coroutine has a track, over or not."""
        return obj in self._tracks

    def loop(self, t: int, life: ThreadLife, record: probe.TaskLoop) -> None:
        """TASK_LOOP: the thread runs its loop until this coroutine is over."""
        task = self._tasks.get(record.task) if record.task else None
        if task is not None:
            task.awaited = True
        life.loop.runs_for, life.loop.runs_since = task, t
        self._waits.loop_over(life, t)

    def new(self, t: int, life: ThreadLife, record: probe.TaskNew) -> None:
        task = self._task(t, life, record.task, State.NEW)
        if task is None:
            return
        name, _, qualname = record.names.partition("\0")
        function = qualname.rpartition("<locals>.")[2]
        track = task.track
        if function and (not name or _AUTOMATIC.fullmatch(name)):
            track.name = f"{function} ({name})" if name else self._numbered(task, function)
        else:
            track.name = name or track.name
        self._book.touch(track)
        if task.born:
            return  # recorded again because it got a name
        task.born = True
        task.looped = record.origin == wire.IN_A_LOOP
        task.line = self._line(record)
        if record.origin == wire.GENERATOR:
            task.first_line = task.line
            t = track.start_ns
        parent = self._tracks.get(record.parent) or life.track.id
        self._book.flow(FlowKind.SPAWN, parent, t, track.id, max(t, track.start_ns))

    def ready(self, t: int, life: ThreadLife, record: probe.TaskReady) -> None:
        task = self._task(t, life, record.task, State.READY)
        if task is None:
            return
        running = life.loop.step
        if running is task or task.lane.state is State.RUNNING:
            task.ready_in_step = True
            return
        if task.op is not None:
            self._waits.over(task, t, running)
        if task.lane.state is not State.READY:
            task.lane.change(t, State.READY, Evidence.PROBE, line=task.lane.line)
        loop = task.thread.loop
        loop.ready_tasks.setdefault(task, t)
        step = loop.step
        if step is not None and not step.step_ready:
            step.step_ready = t

    def run(self, t: int, life: ThreadLife, record: probe.TaskRun) -> None:
        task = self._task(t, life, record.task, State.RUNNING)
        if task is None:
            return
        if task.thread is not life:
            task.thread.loop.ready_tasks.pop(task, None)
            task.thread = life
            life.awaited = True
            task.track.parent = life.track.id
            self._book.touch(task.track)
        loop = life.loop
        before = loop.step
        if before is not None and before is not task and before.lane.state is State.RUNNING:
            before.lane.change(t, State.UNKNOWN, Evidence.MISSING)  # its pause was lost
        if task.op is not None:
            self._waits.over(task, t, None)
        task.readied.clear()
        loop.ready_tasks.pop(task, None)
        loop.step = task
        self._loops[life] = None
        task.step_start = t
        task.ready_in_step = False
        task.spent = None
        task.step_ready = t if loop.ready_tasks else NOTHING
        if task.lane.state is not State.RUNNING or task.lane.start != t:
            # It goes on where it was suspended.
            line = task.lane.line if task.lane.state in _SUSPENDED else task.first_line
            task.lane.change(t, State.RUNNING, Evidence.PROBE, line=line)

    def pause(self, t: int, life: ThreadLife, record: probe.TaskPause) -> None:
        task = self._task(t, life, record.task, State.UNKNOWN)
        if task is None:
            return
        line = self._line(record)
        self._step_over(t, life, task, line)
        if task.lane.state is not State.RUNNING:
            task.lane.gap()  # the step it paused from was not seen
        if task.ready_in_step:
            task.ready_in_step = False
            task.lane.change(t, State.READY, Evidence.PROBE, line=line)
            life.loop.ready_tasks[task] = t
            return
        self._await(t, life, task, BY_CODE[record.reason], line, record.awaited)

    def began(self, t: int, life: ThreadLife, record: probe.TaskBegan) -> None:
        """A generator's first step began some time ago. Only now is it known to be a coroutine."""
        past = max(life.track.start_ns, t - (record.t - record.when))
        task = self._task(past, life, record.task, State.RUNNING)
        if task is not None:
            task.lane.at_line(self._line(record))

    def paused(self, t: int, life: ThreadLife, record: probe.TaskPaused) -> None:
        """That step ended, also some time ago."""
        task = self._task(t, life, record.task, State.UNKNOWN)
        if task is not None:
            past = max(task.lane.start, t - (record.t - record.when))
            inner = int(record.awaited) if record.awaited.isdecimal() else 0
            self._await(past, life, task, BY_CODE[record.reason], self._line(record), inner)

    def _await(
        self, t: int, life: ThreadLife, task: TaskLife, reason: Reason, line: int, obj: int
    ) -> None:
        """The coroutine awaits since ``t``: another coroutine, the object ``obj``, or neither."""
        holder = self._tracks.get(obj, NOTHING)
        object_id = NOTHING
        target = self._tasks.get(obj)
        if obj and (target is not None or holder == NOTHING):
            object_id, holder = self._waits.begin(task, t, reason, line, obj, target)
        elif not obj and reason is Reason.TASK:
            object_id = self._groups.object_id(life, reason)
        task.lane.change(
            t,
            State.AWAITING,
            Evidence.PROBE,
            reason,
            object_id,
            holder,
            line=line,
            reason_evidence=Evidence.MISSING if reason is Reason.NONE else Evidence.PROBE,
        )

    def done(self, t: int, life: ThreadLife, record: probe.TaskDone) -> None:
        task = self._task(t, life, record.task, State.UNKNOWN)
        if task is None:
            return
        self._step_over(t, life, task, 0)
        if record.outcome == wire.LOST:
            task.lane.change(t, State.UNKNOWN, Evidence.MISSING)
            return
        self._waits.done(task, t)
        cause = _CAUSES.get(record.outcome, Cause.UNKNOWN)
        self._endings.task_gone(task, t, Ending(cause, exception=record.exception or None))
        del self._tasks[record.task]

    def acquired(self, t: int, life: ThreadLife, record: probe.TaskAcquired) -> None:
        holder, handed = self._tasks.get(record.task), record.handed == 1
        self._waits.acquired(t, life, holder, record.obj, self._line(record), handed)

    def released(self, t: int, life: ThreadLife, record: probe.TaskReleased) -> None:
        self._waits.released(t, life, self._tasks.get(record.task), record.obj)

    def never_awaited(self, t: int, life: ThreadLife, record: probe.NeverAwaited) -> None:
        name = record.function.rpartition("<locals>.")[2] or "coroutine"
        track = self._book.new_track(
            TrackKind.COROUTINE, name, life.process.pid, 0, life.track.id, t
        )
        self._book.end_track(track, t, Ending(Cause.NEVER_AWAITED))
        self._findings.never_awaited(t, track.id, name, self._line(record))

    def _line(self, record: _Placed) -> int:
        place = record.place
        return self._objects.place(record.pid, place >> LINE_BITS, line_of(place))

    def _numbered(self, task: TaskLife, function: str) -> str:
        """``function``, ``function #2`` and so on, for coroutines without a name of their own."""
        count = self._namesakes.get((task.process.pid, function), 0) + 1
        self._namesakes[task.process.pid, function] = count
        return function if count == 1 else f"{function} #{count}"

    def _step_over(self, t: int, life: ThreadLife, task: TaskLife, line: int) -> None:
        if life.loop.step is task:
            life.loop.step = None
            self._findings.step_over(task, t, line or task.line)

    def _task(self, t: int, life: ThreadLife, obj: int, state: State) -> TaskLife | None:
        """The coroutine; a new one in ``state`` if its TASK_NEW comes later or was lost.

        None for a coroutine that is over: records after its end say nothing.
        """
        task = self._tasks.get(obj)
        if task is not None:
            return None if task.lane.ended else task
        if obj in self._tracks or not obj:
            return None
        birth = self.unborn.pop(obj, None) if self.unborn else None
        if birth is not None:
            # What it did since its birth went unseen.
            born = birth.t - self._book.facts.start_ns
            self.new(born, life, birth)
            task = self._tasks[obj]
            task.lane.change(born, State.UNKNOWN, Evidence.MISSING)
            return task
        track = self._book.new_track(
            TrackKind.COROUTINE, f"task {obj & 0xFFFF_FFFF}", life.process.pid, 0, life.track.id, t
        )
        evidence = Evidence.MISSING if state is State.UNKNOWN else Evidence.PROBE
        lane = Lane(self._book, track.id, t, OF_COROUTINE, state, evidence)
        task = TaskLife(obj, life.process, life, track, lane)
        self._tasks[obj] = task
        self._tracks[obj] = track.id
        life.process.tasks[task] = None
        return task
