"""Which recordings go when there is no more room, and which may stay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.runs import recordings
from app.runs.recording import Recording
from app.runs.room import check_pin, leaving, room
from app.runs.run import Run, RunState
from app.runs.runs import Runs
from tests.runs.make import FakeLauncher, plan, settings, whole_run

MIB = 1 << 20


def run(name: str, size: int = 10, pinned: bool = False) -> Run:
    at = f"2026-01-01T00:00:{int(name):02d}.000+00:00"
    path = Path(f"{name}.timeslice")
    return Run(name, "", {}, at, RunState.ENDED, path, bytes=size, pinned=pinned)


def names(runs: list[Run]) -> list[str]:
    return [item.id for item in runs]


def test_room_oldest_recordings_leave_first_by_bytes_and_by_number() -> None:
    newest_first = [run("5"), run("4"), run("3"), run("2"), run("1")]
    assert names(leaving(newest_first, 9, 1000)) == []
    assert names(leaving(newest_first, 9, 30)) == ["1", "2"]
    assert names(leaving(newest_first, 3, 1000)) == ["1", "2"]


def test_room_pinned_recordings_and_the_newest_stay() -> None:
    newest_first = [run("4", 90), run("3"), run("2", pinned=True), run("1")]
    assert names(leaving(newest_first, 9, 50)) == ["1", "3"]
    told = room(newest_first, 50)
    assert (told.used, told.pinned, told.quota) == (120, 10, 50)
    assert told.next is newest_first[-1]
    assert room([run("1")], 50).next is None


def test_room_half_of_it_can_be_pinned() -> None:
    runs = [run("4", 10 * MIB), run("3", 30 * MIB, pinned=True), run("2", 30 * MIB)]
    check_pin(runs[0], runs, 10, 100 * MIB)
    check_pin(runs[1], runs, 10, 100 * MIB)  # again
    with pytest.raises(InvalidInput, match="50 of 100 MiB"):
        check_pin(runs[2], runs, 10, 100 * MIB)
    with pytest.raises(InvalidInput, match="1 of 3 runs"):
        check_pin(runs[0], runs, 3, 100 * MIB)
    with pytest.raises(InvalidInput, match="this one can't"):
        check_pin(run("9"), runs, 10, 100 * MIB)


async def finished(runs: Runs) -> Run:
    found = runs.start(plan())
    await asyncio.shield(runs.active._tasks[found.id])
    return found


@pytest.mark.anyio
async def test_runs_keep_within_the_quota_and_keep_what_is_pinned(tmp_path: Path) -> None:
    big = FakeLauncher(script=3, ends=True)
    runs = Runs(settings(tmp_path, recordings_mib=1), big)
    await runs.open()
    try:
        first = await finished(runs)
        assert first.bytes == first.path.stat().st_size > 0
        await runs.pin(first.id, True)
        second = await finished(runs)
        for item in (first, second):  # as if they were long runs
            item.bytes = MIB // 2
        third = await finished(runs)
        assert runs.get(first.id) is first and first.path.exists()
        assert second.id not in {item.id for item in runs.all()} and not second.path.exists()
        assert third.path.exists()
        await runs.pin(first.id, False)
        assert not recordings.is_pinned(first.path)
    finally:
        await runs.close()
    again = Runs(settings(tmp_path), FakeLauncher())
    recordings.pin(third.path, True)
    await again.open()
    await again.archive.scanned()
    assert again.get(third.id).pinned and not again.get(first.id).pinned
    await again.close()


@pytest.mark.anyio
async def test_runs_remove_nothing_that_they_can_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for number in range(4):
        (folder / f"bad{number}.timeslice").write_text("no recording")
    with Recording.create(folder / "good.timeslice", {"id": "good"}) as recording:
        recording.extend(whole_run(5))
        recording.finish(state="ended")
    runs = Runs(settings(tmp_path, runs_kept=1), FakeLauncher())
    await runs.open()
    await runs.archive.scanned()
    assert [item.id for item in runs.sound()] == ["good"]
    assert len(runs.damaged()) == 4 and runs.all()[0].id == "good"
    assert len(list(folder.iterdir())) == 5
    await runs.close()
