"""What the probe says of lives: hello, names, starts, ends, signals; and the way of all others."""

from __future__ import annotations

from collections.abc import Callable

from app.fusion.between.endings import HARMLESS, Endings
from app.fusion.between.flows import Flows
from app.fusion.between.servers import Servers
from app.fusion.coroutines.machine import TaskMachine
from app.fusion.lives.identities import PROGRAM, Identities
from app.fusion.lives.lives import ThreadLife, Waiter
from app.fusion.lives.reports import Cpu, Kill
from app.fusion.objects.groups import Groups
from app.fusion.objects.levels import Levels
from app.fusion.objects.objects import Objects, object_kind
from app.fusion.output.output import STREAMS, Output
from app.fusion.picture.book import Book
from app.fusion.threads.cpu_accounts import CpuAccounts
from app.fusion.threads.operations import Operations
from app.fusion.threads.samples import SampleMachine
from app.timeline import wire
from app.timeline.model import NOTHING
from app.timeline.records import ProbeRecord
from app.timeline.states import Evidence, FlowKind, Reason, State

_NO_GIL, _PYPY = 1, 2

Handler = Callable[[int, ThreadLife, ProbeRecord], None]


class ProbeRecords:
    """Dispatches records by kind; an unknown kind of a newer probe is passed over."""

    def __init__(
        self,
        book: Book,
        who: Identities,
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
        self._who = who
        self._lives = who.threads
        self._objects = objects
        self._levels = levels
        self._ambiguous = objects.ambiguous
        self._operations = operations
        self._tasks = tasks
        self._flows = flows
        self._endings = endings
        self._outputs = outputs
        self._accounts = accounts
        self._sampled = sampled if book.facts.scheduler == "procfs" else None
        self._processes_of: dict[int, tuple[str, bool]] = {}  # names told before the birth
        self._handlers: dict[int, Handler] = {
            wire.HELLO: self._hello,
            wire.THREAD_START: self._thread_start,
            wire.THREAD_END: self._thread_end,
            wire.THREAD_SPAWN: lambda t, life, r: flows.spawning(life, t, r.b, False),
            wire.PROCESS_SPAWN: self._process_spawn,
            wire.PROCESS_SPAWNED: self._process_spawned,
            wire.PROCESS_NAME: self._process_name,
            wire.PROCESS_END: self._main_end,
            wire.MAIN_END: self._main_end,
            wire.KILL: self._kill,
            wire.REAPED: self._reaped,
            wire.INTERVAL: self._interval,
            wire.ENTER: operations.enter,
            wire.LEAVE: operations.leave,
            wire.ACQUIRED: operations.acquired,
            wire.RELEASED: operations.released,
            wire.VALUE: lambda t, life, r: levels.changed(t, r.b, r.c, r.a),
            wire.PUT: self._put,
            wire.GET: self._get,
            wire.SEND: lambda t, life, r: flows.send(life, t, r.b),
            wire.RECV: lambda t, life, r: flows.receive(life, t, r.b),
            wire.NOTIFY: lambda t, life, r: operations.notify(t, life, r.b, r.c),
            wire.WAITS_FOR: lambda t, life, r: groups.member(life, r),
            wire.PEER: servers.peer,
            wire.TO_PEER: servers.sent,
            wire.FROM_PEER: servers.came,
            wire.OBJECT: self._object,
            wire.FILE: lambda t, life, r: objects.file(r.pid, r.a, r.text),
            wire.TASK_NEW: tasks.new,
            wire.TASK_BEGAN: tasks.began,
            wire.TASK_PAUSED: tasks.paused,
            wire.TASK_READY: tasks.ready,
            wire.TASK_RUN: tasks.run,
            wire.TASK_PAUSE: tasks.pause,
            wire.TASK_DONE: tasks.done,
            wire.NEVER_AWAITED: tasks.never_awaited,
            wire.TASK_ACQUIRED: tasks.acquired,
            wire.TASK_RELEASED: tasks.released,
            wire.TASK_LOOP: tasks.loop,
            wire.SUBMIT: self._submit,
            wire.FUTURE_RUN: self._future_run,
            wire.FUTURE_DONE: lambda t, life, r: operations.fulfilled(t, life, r.b),
            wire.FUTURE_BY: self._future_by,
            wire.OUTPUT: self._output,
        }

    def apply(self, t: int, record: ProbeRecord) -> None:
        pid, tid, kind, obj = record.pid, record.tid, record.kind, record.b
        life = self._lives.get(tid)
        if life is None or life.exited or life.process.pid != pid:
            if life is not None and life.process.pid == pid:
                if kind == wire.THREAD_END:  # told late: the end itself stands
                    self._endings.thread_end(life, t, record.aux, record.text)
                    return
                if kind != wire.THREAD_START and kind != wire.HELLO:
                    return
            life = self._who.thread(pid, tid, t)
        process = life.process
        if not life.ring:
            life.ring = life.python = True
            if not process.probed:
                self._who.speaks(process)
            process.update_executing(life, t)
        life.doubtful = False
        gil = process.gil
        if gil.unsure:
            gil.unsure.pop(life, None)
        if gil.holder is not life and gil.followed and len(process.threads) > 1:
            gil.proved(life, t)
        if life.received is not None and kind not in _BEFORE_GET:
            self._flows.settle(life)
        if obj >> 32 != pid and obj and kind in _USES:
            own = self._objects.own(obj, pid)
            if own != obj:
                record = record._replace(b=own)
        if self._ambiguous and obj in self._ambiguous:
            if kind in _MOVES:
                return
            record = record._replace(b=NOTHING)
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(t, life, record)

    # --- births --------------------------------------------------------------------------------

    def _hello(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        process = life.process
        # PyPy has a lock too, but not CPython's: nothing we know of waits for it would be true.
        process.has_gil = not record.b & (_NO_GIL | _PYPY)
        process.gil.followed = process.has_gil and self._book.facts.switches
        version = f"{record.aux >> 8}.{record.aux & 0xFF}"
        name = record.text or ("PyPy" if record.b & _PYPY else "CPython")
        build = " free-threading" if record.b & _NO_GIL else ""
        process.main.track.python = f"{_spelled(name)} {version}{build}"
        self._book.touch(process.main.track)
        parent = self._who.of_pid(record.a) if record.a else None
        self._who.parented(process, parent.process if parent else None)
        self._seen_running(t, life)

    def _interval(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        life.process.gil.interval_ns = record.a

    def _thread_start(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        if life.started and record.b and life.obj and life.obj != record.b:
            # The tid was given to a new thread, and no witness told of the old one's end.
            self._endings.thread_gone(life, t, Evidence.PROBE)
            life = self._who.thread(record.pid, record.tid, t)
            life.ring = life.python = True
        life.started = True
        life.obj = record.b
        if record.b:
            self._operations.thread_of[record.b] = life
        life.track.daemon = record.aux & 1 == 1
        self._book.touch(life.track)
        if life is not life.process.main:
            self._who.name(life, record.text, PROGRAM)
            self._flows.started(life, record.b)
        self._seen_running(t, life)

    def _process_spawn(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        self._flows.spawning(life, t, record.b, True)
        if record.b:
            self._processes_of[record.b] = (record.text, record.aux & 1 == 1)

    def _process_spawned(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        child = self._who.of_pid(record.a)
        if child is None and record.a:
            child = self._who.born(record.a, record.a, life, t, Evidence.PROBE)
        self._flows.spawned(life, child, record.b)
        if child is None:
            return
        self._who.parented(child.process, life.process)
        if record.b:
            self._operations.thread_of[record.b] = child
            child.obj = child.obj or record.b
        name, daemon = self._processes_of.pop(record.b, ("", False))
        if name:
            self._named_process(child, name, daemon)

    def _process_name(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        main = life.process.main
        if record.b:
            self._operations.thread_of.setdefault(record.b, main)
        if main is not self._who.root.main:
            self._named_process(main, record.text, record.aux & 1 == 1)

    def _named_process(self, main: ThreadLife, name: str, daemon: bool) -> None:
        main.track.daemon = daemon
        self._book.touch(main.track)
        self._who.name(main, name, PROGRAM)

    def _seen_running(self, t: int, life: ThreadLife) -> None:
        """Where no witness tells of switches: who writes a record is on a CPU."""
        facts = self._book.facts
        if facts.switches or life.op is not None:
            return
        if facts.scheduler == "none":
            life.lane.change(t, State.UNKNOWN, Evidence.MISSING)
        elif life.cpu is Cpu.UNSEEN or life.lane.state is State.NEW:
            life.cpu = Cpu.RUNNING
            life.process.update_executing(life, t)
            life.lane.change(t, State.RUNNING, Evidence.PROBE)
            life.drop_anchor(t)

    # --- ends ----------------------------------------------------------------------------------

    def _thread_end(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        if record.c:
            self._account_told(t, life, record.c)
        self._endings.thread_end(life, t, record.aux, record.text)

    def _main_end(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        process = life.process
        if record.c and life is process.main:
            self._account_told(t, life, record.c)
        if process.main_end is None or record.kind == wire.PROCESS_END:
            process.main_end = (record.aux, record.text)

    def _account_told(self, t: int, life: ThreadLife, run_ns: int) -> None:
        """The thread told its CPU time so far, by the kernel's account."""
        if self._sampled:
            self._sampled.told(t, life, run_ns)
        else:
            self._accounts.told(life, t, run_ns)

    def _kill(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        target = self._who.of_pid(record.a)
        if target is None:
            return
        target.process.sent(Kill(life.track.id, t, record.aux, record.b == 1))
        if record.aux in HARMLESS and target is not life:
            self._book.flow(FlowKind.SIGNAL, life.track.id, t, target.track.id, t)

    def _reaped(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        process = self._who.processes.get(record.a)
        if process is not None:
            self._endings.reaped(process, t, record.b)

    # --- objects, items, texts -----------------------------------------------------------------

    def _object(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        self._objects.made(
            record.pid,
            life.track.id,
            record.b,
            object_kind(record.aux),
            record.a,
            record.c >> 32,
            record.text,
        )

    def _put(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        self._operations.got(life, record.b)
        self._flows.put(life, t, record.b, record.c)
        if record.aux:
            self._levels.changed(t, record.b, record.a)

    def _get(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        self._operations.got(life, record.b)
        self._flows.get(life, t, record.b, record.c)
        if record.aux:
            self._levels.changed(t, record.b, record.a)
            if not record.a:
                self._flows.emptied(record.b)

    def _submit(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        self._flows.submit(life, t, record.b, record.c)
        if record.b and record.text:
            self._objects.called(record.b, Reason.FUTURE, record.text)

    def _future_run(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        if not record.aux:
            self._flows.run_future(life, t, record.b)
            self._operations.promised(t, life, record.b)

    def _future_by(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        if record.text:
            self._objects.called(record.b, Reason.FUTURE, record.text)
        by: Waiter | None = self._tasks.alive(record.c) if record.c else None
        if by is None and record.a and self._operations.unpromised(record.b):
            by = self._lives.get(record.a)
        if by is not None:
            self._operations.promised(t, by, record.b)

    def _output(self, t: int, life: ThreadLife, record: ProbeRecord) -> None:
        output = self._outputs.get(STREAMS.get(record.aux, ""))
        if output is not None:
            track = self._tasks.track_of(record.b) if record.b else NOTHING
            output.recorded(t, life, track or life.track.id, record.text)


def _spelled(implementation: str) -> str:
    return {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}.get(
        implementation.lower(), implementation
    )


#: Records that say nothing when it is not known which object they are about.
_MOVES = frozenset(
    {
        wire.ACQUIRED,
        wire.RELEASED,
        wire.NOTIFY,
        wire.PUT,
        wire.GET,
        wire.SEND,
        wire.RECV,
    }
)
#: Records whose ``b`` is an object that the thread uses.
_USES = frozenset(
    {
        wire.ENTER,
        wire.LEAVE,
        wire.ACQUIRED,
        wire.RELEASED,
        wire.VALUE,
        wire.NOTIFY,
        wire.PUT,
        wire.GET,
    }
)
#: What a queue's get() may tell between the bytes it took and the item it made of them.
_BEFORE_GET = frozenset(
    {wire.GET, wire.LEAVE, wire.VALUE, wire.ACQUIRED, wire.RELEASED, wire.NOTIFY}
)
