"""One run from its start to its last frame: witnesses → fusion → frames."""

from __future__ import annotations

import contextlib
import datetime
import gc
import os
import select
import time

from app.errors import Sentence, sentences
from app.fusion import Fusion, RunFacts
from app.timeline.limits import limit_reached
from app.timeline.model import Batch
from app.timeline.records import Limit, Record
from app.worker import priority, rawlog
from app.worker.backlog import Backlog
from app.worker.framer import Framer
from app.worker.overload import NEAR_NS, Overload
from app.worker.pipes import Commands, FrameSink
from app.worker.program import Program
from app.worker.scratch import Scratch
from app.worker.spec import RunSpec
from app.worker.standstill import Standstill
from app.worker.tree import kill_descendants
from app.worker.watch import Watch
from app.worker.witnesses import Witnesses

#: How often witnesses are drained while they have news, and while they have none.
BUSY_NS = 9_000_000
IDLE_NS = 18_000_000
#: A frame is sent at most this often.
FRAME_NS = 20_000_000
#: Without news, a frame that only moves the time on is sent after this long.
HEARTBEAT_NS = 240_000_000
#: At most this much of the run is fused at once; a storm of switches is fused step by step.
STEP_NS = 30_000_000
#: Less where a witness samples, because its samples are due in between.
SAMPLED_STEP_NS = 4_000_000
#: At most this much of the run is given up at once: the witnesses must be drained in between.
GIVEN_UP_NS = 100_000_000
#: A record that reaches its ring later than this after its time is late for fusion.
REORDER_NS = 3_000_000
#: How long the worker tries to end the offspring of a guard that is gone, before it ends the run.
ALONE_NS = 1_000_000_000


