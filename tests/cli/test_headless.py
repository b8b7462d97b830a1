"""One run without a browser, with a worker that is made up: frames in, a timeline out."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.cli.headless import Outcome, run
from app.errors import RecordingFailed, WorkerFailed
from app.runs.earlier_runs import earlier_run
from app.runs.launcher import RunningWorker
from app.runs.recording import Recording
from app.timeline.frames import Frame, encode
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

SPEC = RunSpec(run_id="r1", scenario="deadlock", program="print(1)\n")


class MadeUpWorker:
    """Yields the frames it was given; at ``None`` it waits to be stopped, and says so at last."""

    def __init__(self, frames: list[Frame | None], words: str = "") -> None:
        self.given = frames
        self.words = words
        self.stopped = asyncio.Event()
        self.closed = False

    async def frames(self) -> AsyncIterator[bytes]:
        for frame in self.given:
            if frame is None:
                os.kill(os.getpid(), signal.SIGINT)
                await self.stopped.wait()
            else:
                yield encode(frame)

    async def stop(self) -> None:
        self.stopped.set()

    async def close(self, patience_s: float) -> str:
        self.closed = True
        return self.words


class MadeUpLauncher:
    def __init__(self, *frames: Frame | None, words: str = "") -> None:
        self._frames, self._words = list(frames), words
        self.worker: MadeUpWorker | None = None

    async def start(self, spec: RunSpec) -> RunningWorker:
        self.worker = MadeUpWorker(self._frames, self._words)
        return self.worker


FIRST = Frame(0, 1_000, {"run": {"id": "r1", "scenario": "deadlock"}})
LAST = Frame(1, 5_000, {"state": "ended", "run": {"duration_ns": 5_000}})


def outcome(launcher: MadeUpLauncher, out: Path | None = None) -> Outcome:
    return asyncio.run(run(launcher, SPEC, out))


def test_run_folds_the_frames_and_tells_of_each() -> None:
    launcher = MadeUpLauncher(FIRST, LAST)
    seen: list[int] = []

    def progress(timeline: Timeline) -> None:
        seen.append(timeline.now_ns)

    found = asyncio.run(run(launcher, SPEC, progress=progress))
    assert found.timeline.run == {"id": "r1", "scenario": "deadlock", "duration_ns": 5_000}
    assert seen == [1_000, 5_000]
    assert launcher.worker is not None and launcher.worker.closed


def test_run_writes_a_recording_that_replays_the_same(tmp_path: Path) -> None:
    out = tmp_path / "a.timeslice"
    found = outcome(MadeUpLauncher(FIRST, LAST), out)
    with Recording.open(out) as recording:
        assert list(recording.frames()) == [encode(FIRST), encode(LAST)]
        assert recording.program == SPEC.program
        assert recording.ended is not None and recording.ended["state"] == "ended"
        assert recording.timeline().to_json() == found.timeline.to_json()


def test_recording_of_a_run_at_its_limit_says_so(tmp_path: Path) -> None:
    out, limit = tmp_path / "a.timeslice", {"name": "cpu", "value": 1000}
    last = Frame(1, 5_000, {"state": "ended", "run": {"duration_ns": 5_000, "limit": limit}})
    outcome(MadeUpLauncher(FIRST, last), out)
    assert earlier_run(out).limit == limit


def test_run_without_its_last_frame_fails_with_the_workers_last_words() -> None:
    launcher = MadeUpLauncher(FIRST, words="out of paper")
    with pytest.raises(WorkerFailed, match="out of paper"):
        outcome(launcher)
    assert launcher.worker is not None and launcher.worker.closed


def test_run_that_the_worker_gives_up_fails_with_its_sentence() -> None:
    failed = Frame(1, 2_000, {"state": "ended", "failure": "There is no such {thing}."})
    with pytest.raises(WorkerFailed, match=r"There is no such \{thing\}\."):
        outcome(MadeUpLauncher(FIRST, failed))


def test_run_stops_at_ctrl_c_and_keeps_what_came_after() -> None:
    found = outcome(MadeUpLauncher(FIRST, None, LAST))
    assert found.interrupted
    assert found.timeline.state == "ended"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_run_refuses_an_existing_recording_before_it_starts(tmp_path: Path) -> None:
    out = tmp_path / "a.timeslice"
    out.write_text("precious")
    launcher = MadeUpLauncher(FIRST, LAST)
    with pytest.raises(RecordingFailed, match="exists already"):
        outcome(launcher, out)
    assert launcher.worker is None
    assert out.read_text() == "precious"


def test_run_goes_on_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Recording, frame: bytes) -> None:
        raise RecordingFailed("The disk is full.")

    monkeypatch.setattr(Recording, "append", full)
    found = outcome(MadeUpLauncher(FIRST, LAST), tmp_path / "a.timeslice")
    assert found.timeline.now_ns == 5_000
    assert str(found.recording_failure) == "The disk is full."
