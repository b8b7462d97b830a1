"""One run from its start to its last frame: witnesses → fusion → frames."""

from __future__ import annotations

import contextlib
import datetime
import gc
import os
import select
import signal
import time
import traceback
from typing import Any

from app.errors import Sentence, WorkerFailed, sentences, told
from app.fusion import Fusion, RunFacts
from app.timeline import frames, heads
from app.timeline.model import Batch, Track
from app.timeline.records import Limit, ProcessReaped, Record, SchedStat
from app.timeline.states import TrackKind, vocabulary
from app.witness.choose import Scheduler, open_scheduler
from app.witness.lines import LinesSampler
from app.witness.rings import RingsReader
from app.witness.scheduler_perf import PerfScheduler
from app.witness.scheduler_procfs import ProcfsScheduler
from app.witness.states import StatesSampler
from app.witness.threads import ThreadTable
from app.witness.witness import Refused
from app.worker import priority, rawlog, start
from app.worker.backlog import Backlog
from app.worker.cgroup import Cgroup
from app.worker.guard import Guard
from app.worker.history import History
from app.worker.pipes import Commands, FrameSink, ProgramOutput
from app.worker.sandbox import Sandbox
from app.worker.spec import RunSpec
from app.worker.tree import kill_descendants
from app.worker.watch import Watch, sentence

#: Witnesses are drained this often while there is something to hear, less often while not.
BUSY_NS = 9_000_000
IDLE_NS = 18_000_000
#: A frame is sent at most this often.
FRAME_NS = 20_000_000
#: Without news, a frame that only tells the time is sent this late.
HEARTBEAT_NS = 240_000_000
#: At most this much of the run is fused at once; a storm of switches is fused step by step.
STEP_NS = 30_000_000
#: Less of it where a witness samples: looks are due in between.
SAMPLED_STEP_NS = 4_000_000
#: A record reaches its ring at most this long after its time, or fusion has it late.
REORDER_NS = 3_000_000
#: How long the guard may take to start the program, and to sweep it away.
START_S = 10.0
SWEEP_S = 15.0
#: The kernel's groups stop a run only where the worker's own watch was too slow.
_HARD_MEMORY = 1.25
_HARD_TASKS = 2


