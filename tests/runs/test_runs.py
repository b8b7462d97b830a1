"""The life of runs, with a worker that does what the test says."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadRecording, NotFound, RecordingFailed, TooManyRuns
from app.runs.admission import Asker
from app.runs.folder_scan import Rescans
from app.runs.recording import Recording
from app.runs.run import Run, RunState
from app.runs.runs import Runs
from app.timeline.frames import decode, encode
from app.timeline.timeline import Timeline
from tests.merging import merge_plainly
from tests.runs.make import FakeLauncher, decoded_seqs, frame, last_frame, plan, settings, whole_run

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def opened(tmp_path: Path, launcher: FakeLauncher, **values: Any) -> AsyncIterator[Runs]:
    create = values.pop("create", Recording.create)
    runs = Runs(settings(tmp_path, **values), launcher, create)
    await runs.open()
    await runs.archive.scanned()
    try:
        yield runs
    finally:
        await runs.close()


async def everything(frames: AsyncGenerator[bytes]) -> list[bytes]:
    return [item async for item in frames]


async def over(runs: Runs, run: Run) -> None:
    """Wait until the run is over: its stream ends before its state is settled."""
    task = runs.active._tasks.get(run.id)
    if task is not None:
        await task


async def test_run_streams_and_then_replays_the_same(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=30, ends=True)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan(count=3))
        live = await everything(runs.stream(run))
        await over(runs, run)
        assert live == whole_run(31)
        assert run.state is RunState.ENDED and run.hub is None
        assert run.duration_ns == 30_000_000 and run.exit == {
            "cause": "exit",
            "code": 0,
            "signal": None,
        }
        [snapshot] = await everything(runs.stream(run))
        assert decode(snapshot) == merge_plainly(map(decode, live))
        assert await everything(runs.stream(run, 12)) == live[12:]
        assert await everything(runs.stream(run, 31)) == []
        assert (await runs.timeline(run)).to_json() == Timeline(map(decode, live)).to_json()
        spec = launcher.workers[0].spec
        assert spec.params == {"count": 3} and spec.program == run.program


async def test_run_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeLauncher(script=8, ends=True)) as runs:
        run = runs.start(plan(count=3))
        live = await everything(runs.stream(run))
        await over(runs, run)
    async with opened(tmp_path, FakeLauncher()) as runs:
        again = runs.get(run.id)
        assert again.as_json(None) == run.as_json(None)
        assert again.program == run.program
        assert await everything(runs.stream(again, 1)) == live[1:]


async def test_run_without_its_last_frame_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with Recording.create(tmp_path / "runs" / "old.timeslice", {"scenario": "gil"}) as recording:
        recording.extend(map(frame, range(5)))
    (tmp_path / "runs" / "bad.timeslice").write_text("nonsense")
    async with opened(tmp_path, FakeLauncher()) as runs:
        run = runs.get("old")
        assert run.state is RunState.INTERRUPTED and run.scenario == "gil"
        assert run.duration_ns == 4_000_000
        [snapshot] = await everything(runs.stream(run))
        assert decode(snapshot).seq == 4
        bad = runs.get("bad")
        assert bad.state is RunState.DAMAGED and "bad.timeslice" in str(bad.failure)
        assert len(runs.all()) == 2


def recorded(path: Path, scenario: str = "gil") -> None:
    with Recording.create(path, {"scenario": scenario}) as recording:
        recording.extend([*map(frame, range(4)), last_frame(4)])
        recording.finish(state="ended", duration_ns=4_000_000)


async def test_recording_put_into_the_folder_is_found_and_forgotten(tmp_path: Path) -> None:
    recorded(tmp_path / "aside.timeslice")
    async with opened(tmp_path, FakeLauncher(script=8, ends=True)) as runs:
        runs.archive.rescans = Rescans(runs.folder, rest_s=0)
        own = runs.start(plan())
        with pytest.raises(NotFound):
            await runs.find("put")
        await everything(runs.stream(own))
        await over(runs, own)
        (tmp_path / "aside.timeslice").rename(runs.folder / "put.timeslice")
        assert (await runs.find("put")).state is RunState.ENDED
        assert (await runs.find(own.id)) is own
        (runs.folder / "put.timeslice").unlink()
        await runs.archive.rescan()
        assert [run.id for run in runs.all()] == [own.id]
        with pytest.raises(NotFound):
            await runs.find("put")


async def test_damaged_recording_keeps_nothing_of_what_was_read_of_it(tmp_path: Path) -> None:
    """An error that is kept must not hold the frames that it passed, nor each later reader's."""
    (tmp_path / "runs").mkdir()
    path = tmp_path / "runs" / "bad.timeslice"
    recorded(path)
    db = sqlite3.connect(path)
    db.executescript("UPDATE frames SET data = x'00' WHERE seq = 2; DELETE FROM overview")
    db.close()
    async with opened(tmp_path, FakeLauncher()) as runs:
        assert not runs.damaged()
        run = runs.get("bad")
        for _ in range(3):
            with pytest.raises(BadRecording):
                await runs.timeline(run)
            assert runs.damaged() == [run]
            kept = run.failure
            assert kept is not None
            assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None, None, None)


