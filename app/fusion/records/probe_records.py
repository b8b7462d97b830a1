"""The probe's records: handles those of births, names, ends and signals, dispatches the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from app.fusion.between.endings import HARMLESS, Endings
from app.fusion.between.flows import Flows
from app.fusion.between.servers import Servers
from app.fusion.coroutines.machine import TaskMachine
from app.fusion.lives import gil_rules
from app.fusion.lives.births import Births
from app.fusion.lives.gil_rules import update_executing
from app.fusion.lives.identities import PROGRAM, Identities
from app.fusion.lives.lives import ThreadLife, Waiter
from app.fusion.lives.reports import Cpu, Kill
from app.fusion.objects.groups import Groups
from app.fusion.objects.levels import Levels
from app.fusion.objects.objects import Objects, object_kind
from app.fusion.output.output import STREAMS, Output
from app.fusion.picture.book import Book
from app.fusion.threads.between_looks import runs_at
from app.fusion.threads.cpu_accounts import CpuAccounts
from app.fusion.threads.operations import Operations
from app.fusion.threads.samples import SampleMachine
from app.timeline import probe_records as probe
from app.timeline import wire
from app.timeline.model import NOTHING
from app.timeline.states import Evidence, FlowKind, Reason, State

R = TypeVar("R", bound=probe.ProbeRecord)


class ProbeRecords:
    """``handlers`` has what to do with each kind of record, after what is common to all kinds.

    A record of an unknown kind, from a newer probe, only says that its thread runs.
    """

    def __init__(
        self,
        book: Book,
        ids: Identities,
        births: Births,
        objects: Objects,
        operations: Operations,
        tasks: TaskMachine,
        flows: Flows,
        endings: Endings,
        outputs: dict[str, Output],
        sampled: SampleMachine,
        groups: Groups,
        servers: Servers,
        levels: Levels,
        accounts: CpuAccounts,
    ) -> None:
        self._book = book
        self._ids = ids
        self._births = births
        self._lives = ids.threads
        self._objects = objects
        self._levels = levels
        self._ambiguous = objects.ambiguous
        self._operations = operations
        self._tasks = tasks
        self._flows = flows
        self._endings = endings
        self._outputs = outputs
        self._accounts = accounts
        self._sampled = sampled if book.facts.sampled else None
        self._processes_of: dict[int, tuple[str, bool]] = {}  # names recorded before the birth
        self.handlers: dict[type[Any], Callable[[int, Any], None]] = {
            probe.ProbeRecord: partial(self._apply, lambda t, life, record: None)
        }
        on = self._on
        on(probe.Hello, self._hello)
        on(probe.ThreadStart, self._thread_start)
        on(probe.ThreadEnd, self._thread_end)
        on(probe.ThreadSpawn, lambda t, life, r: flows.spawning(life, t, r.obj, False))
        on(probe.ProcessSpawn, self._process_spawn)
        on(probe.ProcessSpawned, self._process_spawned)
        on(probe.ProcessName, self._process_name)
        on(probe.ProcessEnd, self._main_end)
        on(probe.MainEnd, self._main_end)
        on(probe.Kill, self._kill)
        on(probe.Reaped, self._reaped)
        on(probe.Interval, self._interval)
        on(probe.Enter, operations.enter)
        on(probe.Leave, operations.leave)
        on(probe.Acquired, operations.acquired)
        on(probe.Released, operations.released)
        on(probe.Value, lambda t, life, r: levels.changed(t, r.obj, r.value, r.most))
        on(probe.Put, self._put)
        on(probe.Get, self._get)
        on(probe.Send, lambda t, life, r: flows.send(life, t, r.obj))
        on(probe.Recv, lambda t, life, r: flows.receive(life, t, r.obj))
        on(probe.Notify, lambda t, life, r: operations.notify(t, life, r.obj, r.waiters))
        on(probe.WaitsFor, lambda t, life, r: groups.member(life, r))
        on(probe.Peer, servers.peer)
        on(probe.ToPeer, servers.sent)
        on(probe.FromPeer, servers.came)
        on(probe.Object, self._object)
        on(probe.File, lambda t, life, r: objects.file(r.pid, r.number, r.path))
        on(probe.TaskNew, tasks.new)
        on(probe.TaskBegan, tasks.began)
        on(probe.TaskPaused, tasks.paused)
        on(probe.TaskReady, tasks.ready)
        on(probe.TaskRun, tasks.run)
        on(probe.TaskPause, tasks.pause)
        on(probe.TaskDone, tasks.done)
        on(probe.NeverAwaited, tasks.never_awaited)
        on(probe.TaskAcquired, tasks.acquired)
        on(probe.TaskReleased, tasks.released)
        on(probe.TaskLoop, tasks.loop)
        on(probe.Submit, self._submit)
        on(probe.FutureRun, self._future_run)
        on(probe.FutureDone, lambda t, life, r: operations.fulfilled(t, life, r.obj))
        on(probe.FutureBy, self._future_by)
        on(probe.Output, self._output)

    def _on(self, kind: type[R], handler: Callable[[int, ThreadLife, R], None]) -> None:
        self.handlers[kind] = partial(self._apply, handler)

    def _apply(
        self,
        handler: Callable[[int, ThreadLife, R], None],
        t: int,
        record: R,
    ) -> None:
        pid, tid, obj, kind = record.pid, record.tid, record.b, type(record)
        life = self._lives.get(tid)
        if life is None or life.exited or life.process.pid != pid:
            if life is not None and life.process.pid == pid:
                if isinstance(record, probe.ThreadEnd):  # it came late: the end is known already
                    self._endings.thread_end(life, t, record.outcome, record.exception)
                    return
                if kind is not probe.ThreadStart and kind is not probe.Hello:
                    return
            life = self._births.thread(pid, tid, t)
        process = life.process
        if not life.ring:
            life.ring = life.python = True
            if not process.probed:
                self._ids.speaks(process)
            update_executing(life, t)
        life.doubtful = False
        gil = process.gil
        if gil.unsure:
            gil.unsure.pop(life, None)
        if gil.holder is not life and gil.followed and len(process.threads) > 1:
            gil_rules.proved(life, t)
        if life.flows.received is not None and kind not in _BEFORE_GET:
            self._flows.settle(life)
        if obj >> 32 != pid and obj and kind in _USES:
            own = self._objects.own(obj, pid)
            if own != obj:
                record = record._replace(b=own)
        if self._ambiguous and obj in self._ambiguous:
            if kind in _MOVES:
                return
            record = record._replace(b=NOTHING)
        handler(t, life, record)

    # --- births --------------------------------------------------------------------------------

    def _hello(self, t: int, life: ThreadLife, record: probe.Hello) -> None:
        process = life.process
        # PyPy has a lock too, but it works in another way than CPython's, whose rules are known.
        process.has_gil = not record.flags & (wire.NO_GIL | wire.PYPY)
        process.gil.follow(process.has_gil and self._book.facts.switches)
        version = f"{record.version >> 8}.{record.version & 0xFF}"
        name = record.implementation or ("PyPy" if record.flags & wire.PYPY else "CPython")
        build = " free-threading" if record.flags & wire.NO_GIL else ""
        process.main.track.python = f"{_spelled(name)} {version}{build}"
        self._book.touch(process.main.track)
        parent = self._ids.of_pid(record.ppid) if record.ppid else None
        self._ids.parented(process, parent.process if parent else None)
        self._seen_running(t, life)

    def _interval(self, t: int, life: ThreadLife, record: probe.Interval) -> None:
        life.process.gil.set_interval(record.ns)

    def _thread_start(self, t: int, life: ThreadLife, record: probe.ThreadStart) -> None:
        if life.started and record.obj and life.obj and life.obj != record.obj:
            # The tid belongs to a new thread now, and no witness saw the old one's end.
            self._endings.thread_gone(life, t, Evidence.PROBE)
            life = self._births.thread(record.pid, record.tid, t)
            life.ring = life.python = True
        life.started = True
        life.obj = record.obj
        if record.obj:
            self._ids.thread_of[record.obj] = life
        life.track.daemon = record.daemon & 1 == 1
        self._book.touch(life.track)
        if life is not life.process.main:
            self._ids.name(life, record.name, PROGRAM)
            self._flows.started(life, record.obj)
        self._seen_running(t, life)

    def _process_spawn(self, t: int, life: ThreadLife, record: probe.ProcessSpawn) -> None:
        self._flows.spawning(life, t, record.obj, True)
        if record.obj:
            self._processes_of[record.obj] = (record.name, record.daemon & 1 == 1)

    def _process_spawned(self, t: int, life: ThreadLife, record: probe.ProcessSpawned) -> None:
        child = self._ids.of_pid(record.child)
        if child is None and record.child:
            child = self._births.born(record.child, record.child, life, t, Evidence.PROBE)
        self._flows.spawned(life, child, record.obj)
        if child is None:
            return
        self._ids.parented(child.process, life.process)
        if record.obj:
            self._ids.thread_of[record.obj] = child
            child.obj = child.obj or record.obj
        name, daemon = self._processes_of.pop(record.obj, ("", False))
        if name:
            self._named_process(child, name, daemon)

    def _process_name(self, t: int, life: ThreadLife, record: probe.ProcessName) -> None:
        main = life.process.main
        if record.obj:
            self._ids.thread_of.setdefault(record.obj, main)
        if main is not self._ids.root.main:
            self._named_process(main, record.name, record.daemon & 1 == 1)

    def _named_process(self, main: ThreadLife, name: str, daemon: bool) -> None:
        main.track.daemon = daemon
        self._book.touch(main.track)
        self._ids.name(main, name, PROGRAM)

    def _seen_running(self, t: int, life: ThreadLife) -> None:
        """If no witness sees switches: a thread that writes a record is on a CPU."""
        facts = self._book.facts
        if facts.switches or life.op is not None:
            return
        if not facts.sampled:
            life.lane.change(t, State.UNKNOWN, Evidence.MISSING)
        elif life.cpu is Cpu.UNSEEN or life.lane.state is State.NEW:
            life.cpu = Cpu.RUNNING
            update_executing(life, t)
            life.lane.change(t, State.RUNNING, Evidence.PROBE)
            runs_at(life, t)

    # --- ends ----------------------------------------------------------------------------------

    def _thread_end(self, t: int, life: ThreadLife, record: probe.ThreadEnd) -> None:
        if record.cpu_ns:
            self._own_reading(t, life, record.cpu_ns)
        self._endings.thread_end(life, t, record.outcome, record.exception)

    def _main_end(self, t: int, life: ThreadLife, record: probe.ProcessEnd | probe.MainEnd) -> None:
        process = life.process
        if record.cpu_ns and life is process.main:
            self._own_reading(t, life, record.cpu_ns)
        if process.main_end is None or isinstance(record, probe.ProcessEnd):
            process.main_end = (record.outcome, record.exception)

    def _own_reading(self, t: int, life: ThreadLife, run_ns: int) -> None:
        """The thread read its CPU time so far from the kernel's account."""
        if self._sampled:
            self._sampled.own_reading(t, life, run_ns)
        else:
            self._accounts.own_reading(life, t, run_ns)

    def _kill(self, t: int, life: ThreadLife, record: probe.Kill) -> None:
        target = self._ids.of_pid(record.target)
        if target is None:
            return
        target.process.sent(Kill(life.track.id, t, record.signal, record.of_daemon == 1))
        if record.signal in HARMLESS and target is not life:
            self._book.flow(FlowKind.SIGNAL, life.track.id, t, target.track.id, t)

    def _reaped(self, t: int, life: ThreadLife, record: probe.Reaped) -> None:
        process = self._ids.processes.get(record.child)
        if process is not None:
            self._endings.reaped(process, t, record.status)

    # --- objects, items, texts -----------------------------------------------------------------

    def _object(self, t: int, life: ThreadLife, record: probe.Object) -> None:
        self._objects.made(
            record.pid,
            life.track.id,
            record.obj,
            object_kind(record.object_kind),
            record.line,
            record.where >> 32,
            record.name,
        )

    def _put(self, t: int, life: ThreadLife, record: probe.Put) -> None:
        self._operations.got(life, record.obj)
        self._flows.put(life, t, record.obj, record.item)
        if record.sized:
            self._levels.changed(t, record.obj, record.size)

    def _get(self, t: int, life: ThreadLife, record: probe.Get) -> None:
        self._operations.got(life, record.obj)
        self._flows.get(life, t, record.obj, record.item)
        if record.sized:
            self._levels.changed(t, record.obj, record.size)
            if not record.size:
                self._flows.emptied(record.obj)

    def _submit(self, t: int, life: ThreadLife, record: probe.Submit) -> None:
        self._flows.submit(life, t, record.obj, record.pool)
        if record.obj and record.function:
            self._objects.called(record.obj, Reason.FUTURE, record.function)

    def _future_run(self, t: int, life: ThreadLife, record: probe.FutureRun) -> None:
        if not record.by_process:
            self._flows.run_future(life, t, record.obj)
            self._operations.promised(t, life, record.obj)

    def _future_by(self, t: int, life: ThreadLife, record: probe.FutureBy) -> None:
        if record.function:
            self._objects.called(record.obj, Reason.FUTURE, record.function)
        by: Waiter | None = self._ids.tasks.get(record.task) if record.task else None
        if by is None and record.tid and self._operations.unpromised(record.obj):
            by = self._lives.get(record.tid)
        if by is not None:
            self._operations.promised(t, by, record.obj)

    def _output(self, t: int, life: ThreadLife, record: probe.Output) -> None:
        output = self._outputs.get(STREAMS.get(record.stream, ""))
        if output is not None:
            track = self._tasks.track_of(record.task) if record.task else NOTHING
            output.recorded(t, life, track or life.track.id, record.text)


def _spelled(implementation: str) -> str:
    return {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}.get(
        implementation.lower(), implementation
    )


#: Records that say nothing if their object is not known.
_MOVES = frozenset(
    {
        probe.Acquired,
        probe.Released,
        probe.Notify,
        probe.Put,
        probe.Get,
        probe.Send,
        probe.Recv,
    }
)
#: Records whose ``b`` is an object that the thread uses.
_USES = frozenset(
    {
        probe.Enter,
        probe.Leave,
        probe.Acquired,
        probe.Released,
        probe.Value,
        probe.Notify,
        probe.Put,
        probe.Get,
    }
)
#: What a queue's get() may record between receiving the bytes and its GET.
_BEFORE_GET = frozenset(
    {probe.Get, probe.Leave, probe.Value, probe.Acquired, probe.Released, probe.Notify}
)