class Run:
    """Wires one run together. ``go`` runs it to the end; ``close`` leaves nothing behind."""

    def __init__(self, spec: RunSpec, commands: Commands, sink: FrameSink) -> None:
        self.spec = spec
        self._commands, self._sink = commands, sink
        self.seq = 0
        self.start_ns = self.now_ns = 0
        self._closing = contextlib.ExitStack()
        self._limit: Limit | None = None
        self._failure = Sentence()
        self._status: int | None = None
        self._over_ns: int | None = None
        self._killed = False
        self._root: Track | None = None
        self._history = History(spec)
        self._log = self._open_log()

    def go(self) -> None:
        """Raises OSError, TimesliceError or Refused when the run can't be started."""
        self._prepare()
        self._release()
        self._loop()
        if not (self._commands.gone or self._sink.broken):
            self._finish()

    def close(self) -> None:
        """Kills what is left of the run and removes its folders."""
        self._closing.close()

    # --- start ---------------------------------------------------------------------------------

    def _prepare(self) -> None:
        spec = self.spec
        layout = start.Layout.make(spec)
        self._closing.callback(layout.remove)
        self._program = layout.program
        argv = start.argv(spec, layout)
        self._python = spec.python_name or start.describe(argv[0])
        limits = spec.limits
        memory = int(limits.memory_bytes * _HARD_MEMORY) + (64 << 20)
        self._cgroup = Cgroup(spec.run_id, memory, _HARD_TASKS * limits.processes)
        self._closing.callback(self._cgroup.remove)
        self._output = ProgramOutput(limits.output_bytes)
        self._closing.callback(self._output.close)
        waiting, self._go = os.pipe()
        sandbox = Sandbox(
            argv=argv,
            environment=start.environment(spec, layout),
            folder=layout.work,
            private=layout.private,
            limits=limits,
            go=waiting,
            stdout=self._output.pipe("stdout"),
            stderr=self._output.pipe("stderr"),
            groups=self._cgroup.files_to_join(),
        )
        self._guard = Guard(sandbox, self._cgroup, layout.folders)
        self._closing.callback(self._sweep)
        for fd in (sandbox.go, sandbox.stdout, sandbox.stderr):
            os.close(fd)
        started, messages = self._guard.wait_for("started", START_S)
        if started is None:
            for message in messages:
                if "failed" in message:
                    raise WorkerFailed.saying(sentences(message["failed"])[0])
            raise WorkerFailed("The program could not be started in time.")
        self._root_pid = int(started)
        self._open_witnesses(layout)

    def _open_witnesses(self, layout: start.Layout) -> None:
        self._table = ThreadTable(self._root_pid)
        self._states = StatesSampler(self._table)
        self._lines = LinesSampler(self._table, [layout.work])
        self._closing.callback(self._lines.close)
        self._rings = RingsReader(layout.rings)
        self._closing.callback(self._rings.close)
        self._scheduler: Scheduler | None = None
        self._sampler: ProcfsScheduler | None = None
        self._looks: ProcfsScheduler | PerfScheduler | None = None
        try:
            scheduler = open_scheduler(
                self.spec.witness, self._root_pid, self._guard.pid, self._table
            )
        except Refused as refusal:
            self._why = refusal.reasons
        else:
            self._scheduler, self._why = scheduler, scheduler.reasons
            if isinstance(scheduler.witness, ProcfsScheduler):
                self._sampler = scheduler.witness
            if isinstance(scheduler.witness, ProcfsScheduler | PerfScheduler):
                self._looks = scheduler.witness
            self._closing.callback(scheduler.witness.close)

        if self.spec.python_name and not self.spec.probe:
            alone = Sentence(
                "The probe does not run in {python}: the kernel's witnesses tell this run alone, "
                "without objects, lines and coroutines.",
                python=self.spec.python_name,
            )
            self._why = (*self._why, alone)

    def _release(self) -> None:
        """Lets the program go, and says what the run is in the first frame."""
        priority.raise_own()
        # Records hold no cycles; a collection would only walk them all, in mid-run.
        gc.freeze()
        gc.disable()
        spec, limits = self.spec, self.spec.limits
        started_at = datetime.datetime.now(datetime.UTC)
        self.start_ns = time.monotonic_ns()
        before = self._sampler.begins(self.start_ns) if self._sampler is not None else []
        os.write(self._go, b"g")
        os.close(self._go)
        self._fusion = Fusion(
            RunFacts(
                start_ns=self.start_ns,
                root_pid=self._root_pid,
                program=spec.program,
                file_name=spec.file_name,
                path=self._program,
                scheduler=self._scheduler.name if self._scheduler else "none",  # type: ignore[arg-type]
                probe=spec.probe,
            )
        )
        self._watch = Watch(
            limits,
            self.start_ns,
            self._guard.pid,
            self._cgroup,
            tasks=lambda: self._table.alive,
            output_over=lambda: self._output.over,
        )
        self._head: dict[str, Any] = {
            "run": {
                "id": spec.run_id,
                "scenario": spec.scenario,
                "params": spec.params,
                "python": self._python,
                "started_at": started_at.isoformat(timespec="milliseconds"),
                "start_monotonic_ns": self.start_ns,
                "file_name": spec.file_name,
                "args": spec.args,
                "pid": self._root_pid,
                "witnesses": self._witnesses(),
                "limits": {**limits.model_dump(), "cgroup": self._cgroup.controllers},
            },
            "state": "running",
            "vocabulary": vocabulary(),
        }
        self._dropped = 0
        self._watermark = self._fused_ns = self._frame_ns = self.start_ns
        self._backlog = Backlog()
        self._send(Batch(), self.start_ns)
        self._feed(before)

    def _witnesses(self) -> dict[str, Any]:
        return {
            "scheduler": self._scheduler.name if self._scheduler else "none",
            "probe": self.spec.probe,
            "why": " ".join(self._why),
            "why_told": told(self._why),
        }

    # --- the loop ------------------------------------------------------------------------------

    def _loop(self) -> None:
        self._poll = select.poll()
        self._poll.register(self._commands.fd, select.POLLIN)
        self._poll.register(self._guard.reports, select.POLLIN)
        self._ready = {self._commands.fd, self._guard.reports}
        while True:
            now_ns = time.monotonic_ns()
            heard = self._drain()
            self._control(now_ns)
            if self._over_ns is not None or self._commands.gone or self._sink.broken:
                return
            behind = self._advance(now_ns)
            self._pause(0 if behind else BUSY_NS if heard else IDLE_NS)

    def _pause(self, interval_ns: int) -> None:
        """Until the next drain is due; wakes for a command, the guard, or a reader with room.

        A witness that samples looks in between, as often as it may.
        """
        poll = self._poll
        if self._sink.pending:
            poll.register(self._sink.fd, select.POLLOUT)
        until = time.monotonic_ns() + interval_ns
        while True:
            due = until if self._looks is None else min(until, self._looks.due_ns)
            self._ready = {fd for fd, _ in poll.poll(max(0, due - time.monotonic_ns()) / 1e6)}
            if self._ready or due == until or self._looks is None:
                break
            records = self._looks.look()
            self._states.note(records)
            self._feed(records)
        if self._sink.pending:
            poll.unregister(self._sink.fd)
            self._sink.flush()

    def _drain(self) -> bool:
        """Hears all witnesses; true when there was news."""
        watermark = time.monotonic_ns() - REORDER_NS
        records: list[Record] = []
        if self._scheduler is not None:
            scheduled = self._scheduler.witness.poll()
            self._states.note(scheduled)
            records += scheduled
        records += self._states.poll()
        told = self._rings.poll()
        self._lines.note(told)
        records += told
        records += self._lines.poll()
        if self._lines.reasons:
            self._why = (*self._why, *self._lines.reasons)
            self._lines.reasons.clear()
            self._head["run"] = {"witnesses": self._witnesses()}
        records += self._output.poll()
        if self._guard.reports in self._ready:
            reaped = self._hear_guard()
            records = self._states.without_told(records) + reaped
        self._watermark = max(self._watermark, watermark)
        self._feed(records)
        sealed = self._rings.take_sealed()
        self._fusion.feed_sealed(sealed)
        if self._log is not None:
            for part in sealed:
                self._log.write(part.open())
        return bool(records or sealed)

    def _feed(self, records: list[Record]) -> None:
        if records:
            self._fusion.feed(records)
            if self._log is not None:
                self._log.write(records)

    def _hear_guard(self) -> list[Record]:
        records: list[Record] = []
        for message in self._guard.poll():
            if "reaped" in message:
                pid, status, t = message["reaped"]
                if pid == self._root_pid:
                    self._status = status
                self._states.told(pid)
                if self._sampler is not None and message["account"]:
                    records.append(SchedStat(t, pid, pid, *message["account"]))
                records.append(ProcessReaped(t, pid, status, False))
            elif "empty" in message:
                self._over_ns = message["empty"]
            elif "failed" in message:
                self._failure = sentences(message["failed"])[0]
            elif "survivors" in message:
                pids = ", ".join(map(str, message["survivors"]))
                self._failure = Sentence(
                    "Processes of this run could not be killed: {pids}.", pids=pids
                )
                self._over_ns = time.monotonic_ns()
        if self._guard.gone and self._over_ns is None:
            self._failure = Sentence("The guard process of this run was killed; the run was ended.")
            self._over_ns = time.monotonic_ns()
        return records

    def _advance(self, now_ns: int) -> bool:
        """Fuses what is due, and sends it when a frame is due and the reader has room.

        At most ``STEP_NS`` of the run at once: the witnesses must be drained in between. True
        when there is more to fuse.
        """
        step_ns = STEP_NS if self._sampler is None else SAMPLED_STEP_NS
        if now_ns - self._frame_ns >= FRAME_NS or self._watermark - self._fused_ns >= step_ns:
            self._fused_ns = min(self._watermark, self._fused_ns + step_ns)
            batch = self._fusion.advance(self._fused_ns)
            news = not batch.empty() or batch.dropped != self._dropped
            self._dropped = batch.dropped
            if news or now_ns - self._frame_ns >= HEARTBEAT_NS:
                self._backlog.add(batch, self._fused_ns)
        if self._backlog and not self._sink.pending and now_ns - self._frame_ns >= FRAME_NS:
            self._frame_ns = now_ns
            self._send(*self._backlog.take())
        return self._watermark - self._fused_ns >= step_ns

    def _control(self, now_ns: int) -> None:
        if self._commands.fd in self._ready:
            self._commands.poll()
        limit = self._watch.check(now_ns)
        if self._commands.stop and limit is None:
            limit = Limit(now_ns, "stopped", 0)
        if limit is not None and self._limit is None and self._over_ns is None:
            self._limit = limit
            self._feed([limit])
        if self._limit is not None and not self._killed:
            self._killed = True
            self._guard.kill()

    # --- frames --------------------------------------------------------------------------------

    def _send(self, batch: Batch, until_ns: int) -> None:
        frame = self._frame(batch, until_ns)
        self._history.add(frame)
        self._sink.send(frames.encode(frame))

    def _frame(self, batch: Batch, until_ns: int) -> frames.Frame:
        self.now_ns = max(0, until_ns - self.start_ns)
        head, self._head = self._head, {}
        frame = heads.frame_of(batch, self.seq, self.now_ns, **head)
        self.seq += 1
        for track in batch.tracks:
            if track.kind is TrackKind.PROCESS and track.pid == self._root_pid:
                self._root = track
        return frame

    def _finish(self) -> None:
        """The last frame: all that is left, the end, the claims."""
        assert self._over_ns is not None
        self._feed(self._output.drain())
        self._drain()
        if self._limit is None:
            self._limit = self._watch.at_the_end(self._over_ns)
            self._feed([self._limit] if self._limit else [])
        end_ns = self._over_ns
        self._catch_up(end_ns)
        batch = self._fusion.finish(end_ns)
        while self._backlog:
            self._send(*self._backlog.take())
        run: dict[str, Any] = {"duration_ns": end_ns - self.start_ns, "exit": self._exit(batch)}
        if self._limit is not None:
            limit = self._limit
            run["limit"] = {"name": limit.name, "value": limit.value}
            run["sentence"] = sentence(limit)
        self._head |= {"run": run, "state": "ended"}
        frame = self._frame(batch, end_ns)
        frame.head["dropped"] = batch.dropped
        try:
            frame.head["claims"] = self._history.claims(frame)
        except Exception as error:  # noqa: BLE001 - the run itself is whole and must be told
            traceback.print_exc()
            why = f"{type(error).__name__}: {error}"
            self._failure = Sentence("The claims could not be checked: {why}", why=why)
        if self._failure:
            frame.head |= {"failure": self._failure, "failure_told": told([self._failure])}
        self._sink.send(frames.encode(frame))

    def _catch_up(self, end_ns: int) -> None:
        """What is left of a storm, step by step: its reader sees it come, and it is never whole
        in memory.
        """
        while end_ns - self._fused_ns > STEP_NS:
            self._commands.poll()
            if self._commands.gone or self._sink.broken:
                return
            self._fused_ns += STEP_NS
            self._backlog.add(self._fusion.advance(self._fused_ns), self._fused_ns)
            self._sink.flush()
            if not self._sink.pending:
                self._send(*self._backlog.take())

    def _exit(self, batch: Batch) -> dict[str, Any]:
        """How the program's first process ended: by its track, else by its raw wait status."""
        for track in batch.tracks:
            if track.kind is TrackKind.PROCESS and track.pid == self._root_pid:
                self._root = track
        if self._root is not None and self._root.end is not None:
            end = self._root.end
            return {"cause": end.cause.word, "code": end.code, "signal": end.signal}
        return exit_of(self._status)

    # --- end -----------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Nothing of the run survives, whatever state it is in, also when the guard is dead."""
        self._guard.close()
        deadline = time.monotonic_ns() + int(SWEEP_S * 1e9)
        kill_descendants(os.getpid(), deadline, _reap_all)
        _reap_all()
        if self._log is not None:
            self._log.close()

    @staticmethod
    def _open_log() -> rawlog.RawLog | None:
        path = os.environ.get(rawlog.VARIABLE)
        return rawlog.RawLog(path) if path else None


def _reap_all() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def exit_of(status: int | None) -> dict[str, Any]:
    """The exit's JSON value from a raw wait status; None where no status was seen."""
    if status is None:
        return {"cause": "unknown", "code": None, "signal": None}
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return {"cause": "signal", "code": None, "signal": signal.Signals(-code).name}
    return {"cause": "exit" if code else "returned", "code": code, "signal": None}