async def test_recording_that_is_still_being_copied_is_read_again(tmp_path: Path) -> None:
    recorded(tmp_path / "aside.timeslice")
    whole = (tmp_path / "aside.timeslice").read_bytes()
    async with opened(tmp_path, FakeLauncher()) as runs:
        runs.archive.rescans = Rescans(runs.folder, rest_s=0)
        runs.folder.mkdir()
        put = runs.folder / "put.timeslice"
        put.write_bytes(whole[: len(whole) // 2])
        assert (await runs.find("put")).state is RunState.DAMAGED
        put.write_bytes(whole)
        await runs.archive.rescan()
        assert runs.get("put").state is RunState.ENDED


def test_rescans_rest_between_two(tmp_path: Path) -> None:
    rescans = Rescans(tmp_path)
    assert rescans.due
    rescans.scan([], [])
    assert not rescans.due


async def test_runs_wait_their_turn_and_can_be_cancelled(tmp_path: Path) -> None:
    launcher = FakeLauncher()
    async with opened(tmp_path, launcher, runs_at_once=1, runs_waiting=2) as runs:
        first, second, third = (runs.start(plan(), Asker(name)) for name in "abc")
        with pytest.raises(TooManyRuns):
            runs.start(plan(), Asker("d"))
        assert [runs.position(run) for run in (first, second, third)] == [None, 1, 2]
        await runs.stop(second.id)
        assert second.state is RunState.STOPPED
        [cancelled] = await everything(runs.stream(second))
        assert "cancelled" in decode(cancelled).head["failure"]
        assert runs.position(third) == 1
        (await launcher.worker(0)).end()
        await over(runs, first)
        assert third.state is RunState.RUNNING and runs.position(third) is None
        assert (await launcher.worker(1)).spec.run_id == third.id


async def test_run_stop_asks_the_worker_and_keeps_its_last_frame(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=3)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        worker = await launcher.worker()
        stream = runs.stream(run)
        assert decoded_seqs([await anext(stream) for _ in range(3)]) == [0, 1, 2]
        await runs.stop(run.id)
        assert worker.stopped.is_set() and worker.closed.is_set()
        [last] = await everything(stream)
        assert decode(last).head["state"] == "ended"
        assert run.state is RunState.STOPPED
        assert await runs.stop(run.id) is run  # nothing more to do
        with pytest.raises(NotFound, match="nosuch"):
            await runs.stop("nosuch")


async def test_run_whose_worker_dies_says_so_to_its_viewers(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=4)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        (await launcher.worker()).die()
        frames = await everything(runs.stream(run))
        await over(runs, run)
        assert decoded_seqs(frames) == [0, 1, 2, 3, 4]
        last = decode(frames[-1])
        assert last.head["state"] == "ended" and "without its last frame" in last.head["failure"]
        assert run.state is RunState.FAILED
        assert runs.get(run.id).failure is not None
    async with opened(tmp_path, FakeLauncher()) as runs:
        assert runs.get(run.id).state is RunState.FAILED


async def test_run_whose_worker_speaks_nonsense_fails(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        worker = await launcher.worker()
        worker.queue.put_nowait(frame(0))  # again
        frames = await everything(runs.stream(run))
        await over(runs, run)
        assert decoded_seqs(frames) == [0, 1, 2]
        assert run.state is RunState.FAILED and worker.closed.is_set()


class FullDisk(Recording):
    """Has room for three frames."""

    def extend(self, frames: Any) -> None:
        room = 3 - self._db.execute("SELECT count(*) FROM frames").fetchone()[0]
        if len(items := list(frames)) > room:
            raise RecordingFailed("The disk is full.")
        super().extend(items)


@pytest.mark.parametrize("when", ["create", "extend"])
async def test_run_goes_on_when_its_recording_fails(tmp_path: Path, when: str) -> None:
    if when == "create":
        (tmp_path / "runs").write_text("not a folder")
    launcher = FakeLauncher(script=9, ends=True)
    async with opened(tmp_path, launcher, create=FullDisk.create) as runs:
        run = runs.start(plan())
        frames = await everything(runs.stream(run))
        await over(runs, run)
        assert decoded_seqs(frames) == list(range(10))
        told = [item.head["run"] for item in map(decode, frames) if "run" in item.head]
        sentences = [facts["recording"] for facts in told if "recording" in facts]
        assert len(sentences) == 1 and sentences[0] == str(run.recording_failure)
        assert [item.head["failure"] for item in map(decode, frames) if "failure" in item.head] == (
            sentences
        )
        assert run.state is RunState.ENDED
        assert run.as_json(None)["recording_failure"]
        # Nothing is lost while the server lives: the run is kept in memory.
        assert await everything(runs.stream(run)) == frames
        timeline = await runs.timeline(run)
        assert timeline.run["recording"] == str(run.recording_failure)


async def test_runs_beyond_the_limit_are_removed_oldest_first(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2, ends=True)
    async with opened(tmp_path, launcher, runs_kept=2) as runs:
        kept = []
        for _ in range(4):
            run = runs.start(plan())
            await everything(runs.stream(run))
            await over(runs, run)
            kept.append(run.id)
            await asyncio.sleep(0.002)  # created_at tells milliseconds
        assert {run.id for run in runs.all()} == set(kept[2:])
        files = {path.stem for path in (tmp_path / "runs").iterdir()}
        assert files == set(kept[2:])


async def test_runs_close_stops_everything_and_completes_recordings(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=3)
    async with opened(tmp_path, launcher, runs_at_once=1) as runs:
        first, second = runs.start(plan()), runs.start(plan())
        await launcher.worker()
    assert (first.state, second.state) == (RunState.STOPPED, RunState.STOPPED)
    with Recording.open(first.path) as recording:
        assert recording.ended is not None and recording.ended["state"] == "stopped"


async def test_runs_close_does_not_wait_for_a_deaf_worker(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=3, stops=False)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        worker = await launcher.worker()
        async with asyncio.timeout(10):
            await runs.close()
        assert worker.closed.is_set() and run.state is RunState.STOPPED
        with Recording.open(run.path) as recording:
            assert decode(list(recording.frames())[-1]).head["state"] == "ended"


async def test_run_failure_told_by_the_worker_is_kept(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=1)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        (await launcher.worker()).end(failure="No such interpreter.")
        await everything(runs.stream(run))
        await over(runs, run)
        assert run.state is RunState.FAILED and str(run.failure) == "No such interpreter."


async def test_run_that_ended_before_it_could_be_stopped_has_ended(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2, stops=False)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        worker = await launcher.worker()
        stopping = asyncio.ensure_future(runs.stop(run.id))
        await worker.stopped.wait()
        worker.end()
        await stopping
        assert run.state is RunState.ENDED


async def test_run_keeps_the_limit_that_ended_it(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2)
    async with opened(tmp_path, launcher) as runs:
        run = runs.start(plan())
        (await launcher.worker()).end(limit="wall")
        await everything(runs.stream(run))
        await over(runs, run)
    async with opened(tmp_path, FakeLauncher()) as runs:
        again = runs.get(run.id)
        assert again.state is RunState.ENDED
        assert again.limit == {"name": "wall", "value": 30}


def test_last_frame_is_one_frame() -> None:
    assert encode(decode(last_frame(3))) == last_frame(3)
