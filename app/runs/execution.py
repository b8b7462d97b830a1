"""One run from start to end: its worker, the worker's frames, the recording, and the last frame."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from app.errors import Sentence, TimesliceError, WorkerFailed
from app.runs.ending_heads import failure_head, failure_of, run_head, with_failure
from app.runs.launcher import Launcher, RunningWorker
from app.runs.metrics import Metrics
from app.runs.recorder import Recorder
from app.runs.run import Run, RunState
from app.timeline import frames as codec
from app.timeline.frames import Frame
from app.timeline.limits import STOPPED
from app.worker.spec import RunSpec

_log = logging.getLogger(__name__)

#: How long a worker may take to go after its last frame.
LEAVE_S = 5.0


class Execution:
    """``run_to_end`` returns when the run is over, however it ended; ``stop`` ends it early."""

    def __init__(self, run: Run, spec: RunSpec, recorder: Recorder, metrics: Metrics) -> None:
        self.run = run
        self._spec = spec
        self._recorder = recorder
        self._metrics = metrics
        self._worker: RunningWorker | None = None
        self._stopping = False

    async def run_to_end(self, launcher: Launcher) -> None:
        """If cancelled, it kills the worker and keeps the frames that came."""
        try:
            await self._recorder.open(self.run.path, self.run.recorded(), self.run.program)
            await self._work(launcher)
        except TimesliceError as error:
            self.run.failure = error.bare()
        except asyncio.CancelledError:
            # The caller waits no longer: the worker is gone, the frames that came are kept.
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
        head = run_head(frame)
        self._measure(head, frame)
        if head.get("state") == "ended":
            self._note_end(head, frame)
            # Viewers learn that the run has ended only when all of it is on disk, or can't be.
            recorder.append(frame)
            await recorder.flush()
        else:
            recorder.append(frame)
        if self._recording_failed():
            assert recorder.failure is not None
            frame = with_failure(frame, recorder.failure)
        run.hub.publish(frame)
        if run.over:
            run.hub.close()

    def _recording_failed(self) -> bool:
        """True once: when the recording has failed since the last call."""
        run, failure = self.run, self._recorder.failure
        if failure is None or run.recording_failure is not None:
            return False
        run.recording_failure = failure
        self._metrics.recordings_failed.inc()
        return True

    def _measure(self, head: dict[str, Any], frame: bytes) -> None:
        run = self.run
        if not run.head and "run" in head:
            run.head = head["run"]
            run.python = run.head.get("python") or run.python
        self._metrics.frames.inc()
        self._metrics.bytes.inc(len(frame))
        start_ns = run.head.get("start_monotonic_ns")
        if isinstance(start_ns, int):
            speaks_for_ns = start_ns + int(codec.HEADER.unpack_from(frame)[7])
            self._metrics.age.observe(max(0, time.monotonic_ns() - speaks_for_ns) / 1e9)

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
        """Called once for every run, however it ended."""
        run = self.run
        assert run.hub is not None
        if not run.over:
            self._send_last_frame()
        run.hub.close()
        await self._recorder.finish(
            state=run.state.value,
            duration_ns=run.duration_ns,
            exit=run.exit,
            limit=run.limit,
            python=run.python,
            **(failure_head(run.failure.sentence) if run.failure else {"failure": None}),
        )
        self._recording_failed()
        if run.recording_failure is None:
            run.hub = None

    def _send_last_frame(self) -> None:
        """Send the last frame in place of a worker that could not."""
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
            head |= failure_head(run.failure.sentence)
        elif self._stopping:
            head |= failure_head(Sentence("The run was stopped."))
        run.state = RunState.STOPPED if self._stopping else RunState.FAILED
        frame = codec.encode(Frame(0 if last is None else last + 1, now_ns, head))
        self._recorder.append(frame)
        run.hub.publish(frame)