class Run:
    """Wires one run together. ``go`` runs it to the end; ``close`` leaves nothing behind."""

    def __init__(self, spec: RunSpec, commands: Commands, sink: FrameSink) -> None:
        self.spec = spec
        self.framer = Framer(spec, sink)
        self._commands, self._sink = commands, sink
        self._closing = contextlib.ExitStack()
        self._backlog = Backlog()
        self._limit: Limit | None = None
        self._failure = Sentence()
        self._status: int | None = None
        self._over_ns: int | None = None
        self._killed = False
        self._log = self._open_log()

    def go(self) -> None:
        """Raises OSError, TimesliceError or Refused when the run can't be started."""
        self._program = Program(self.spec, self._closing, self._commands.fd)
        self._guard, self._output = self._program.guard, self._program.output
        self._witnesses = Witnesses(self.spec, self._program, self._closing)
        self._release()
        self._loop()
        if not (self._commands.gone or self._sink.broken):
            self._finish()

    def close(self) -> None:
        """Kills what is left of the run and removes its folders."""
        self._closing.close()

    def _open_log(self) -> rawlog.RawLog | None:
        path = os.environ.get(rawlog.VARIABLE)
        if not path:
            return None
        log = rawlog.RawLog(path)
        self._closing.callback(log.close)
        return log

    # --- start ---------------------------------------------------------------------------------

    def _release(self) -> None:
        """Lets the program go, and sends the first frame, which says what the run is."""
        priority.raise_own()
        # Records hold no cycles; a collection would only walk them all, in mid-run.
        gc.freeze()
        gc.disable()
        spec, limits, program = self.spec, self.spec.limits, self._program
        started_at = datetime.datetime.now(datetime.UTC)
        start_ns = time.monotonic_ns()
        before = self._witnesses.begin(start_ns)
        program.release()
        self._fusion = Fusion(
            RunFacts(
                start_ns=start_ns,
                root_pid=program.pid,
                program=spec.program,
                file_name=spec.file_name,
                path=program.layout.program,
                scheduler=self._witnesses.scheduler,  # type: ignore[arg-type]
                probe=spec.probe,
            )
        )
        self._watch = Watch(
            limits,
            start_ns,
            self._guard.pid,
            program.cgroup,
            tasks=lambda: self._witnesses.alive,
            output_over=lambda: self._output.over,
            scratch=Scratch(
                program.layout.home, program.layout.rings, lambda: self._witnesses.alive
            ).bytes,
        )
        self._guard_stands = Standstill(self._guard.pid)
        self._dropped = 0
        self._overload = Overload(lambda: self._fusion.waiting)
        self._watermark = self._fused_ns = self._frame_ns = start_ns
        run = {
            "id": spec.run_id,
            "scenario": spec.scenario,
            "params": spec.params,
            "python": program.python,
            "started_at": started_at.isoformat(timespec="milliseconds"),
            "start_monotonic_ns": start_ns,
            "file_name": spec.file_name,
            "args": spec.args,
            "pid": program.pid,
            "witnesses": self._witnesses.described(),
            "limits": {
                **limits.model_dump(),
                "cgroup": program.cgroup.controllers,
                "inside": program.inside,
            },
        }
        self.framer.begin(start_ns, program.pid, run)
        self._feed(before)

    # --- the loop ------------------------------------------------------------------------------

    def _loop(self) -> None:
        self._poll = select.poll()
        self._poll.register(self._commands.fd, select.POLLIN)
        self._poll.register(self._guard.reports, select.POLLIN)
        self._ready = {self._commands.fd, self._guard.reports}
        while True:
            now_ns = time.monotonic_ns()
            heard = self._hear_guard_alone() if self._overload.full else self._drain()
            self._control(now_ns)
            if self._over_ns is not None or self._commands.gone or self._sink.broken:
                return
            behind = self._advance(now_ns)
            self._pause(0 if behind else BUSY_NS if heard else IDLE_NS)

    def _pause(self, interval_ns: int) -> None:
        """Until the next drain is due; wakes for a command, the guard, or a reader with room.

        A witness that samples does so in between, as often as it may.
        """
        poll = self._poll
        if self._sink.pending:
            poll.register(self._sink.fd, select.POLLOUT)
        until = time.monotonic_ns() + interval_ns
        while True:
            due = self._witnesses.due_ns(until)
            self._ready = {fd for fd, _ in poll.poll(max(0, due - time.monotonic_ns()) / 1e6)}
            if self._ready or due == until:
                break
            self._feed(self._witnesses.look())
        if self._sink.pending:
            poll.unregister(self._sink.fd)
            self._sink.flush()

    def _drain(self) -> bool:
        """Drains all witnesses; true when there was news."""
        watermark = time.monotonic_ns() - REORDER_NS
        records = self._witnesses.poll()
        if self._witnesses.take_news():
            self.framer.change(witnesses=self._witnesses.described())
        records += self._output.poll()
        if self._guard.reports in self._ready:
            reaped = self._hear_guard()
            records = self._witnesses.without_told(records) + reaped
        self._watermark = max(self._watermark, watermark)
        self._feed(records)
        sealed = self._witnesses.take_sealed()
        self._fusion.feed_sealed(sealed)
        if self._log is not None:
            for part in sealed:
                self._log.write(part.open())
        return bool(records or sealed)

    def _hear_guard_alone(self) -> bool:
        """Leaves the witnesses' records where they are. What has no room there is lost, and counted
        by its witness: that costs nothing, and more could not even be given up in time.
        """
        if self._guard.reports in self._ready:
            self._feed(self._hear_guard())
        return True

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
                if pid == self._program.pid:
                    self._status = status
                records += self._witnesses.reaped(t, pid, status, message["account"])
            elif "empty" in message:
                self._over_ns = message["empty"]
            elif "failed" in message:
                self._failure = sentences(message["failed"])[0]
            elif "overdue" in message and self._limit is None:
                wall_ms = int(self.spec.limits.wall_s * 1000)
                self._limit, self._killed = Limit(message["overdue"], "wall", wall_ms), True
                records.append(self._limit)
            elif "survivors" in message:
                pids = ", ".join(map(str, message["survivors"]))
                self._failure = Sentence(
                    "Processes of this run could not be killed: {pids}.", pids=pids
                )
                self._over_ns = time.monotonic_ns()
        if self._guard.gone and self._over_ns is None:
            self._failure = self._failure or Sentence(
                "The guard process of this run was killed; the run was ended."
            )
            # Its processes are ours now, and nothing limits them while the rest is sent.
            kill_descendants(os.getpid(), time.monotonic_ns() + ALONE_NS, lambda: None)
            self._over_ns = time.monotonic_ns()
        return records

    def _advance(self, now_ns: int) -> bool:
        """Fuses what is due, and sends it when a frame is due and the reader has room.

        At most ``STEP_NS`` of the run at once: the witnesses must be drained in between. True
        when there is more to fuse.
        """
        step_ns = SAMPLED_STEP_NS if self._witnesses.sampled else STEP_NS
        if self._overload.gives_up(self._watermark - self._fused_ns):
            until_ns = min(self._watermark - NEAR_NS // 2, self._fused_ns + GIVEN_UP_NS)
            self._give_up(max(self._fused_ns, until_ns))
        elif now_ns - self._frame_ns >= FRAME_NS or self._watermark - self._fused_ns >= step_ns:
            batch = self._fuse(min(self._watermark, self._fused_ns + step_ns))
            news = not batch.empty() or self._note_dropped(batch)
            if news or now_ns - self._frame_ns >= HEARTBEAT_NS:
                self._backlog.add(batch, self._fused_ns)
        if self._backlog and not self._sink.pending and now_ns - self._frame_ns >= FRAME_NS:
            self._frame_ns = now_ns
            self.framer.send(*self._backlog.take())
        return self._watermark - self._fused_ns >= step_ns

    def _fuse(self, until_ns: int) -> Batch:
        self._fused_ns = until_ns
        with self._overload.fusing():
            return self._fusion.advance(until_ns)

    def _give_up(self, until_ns: int) -> None:
        self._fused_ns = until_ns
        with self._overload.giving_up():
            self._fusion.give_up(until_ns)

    def _note_dropped(self, batch: Batch) -> bool:
        """Whether more records are lost than before. The first loss is reported with its time."""
        before, self._dropped = self._dropped, batch.dropped
        if self._dropped and not before:
            self.framer.change(dropped_since_ns=self._fusion.lost_since)
        return self._dropped != before

    def _control(self, now_ns: int) -> None:
        if self._commands.fd in self._ready:
            self._commands.poll()
        if self._guard_stands.check(now_ns) and not self._failure:
            self._failure = Sentence(
                "The guard process of this run was stopped by a signal; the run was ended."
            )
            self._guard.end()
        limit = self._watch.check(now_ns)
        if self._commands.stop and limit is None:
            limit = Limit(now_ns, "stopped", 0)
        if limit is not None and self._limit is None and self._over_ns is None:
            self._limit = limit
            self._feed([limit])
        if self._limit is not None and not self._killed:
            self._killed = True
            self._guard.kill()

    # --- the end -------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Sends all that is left, and how the run ended."""
        assert self._over_ns is not None
        self._feed(self._output.drain())
        self._feed(self._witnesses.ends(self._over_ns))
        self._drain()
        while self._witnesses.more:
            self._drain()
        if self._limit is None:
            self._limit = self._watch.at_the_end(self._over_ns)
            self._feed([self._limit] if self._limit else [])
        end_ns = self._over_ns
        self._catch_up(end_ns)
        batch = self._fusion.finish(end_ns)
        self._note_dropped(batch)
        while self._backlog:
            self.framer.send(*self._backlog.take())
        if self._limit is not None:
            name, value = self._limit.name, self._limit.value
            sentence = limit_reached(name, value).en
            self.framer.change(limit={"name": name, "value": value}, sentence=sentence)
        self.framer.end(batch, end_ns, self._status, self._failure)

    def _catch_up(self, end_ns: int) -> None:
        """Fuses what is left of a storm, step by step: the reader sees it arrive, and it is never
        in memory as a whole. What can't be fused soon is given up.
        """
        self._overload.program_ended()
        while end_ns - self._fused_ns > STEP_NS:
            self._commands.poll()
            if self._commands.gone or self._sink.broken:
                return
            if self._overload.no_time_left:
                self._give_up(self._fused_ns + STEP_NS)
                continue
            batch = self._fuse(self._fused_ns + STEP_NS)
            self._note_dropped(batch)
            self._backlog.add(batch, self._fused_ns)
            self._sink.flush()
            if not self._sink.pending:
                self.framer.send(*self._backlog.take())
