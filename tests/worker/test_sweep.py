"""What belongs to a run is found by its id, and nothing else is."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.worker import folders, marks, sweep
from tests.worker.driver import ROOT

pytestmark = pytest.mark.real

SLEEP = [sys.executable, "-S", "-c", "print(flush=True); import time; time.sleep(600)"]


@pytest.fixture
def run_id() -> str:
    return f"t{secrets.token_hex(6)}"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of these tests alone in place of the machine's."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(sweep, "_SHARED_MEMORY", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead() -> str:
    """An owner as ``marks.owner`` writes it, whose process is gone."""
    ask = "from app.worker import marks; print(marks.owner())"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def started(**environment: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        SLEEP, stdout=subprocess.PIPE, env={**os.environ, **environment}, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.fixture
def processes(run_id: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """One of the run, and two that have nothing or nearly nothing to do with it."""
    found = {
        "its": started(TIMESLICE_RUN=run_id),
        "longer": started(TIMESLICE_RUN=run_id + "x"),
        "other": started(),
    }
    yield found
    for process in found.values():
        process.kill()
        process.communicate()


def test_end_kills_what_bears_the_id_and_removes_its_folders(
    places: Path, run_id: str, processes: dict[str, subprocess.Popen[bytes]]
) -> None:
    mine = Path(folders.make(marks.RUN, run_id, str(places)))
    other = Path(folders.make(marks.RUN, run_id + "x", str(places)))
    (mine / "file").touch()
    assert sweep.end(run_id) == []
    assert processes["its"].wait(10) == -9
    assert processes["longer"].poll() is None and processes["other"].poll() is None
    assert not mine.exists() and other.exists()


def test_end_never_kills_the_caller_nor_where_it_comes_from(
    places: Path, run_id: str, processes: dict[str, subprocess.Popen[bytes]]
) -> None:
    parents = (os.getpid(), os.getppid())
    assert sweep.end(run_id, lambda: (*parents, processes["other"].pid)) == []
    assert processes["other"].wait(10) == -9
    assert all(os.path.exists(f"/proc/{pid}") for pid in parents)


def test_abandoned_are_those_without_an_owner(places: Path, run_id: str, dead: str) -> None:
    living = Path(folders.make(marks.RUN, run_id, str(places)))
    _, pid, start = dead.split("-")
    left = places / f"timeslice-rings-{run_id}-left.{pid}-{start}"
    left.mkdir()
    (places / "timeslice-rings-old").mkdir()
    assert f"{run_id}-left" in sweep.abandoned()
    assert living.exists() and not left.exists()
    assert (places / "timeslice-rings-old").exists()  # not a name of ours


def test_abandoned_worker_is_told_by_who_started_it(places: Path, run_id: str, dead: str) -> None:
    left = started(TIMESLICE_RUN=run_id, TIMESLICE_OWNER=dead)
    elsewhere = dead.replace(dead.split("-")[0], "1", 1)
    others = [
        started(TIMESLICE_RUN=run_id + "a", TIMESLICE_OWNER=marks.owner()),
        started(TIMESLICE_RUN=run_id + "b", TIMESLICE_OWNER=elsewhere),
        started(TIMESLICE_RUN=run_id + "c", TIMESLICE_OWNER="nonsense"),
    ]
    try:
        assert run_id in sweep.abandoned()
        assert left.wait(10) == -9
        assert [process.poll() for process in others] == [None] * 3
    finally:
        for process in (left, *others):
            process.kill()
            process.communicate()


#: As a server is: what comes to it from another session is killed, its own helper is not.
ADOPTING = """
import asyncio, os, subprocess, sys
from app.runs.keeper import Keeper
from app.worker import sweep
sweep.abandoned = lambda: []
sleep = [sys.executable, '-S', '-c', 'import time; time.sleep(600)']
async def main():
    keeper = Keeper.of_this_process()
    helper = subprocess.Popen(
        sleep, process_group=0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    code = (
        'import subprocess, sys; '
        'print(subprocess.Popen(sys.argv[1:], env={}, stdout=subprocess.DEVNULL, '
        'stderr=subprocess.DEVNULL).pid)'
    )
    made = subprocess.run(
        [sys.executable, '-S', '-c', code, *sleep], start_new_session=True, capture_output=True
    )
    orphan = int(made.stdout)
    print(open(f'/proc/{orphan}/stat').read().split()[3] == str(os.getpid()))
    print(await keeper.sweep('no-such-run'), os.path.exists(f'/proc/{orphan}'), helper.poll())
    helper.kill(); helper.wait()
asyncio.run(main())
"""


def test_keeper_takes_in_orphans_and_leaves_helpers_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ADOPTING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["True", "[] False None"]
