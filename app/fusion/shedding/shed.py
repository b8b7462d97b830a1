"""Load shedding: gives up records if fusion can't keep up. What they could have changed is unknown.

A stretch of the run is given up as a whole, several times faster than it could be fused. Births,
ends, names and texts are applied all the same, so threads and processes stay known. A thread whose
switches are given up is *unknown* from the first of them to its last state in the stretch, a
coroutine from its second step, an object's holders from their first change. A thread without a
record in the stretch did not change, and is shown so. At the end of the stretch the last state of
each thread and coroutine is taken up. Messages are counted, so that later ones are not taken for
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.between.flows import Flows
from app.fusion.coroutines.machine import TaskMachine
from app.fusion.lives import gil_rules
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.objects.groups import Groups
from app.fusion.objects.levels import Levels
from app.fusion.objects.objects import Objects
from app.fusion.picture.book import Book
from app.fusion.shedding.lost_changes import LostChanges
from app.fusion.shedding.lost_steps import LostSteps
from app.fusion.threads.between_looks import forget_looks
from app.fusion.threads.off_cpu import forget_stop
from app.fusion.threads.operations import Operations
from app.fusion.threads.samples import forget_readings, read_unseen
from app.fusion.threads.switches import SwitchMachine
from app.timeline import probe_records as probe
from app.timeline.model import NOTHING
from app.timeline.records import (
    LineSample,
    Record,
    SchedStat,
    StatSample,
    SwitchIn,
    SwitchOut,
    SyscallSample,
    Wakeup,
    Waking,
)

_SAMPLES = (SchedStat, StatSample, SyscallSample, LineSample)


class Shed:
    """``give_up`` takes a stretch, in pieces; ``resume`` ends it. In between it is ``under_way``.

    ``apply`` applies a record that is not given up, ``reach`` moves the run's time on.
    """

    def __init__(
        self,
        book: Book,
        ids: Identities,
        objects: Objects,
        graph: WaitGraph,
        flows: Flows,
        operations: Operations,
        tasks: TaskMachine,
        threads: SwitchMachine,
        groups: Groups,
        levels: Levels,
        apply: Callable[[Record], None],
        reach: Callable[[int], None],
    ) -> None:
        self._book = book
        self._ids = ids
        self._lives = ids.threads
        self._objects = objects
        self._flows = flows
        self._operations = operations
        self._tasks = tasks
        self._threads = threads
        self._groups = groups
        self._apply = apply
        self._reach = reach
        self._start = book.facts.start_ns
        self._switches = book.facts.switches
        self.under_way = False
        self._passed = LostChanges(
            objects, graph, flows, operations, levels, self._start, reach, self._life
        )
        self._lost_steps = LostSteps(ids, tasks, graph, self._start, apply, reach)
        self._notes: dict[type[Any], Callable[[Any], None]] = {
            probe.Enter: self._operation,
            probe.Leave: self._operation,
            **self._passed.notes,
            **self._lost_steps.notes,
            **dict.fromkeys(_OF_NO_STATE, lambda record: None),
        }
        self._forget()

    def _forget(self) -> None:
        self._gaps: dict[ThreadLife, None] = {}
        self._switched: dict[int, SwitchIn | SwitchOut] = {}  # the last one of each thread
        self._came: dict[int, int] = {}  # when each got a CPU last
        self._woken: dict[int, Wakeup] = {}  # since then
        self._seen: dict[int, dict[type, StatSample | SyscallSample]] = {}  # the last of each
        self._entered: dict[int, probe.Enter | probe.Leave] = {}  # the last ENTER or LEAVE

    def give_up(self, records: Iterable[Record]) -> None:
        """Records in order of time. Those that are not applied count as lost."""
        if not self.under_way:
            self.under_way = True
            for process in self._ids.living:
                for life in process.threads.values():
                    self._flows.forget_received(life)
        notes, switched, came, lost, since = self._notes, self._switched, self._came, 0, 0
        for record in records:
            since = since or record.t
            if isinstance(record, probe.ProbeRecord):
                note = notes.get(type(record))
                if note is None:
                    self._apply(record)
                else:
                    lost += 1
                    note(record)
            elif isinstance(record, SwitchIn | SwitchOut):
                lost += 1
                tid = record.tid
                if tid not in switched:
                    self._first_switch(record)
                    continue
                if isinstance(record, SwitchIn):
                    came[tid] = record.t
                switched[tid] = record
            elif isinstance(record, Waking):
                lost += 1
            elif isinstance(record, Wakeup):
                lost += 1
                self._wakeup(record)
            elif isinstance(record, _SAMPLES) and self._lives.get(record.tid) in self._gaps:
                lost += 1
                self._sampled(record)
            else:
                self._apply(record)
        if lost:
            self._book.lose(lost, since - self._start)
        self._passed.show_levels()

    def resume(self) -> None:
        """The stretch is over: take up the last state of each thread, coroutine and channel."""
        self.under_way = False
        records = self._lost_steps.resume()
        for life in self._gaps:
            last = None if life.exited else self._switched.get(life.tid)
            if last is not None:
                records.append(last)
            if isinstance(last, SwitchOut):
                since: list[Record] = [*self._seen.get(life.tid, {}).values()]
                since += [self._woken[life.tid]] if life.tid in self._woken else []
                records += (record for record in since if record.t >= last.t)
        records += (record for record in self._entered.values() if isinstance(record, probe.Enter))
        for life in self._gaps:
            if not self._still_waits(life):
                life.process.gil.make_unsure(life)
        records.sort(key=lambda record: record.t)
        for record in records:
            self._take_up(record.t - self._start, record)
        for process in {life.process: None for life in self._gaps}:
            gil_rules.found(process, self._book.now)
        self._passed.resume()
        self._groups.forget()
        self._forget()

    def _take_up(self, t: int, record: Record) -> None:
        if isinstance(record, SwitchIn):
            self._threads.switch_in(t, record)
        elif isinstance(record, SwitchOut):
            self._threads.switch_out(t, record)
        elif isinstance(record, Wakeup):
            self._threads.wakeup(t, record)
        elif isinstance(record, StatSample):
            life = self._lives.get(record.tid)
            if life is not None and record.state in "Tt":
                life.lane.cut(t, life.lane.holder)  # this says nothing about its state before
            self._threads.stat_sample(t, record)
        elif isinstance(record, SyscallSample):
            self._threads.syscall_sample(t, record)
        elif isinstance(record, probe.ProbeRecord):
            life = self._life(record)
            if life is None:
                return
            if isinstance(record, probe.Enter):
                obj = self._objects.own(record.obj, record.pid)
                if obj in self._objects.ambiguous:
                    obj = NOTHING
                if obj in self._passed.touched:
                    life.process.gil.make_unsure(life)
                self._operations.enter(t, life, record._replace(b=obj))
            elif isinstance(record, probe.TaskReady):
                self._tasks.ready(t, life, record)
            elif isinstance(record, probe.TaskRun):
                self._tasks.run(t, life, record)
            elif isinstance(record, probe.TaskPause):
                self._tasks.pause(t, life, record)

    def _still_waits(self, life: ThreadLife) -> bool:
        """True if its operation has kept it off its CPU since it began, and still does."""
        last, came = self._entered.get(life.tid), self._came.get(life.tid, 0)
        if last is None:
            return life.op is not None and not came
        return isinstance(last, probe.Enter) and came < last.t

    # --- threads -------------------------------------------------------------------------------

    def _life(self, record: probe.ProbeRecord) -> ThreadLife | None:
        life = self._lives.get(record.tid)
        if life is None or life.exited or life.process.pid != record.pid:
            return None
        return life

    def _first_switch(self, record: SwitchIn | SwitchOut) -> None:
        life = self._lives.get(record.tid)
        if life is None or life.exited:
            self._apply(record)
            return
        self._gap(life, record.t - self._start)
        self._switched[record.tid] = record
        if isinstance(record, SwitchIn):
            self._came[record.tid] = record.t

    def _wakeup(self, record: Wakeup) -> None:
        life = self._lives.get(record.tid)
        if life is None or life.exited:
            return
        if record.tid not in self._switched:
            self._gap(life, record.t - self._start)
        self._woken[record.tid] = record

    def _gap(self, life: ThreadLife, t: int) -> None:
        """What the thread does from ``t`` on is not known."""
        if life in self._gaps:
            return
        self._reach(t)
        self._gaps[life] = None
        self._flows.forget(life)
        self._threads.forget_wake_up(life)
        self._threads.lost(life, t, t)
        gil_rules.lost(life.process, t)
        life.claim.forget()
        forget_stop(life)
        forget_looks(life)
        forget_readings(life)

    def _sampled(self, record: SchedStat | StatSample | SyscallSample | LineSample) -> None:
        life = self._lives.get(record.tid)
        if isinstance(record, StatSample | SyscallSample):
            self._seen.setdefault(record.tid, {})[type(record)] = record
        if isinstance(record, SchedStat) and life is not None:
            read_unseen(life, record)

    def _operation(self, record: probe.Enter | probe.Leave) -> None:
        if record.tid not in self._entered:
            life, t = self._life(record), record.t - self._start
            if life is None:
                return
            self._reach(t)
            if not self._switches:
                self._gap(life, t)
            self._operations.forget(t, life)
        self._entered[record.tid] = record


#: Records that change no state, but make flows or findings.
_OF_NO_STATE = (
    probe.Submit,
    probe.WaitsFor,
    probe.NeverAwaited,
    probe.ToPeer,
    probe.FromPeer,
)
