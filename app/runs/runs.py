"""All runs of one server: starts them, keeps them, lists them, finds them again after a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from typing import Any

from app.errors import NotFound, Sentence, TimesliceError, WorkerFailed
from app.runs import shelf
from app.runs.admission import Admission
from app.runs.hub import Hub
from app.runs.launcher import Launcher, LocalLauncher, RunningWorker
from app.runs.meters import Meters
from app.runs.recorder import Create, Recorder
from app.runs.recording import SUFFIX, Recording
from app.runs.run import STOPPED, Plan, Run, RunState, new_id, now
from app.runs.telling import failing, failure_of, saying, telling_head
from app.settings import Settings
from app.timeline import frames as codec
from app.timeline.frames import Frame
from app.timeline.timeline import Timeline
from app.worker.spec import Limits, RunSpec

_log = logging.getLogger(__name__)

#: How long a worker may take to go after its last frame, and after being asked to stop.
_LEAVE_S = 5.0
_SHUTDOWN_S = 1.0
#: Runs that could not be recorded stay in memory; so many of them.
_UNRECORDED_KEPT = 8


class Runs:
    """Belongs to one event loop: ``open`` first, ``close`` at the end."""

    def __init__(
        self,
        settings: Settings,
        launcher: Launcher | None = None,
        create_recording: Create = Recording.create,
    ) -> None:
        self.settings = settings
        self.folder = settings.data_dir / "runs"
        self.meters = Meters()
        self._launcher = launcher or LocalLauncher()
        self._create_recording = create_recording
        self._admission = Admission(
            settings.runs_at_once, settings.runs_per_visitor, settings.runs_waiting
        )
        self._runs: dict[str, Run] = {}
        self._plans: dict[str, Plan] = {}
        self._workers: dict[str, RunningWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()
        self._closed = False

    async def open(self) -> None:
        """Find the recordings of earlier servers."""
        found = await asyncio.to_thread(shelf.scan, self.folder)
        self._runs = {run.id: run for run in found}
        await self._forget_old()

    async def close(self) -> None:
        """Stop every run, complete the recordings; bounded to about two seconds."""
        self._closed = True
        for run in list(self._runs.values()):
            if run.state is RunState.WAITING:
                self._cancel_waiting(run)
        tasks = list(self._tasks.values())
        if not tasks:
            return
        await asyncio.gather(*(self._ask_to_stop(run) for run in list(self._workers)))
        _, late = await asyncio.wait(tasks, timeout=_SHUTDOWN_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    # --- what the web asks for -----------------------------------------------------------------

    def start(self, plan: Plan, visitor: str = "") -> Run:
        """Take a run in; it starts now or waits its turn. Raises TooManyRuns."""
        if self._closed:
            raise WorkerFailed("The server is shutting down and starts no more runs.")
        run_id = new_id()
        may_start = self._admission.enter(run_id, visitor)
        run = Run(
            id=run_id,
            scenario=plan.scenario,
            params=dict(plan.params),
            created_at=now(),
            state=RunState.WAITING,
            path=self.folder / f"{run_id}{SUFFIX}",
            program=plan.program,
            file_name=plan.file_name,
            python=plan.python_name,
            visitor=visitor,
            hub=Hub(self.settings.viewer_queue, self.meters.snapshots.inc),
        )
        self._runs[run_id] = run
        self._plans[run_id] = plan
        self.meters.started.inc()
        if may_start:
            self._begin(run_id)
        return run

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        try:
            return self._runs[run_id]
        except KeyError:
            raise NotFound(
                "There is no run {id}: it may have been removed to make room for newer ones.",
                id=run_id,
            ) from None

    def all(self) -> list[Run]:
        """The newest first."""
        return sorted(self._runs.values(), key=lambda run: run.created_at, reverse=True)

    def position(self, run: Run) -> int | None:
        return self._admission.position(run.id)

    async def stop(self, run_id: str) -> Run:
        """End a run that waits or runs; returns when it is over. Raises NotFound."""
        run = self.get(run_id)
        if run.state is RunState.WAITING:
            self._cancel_waiting(run)
        elif (task := self._tasks.get(run_id)) is not None:
            await self._ask_to_stop(run_id)
            done, _ = await asyncio.wait([task], timeout=_LEAVE_S)
            if not done:
                task.cancel()
                await asyncio.wait([task])
        return run

    async def stream(self, run: Run, from_seq: int = 0) -> AsyncGenerator[bytes]:
        """Encoded frames from ``from_seq`` on, then live; a finished run comes as one snapshot
        when all of it is asked for. Raises BadRecording."""
        if run.hub is not None:
            async with contextlib.aclosing(run.hub.subscribe(from_seq)) as frames:
                async for frame in frames:
                    yield frame
            return
        if from_seq == 0:
            snapshot = await asyncio.to_thread(shelf.snapshot, run.path)
            if snapshot is not None:
                yield snapshot
            return
        while batch := await asyncio.to_thread(shelf.read, run.path, from_seq):
            for frame in batch:
                yield frame
            from_seq = codec.sequence(batch[-1]) + 1

    async def timeline(self, run: Run) -> Timeline:
        """All that is known of the run so far. Raises BadRecording."""
        if run.hub is None:
            snapshot = await asyncio.to_thread(shelf.snapshot, run.path)
        else:
            snapshot = await run.hub.snapshot()
        return await asyncio.to_thread(shelf.timeline, snapshot)

    # --- the life of a run ---------------------------------------------------------------------

    def _begin(self, run_id: str) -> None:
        run = self._runs[run_id]
        run.state = RunState.RUNNING
        task = asyncio.create_task(self._live(run), name=f"run {run_id}")
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    async def _live(self, run: Run) -> None:
        recorder = Recorder(self._create_recording)
        try:
            await recorder.open(run.path, run.meta(), run.program)
            await self._work(run, recorder)
        except TimesliceError as error:
            run.failure = error
        except asyncio.CancelledError:
            # close() or stop() lost patience: the worker is gone, what came is kept.
            self._stopping.add(run.id)
        finally:
            await self._settle(run, recorder)

    async def _work(self, run: Run, recorder: Recorder) -> None:
        spec = self._spec(run)
        worker = await self._launcher.start(spec)
        self._workers[run.id] = worker
        patience = 0.0
        try:
            if run.id in self._stopping:
                await worker.stop()
            async for frame in worker.frames():
                await self._take(run, recorder, frame)
                if run.over:
                    break
            patience = _LEAVE_S
        finally:
            self._workers.pop(run.id, None)
            last_words = await worker.close(patience)
        if last_words:
            _log.error("the worker of run %s said: %s", run.id, last_words)
        if not run.over:
            raise WorkerFailed(
                "The worker ended without its last frame; the picture stops where it ended."
            )

    async def _take(self, run: Run, recorder: Recorder, frame: bytes) -> None:
        assert run.hub is not None
        head = telling_head(frame)
        self._measure(run, head, frame)
        if head.get("state") == "ended":
            self._note_end(run, head, frame)
            # Nobody is told that the run has ended before all of it is on disk, or known not to be.
            recorder.append(frame)
            await recorder.flush()
        else:
            recorder.append(frame)
        if recorder.failure is not None and run.recording_failure is None:
            run.recording_failure = recorder.failure
            self.meters.recordings_failed.inc()
            frame = saying(frame, recorder.failure)
        run.hub.publish(frame)
        if run.over:
            run.hub.close()

    def _measure(self, run: Run, head: dict[str, Any], frame: bytes) -> None:
        if not run.head and "run" in head:
            run.head = head["run"]
            run.python = run.head.get("python") or run.python
        self.meters.frames.inc()
        self.meters.bytes.inc(len(frame))
        start_ns = run.head.get("start_monotonic_ns")
        if isinstance(start_ns, int):
            speaks_for_ns = start_ns + int(codec.HEADER.unpack_from(frame)[7])
            self.meters.age.observe(max(0, time.monotonic_ns() - speaks_for_ns) / 1e9)

    def _note_end(self, run: Run, head: dict[str, Any], frame: bytes) -> None:
        facts = head.get("run", {})
        run.exit = facts.get("exit")
        run.limit = facts.get("limit")
        run.duration_ns = facts.get("duration_ns") or int(codec.HEADER.unpack_from(frame)[7])
        run.state = RunState.ENDED
        if sentence := failure_of(head):
            run.failure = WorkerFailed.saying(sentence)
            run.state = RunState.FAILED
        if run.limit is not None and run.limit.get("name") == STOPPED:
            run.state = RunState.STOPPED

    async def _settle(self, run: Run, recorder: Recorder) -> None:
        """Every run comes through here once, however it ended."""
        assert run.hub is not None
        if not run.over:
            self._say_the_end(run, recorder)
        run.hub.close()
        await recorder.finish(
            state=run.state.value,
            duration_ns=run.duration_ns,
            exit=run.exit,
            limit=run.limit,
            python=run.python,
            **(failing(run.failure.sentence) if run.failure else {"failure": None}),
        )
        if recorder.failure is not None and run.recording_failure is None:
            run.recording_failure = recorder.failure
            self.meters.recordings_failed.inc()
        if run.recording_failure is None:
            run.hub = None
        self._stopping.discard(run.id)
        self._plans.pop(run.id, None)
        self._leave(run.id)
        await self._forget_old(run)

    def _say_the_end(self, run: Run, recorder: Recorder) -> None:
        """The worker could not say it: the last frame is ours."""
        assert run.hub is not None
        stopped = run.id in self._stopping
        last = run.hub.last_seq
        now_ns = 0
        if last is not None:
            now_ns = int(codec.HEADER.unpack_from(run.hub.frame(len(run.hub) - 1))[7])
        run.duration_ns = now_ns
        head: dict[str, Any] = {"state": "ended", "run": {"duration_ns": now_ns}}
        if last is None:
            head["run"] |= run.meta()
        if run.failure is not None:
            head |= failing(run.failure.sentence)
        elif stopped:
            head |= failing(Sentence("The run was stopped."))
        run.state = RunState.STOPPED if stopped else RunState.FAILED
        frame = codec.encode(Frame(0 if last is None else last + 1, now_ns, head))
        recorder.append(frame)
        run.hub.publish(frame)

    def _cancel_waiting(self, run: Run) -> None:
        assert run.hub is not None
        run.state = RunState.STOPPED
        run.duration_ns = 0
        run.hub.publish(
            codec.encode(
                Frame(
                    0,
                    0,
                    {
                        "state": "ended",
                        "run": {**run.meta(), "duration_ns": 0},
                        **failing(Sentence("The run was cancelled while it waited.")),
                    },
                )
            )
        )
        run.hub.close()
        self._plans.pop(run.id, None)
        self._leave(run.id)

    async def _ask_to_stop(self, run_id: str) -> None:
        self._stopping.add(run_id)
        if (worker := self._workers.get(run_id)) is not None:
            await worker.stop()

    def _leave(self, run_id: str) -> None:
        following = self._admission.leave(run_id)
        if following is not None and not self._closed:
            self._begin(following)

    async def _forget_old(self, settled: Run | None = None) -> None:
        """Keep the newest ``runs_kept`` recordings and a few runs that have none."""
        busy = self._tasks.keys() - {settled.id if settled else ""}
        over = [run for run in self.all() if run.over and run.id not in busy]
        recorded = [run for run in over if run.recording_failure is None]
        unrecorded = [run for run in over if run.recording_failure is not None]
        old = recorded[self.settings.runs_kept :]
        for run in [*old, *unrecorded[_UNRECORDED_KEPT:]]:
            self._runs.pop(run.id, None)
        await asyncio.to_thread(shelf.remove, [run.path for run in old])

    def _spec(self, run: Run) -> RunSpec:
        plan = self._plans[run.id]
        chosen = {"python": plan.python} if plan.python else {}
        return RunSpec(
            run_id=run.id,
            scenario=plan.scenario,
            params=dict(plan.params),
            program=plan.program,
            file_name=plan.file_name,
            witness=self.settings.witness,
            limits=Limits.of(self.settings),
            **chosen,
        )

    def count(self) -> None:
        """Bring the gauges up to date."""
        states = [run.state for run in self._runs.values()]
        for state in RunState:
            self.meters.runs.labels(state.value).set(states.count(state))
