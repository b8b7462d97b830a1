"""One run without a browser: starts a worker, records, folds its frames into a timeline.

The same launcher and the same frames as in the web application, so what the command line prints
is what the page draws.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import RecordingFailed, WorkerFailed
from app.runs.ending_heads import failure_of
from app.runs.launcher import Launcher, RunningWorker
from app.runs.recording import Recording
from app.runs.run import now
from app.timeline.frames import decode
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

#: How long a worker that has ended its run may take to exit before it is killed.
PATIENCE_S = 5.0
#: Sent by Ctrl-C, by a supervisor, and by a terminal that closes.
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Outcome:
    """A run's timeline, why its recording is incomplete, and the signal that stopped the run."""

    timeline: Timeline = field(default_factory=Timeline)
    recording_failure: RecordingFailed | None = None
    interrupted: int = 0


async def run(
    launcher: Launcher,
    spec: RunSpec,
    out: Path | None = None,
    progress: Callable[[Timeline], None] = lambda timeline: None,
) -> Outcome:
    """Run ``spec`` to its end, recorded in ``out`` if that is given.

    ``progress`` is called after each frame. A disk that fills up ends the recording, not the run.
    Raises RecordingFailed before the start if ``out`` can't be made, and WorkerFailed, with the
    worker's own sentence, if the run could not be watched to its end.
    """
    recording = None
    if out is not None:
        recording = Recording.create(out, _meta(spec), spec.program)
    following = _Following(recording, progress)
    try:
        worker = await launcher.start(spec)
        patience_s = PATIENCE_S
        try:
            await following.follow(worker)
        except asyncio.CancelledError:
            patience_s = 0.0  # a second Ctrl-C: wait no longer
            raise
        finally:
            last_words = await worker.close(patience_s)
        if following.outcome.timeline.state != "ended":
            raise WorkerFailed(
                "The worker ended without its last frame. Its last words: {words}",
                words=last_words or "-",
            )
        following.finish()
        return following.outcome
    finally:
        if recording is not None:
            recording.close()


def _meta(spec: RunSpec) -> dict[str, Any]:
    """The same entries as in the server's recordings, so that each can open the other's."""
    return {
        "id": spec.run_id,
        "scenario": spec.scenario,
        "file_name": spec.file_name,
        "args": spec.args,
        "params": spec.params,
        "python": spec.python,
        "created_at": now(),
    }


class _Following:
    def __init__(self, recording: Recording | None, progress: Callable[[Timeline], None]) -> None:
        self.outcome = Outcome()
        self._recording = recording
        self._progress = progress

    async def follow(self, worker: RunningWorker) -> None:
        """Take every frame. The first Ctrl-C, SIGTERM or SIGHUP stops the run, which still sends
        its last frame; the second ends this process as usual.
        """
        loop = asyncio.get_running_loop()
        stopping: set[asyncio.Task[None]] = set()

        def interrupted(number: int) -> None:
            loop.remove_signal_handler(number)
            self.outcome.interrupted = number
            stopping.add(loop.create_task(worker.stop()))

        for number in _STOPPING:
            loop.add_signal_handler(number, interrupted, number)
        try:
            async for data in worker.frames():
                self._take(data)
        finally:
            for number in _STOPPING:
                loop.remove_signal_handler(number)
            await asyncio.gather(*stopping)

    def _take(self, data: bytes) -> None:
        self._record(lambda recording: recording.append(data))
        frame = decode(data)
        self.outcome.timeline.apply(frame)
        self._progress(self.outcome.timeline)
        if sentence := failure_of(frame.head):
            raise WorkerFailed.saying(sentence)

    def finish(self) -> None:
        run = self.outcome.timeline.run
        ended = {
            "state": "stopped" if self.outcome.interrupted else "ended",
            "duration_ns": run.get("duration_ns"),
            "exit": run.get("exit"),
            "limit": run.get("limit"),
            "python": run.get("python"),
            "failure": None,
        }
        self._record(lambda recording: recording.finish(**ended))

    def _record(self, write: Callable[[Recording], None]) -> None:
        if self._recording is None or self.outcome.recording_failure is not None:
            return
        try:
            write(self._recording)
        except RecordingFailed as error:
            self.outcome.recording_failure = error
