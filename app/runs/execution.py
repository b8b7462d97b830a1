"""The life of one run: its worker, what the worker tells, the recording, and the end."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from app.errors import Sentence, TimesliceError, WorkerFailed
from app.runs.ending_heads import failing, failure_of, saying, telling_head
from app.runs.launcher import Launcher, RunningWorker
from app.runs.metrics import Meters
from app.runs.recorder import Recorder
from app.runs.run import STOPPED, Run, RunState
from app.timeline import frames as codec
from app.timeline.frames import Frame
from app.worker.spec import RunSpec

_log = logging.getLogger(__name__)

#: How long a worker may take to go after its last frame.
LEAVE_S = 5.0


class Life:
    """``live`` is over when the run is, however it ended; ``stop`` ends it early."""

    def __init__(self, run: Run, spec: RunSpec, recorder: Recorder, meters: Meters) -> None:
        self.run = run
        self._spec = spec
        self._recorder = recorder
        self._meters = meters
        self._worker: RunningWorker | None = None
        self._stopping = False

    async def live(self, launcher: Launcher) -> None:
        """Cancelled, it kills the worker and keeps what came."""
        try:
            await self._recorder.open(self.run.path, self.run.recorded(), self.run.program)
            await self._work(launcher)
        except TimesliceError as error:
            self.run.failure = error.bare()
        except asyncio.CancelledError:
            # Who stops it lost patience: the worker is gone, what came is kept.
            self._stopping = True
        finally:
            await self._settle()

    async def stop(self) -> None:
        """Ask it to end."""
        self._stopping = True
        if self._worker is not None:
            await self._worker.stop()

    async def _work(self, launcher: Launcher) -> None:
        worker = self._worker = await launcher.start(self._spec)
        patience = 0.0
        try:
            if self._stopping:
                await worker.stop()
            async for frame in worker.frames():
                await self._take(frame)
                if self.run.over:
                    break
            patience = LEAVE_S
        finally:
            self._worker = None
            last_words = await worker.close(patience)
        if last_words:
            _log.error("the worker of run %s said: %s", self.run.id, last_words)
        if not self.run.over:
            raise WorkerFailed(
                "The worker ended without its last frame; the picture stops where it ended."
            )

    async def _take(self, frame: bytes) -> None:
        run, recorder = self.run, self._recorder
        assert run.hub is not None
        head = telling_head(frame)
        self._measure(head, frame)
        if head.get("state") == "ended":
            self._note_end(head, frame)
            # Nobody is told that the run has ended before all of it is on disk, or known not to be.
            recorder.append(frame)
            await recorder.flush()
        else:
            recorder.append(frame)
        if self._recording_failed():
            assert recorder.failure is not None
            frame = saying(frame, recorder.failure)
        run.hub.publish(frame)
        if run.over:
            run.hub.close()

    def _recording_failed(self) -> bool:
        """Whether it failed since the last time; noted and counted once."""
        run, failure = self.run, self._recorder.failure
        if failure is None or run.recording_failure is not None:
            return False
        run.recording_failure = failure
        self._meters.recordings_failed.inc()
        return True

    def _measure(self, head: dict[str, Any], frame: bytes) -> None:
        run = self.run
        if not run.head and "run" in head:
            run.head = head["run"]
            run.python = run.head.get("python") or run.python
        self._meters.frames.inc()
        self._meters.bytes.inc(len(frame))
        start_ns = run.head.get("start_monotonic_ns")
        if isinstance(start_ns, int):
            speaks_for_ns = start_ns + int(codec.HEADER.unpack_from(frame)[7])
            self._meters.age.observe(max(0, time.monotonic_ns() - speaks_for_ns) / 1e9)

    def _note_end(self, head: dict[str, Any], frame: bytes) -> None:
        run = self.run
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

    async def _settle(self) -> None:
        """Every run comes through here once, however it ended."""
        run = self.run
        assert run.hub is not None
        if not run.over:
            self._say_the_end()
        run.hub.close()
        await self._recorder.finish(
            state=run.state.value,
            duration_ns=run.duration_ns,
            exit=run.exit,
            limit=run.limit,
            python=run.python,
            **(failing(run.failure.sentence) if run.failure else {"failure": None}),
        )
        self._recording_failed()
        if run.recording_failure is None:
            run.hub = None

    def _say_the_end(self) -> None:
        """The worker could not say it: the last frame is ours."""
        run = self.run
        assert run.hub is not None
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
        elif self._stopping:
            head |= failing(Sentence("The run was stopped."))
        run.state = RunState.STOPPED if self._stopping else RunState.FAILED
        frame = codec.encode(Frame(0 if last is None else last + 1, now_ns, head))
        self._recorder.append(frame)
        run.hub.publish(frame)
