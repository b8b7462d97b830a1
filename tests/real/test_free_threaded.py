"""The pipeline on a CPython without its lock: threads overlap, and none waits for a GIL.

Its records, hooks and lines are tested with every other version's: see the fixture ``python``.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import load
from app.catalogue.spans import pairwise, total
from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import Track
from app.timeline.states import ObjectKind, State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.conftest import FREE_THREADED, interpreter

pytestmark = [pytest.mark.real, pytest.mark.interpreters]


@pytest.fixture(params=FREE_THREADED, scope="module")
def free(request: pytest.FixtureRequest) -> str:
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"no python{request.param} on this machine")
    return found


def run_on(python: str, slug: str, values: dict[str, Any], folder: Path) -> Timeline:
    """A run of this scenario that came to its end, with no claim failed."""
    scenario = load()[slug]
    params = scenario.validate(values)
    spec = RunSpec(
        run_id=new_id(),
        scenario=slug,
        params=params.model_dump(mode="json"),
        program=scenario.render(params),
        python=python,
    )
    timeline = asyncio.run(run(LocalLauncher(), spec, folder / "run.timeslice")).timeline
    assert timeline.state == "ended"
    assert timeline.dropped == 0
    assert (timeline.root().python or "").endswith(" free-threading")
    assert str(timeline.run["python"]).endswith(" free-threading")
    assert not [item for item in timeline.claims.values() if item["verdict"] == "fails"]
    return timeline


def threads(timeline: Timeline, prefix: str) -> list[Track]:
    return [track for track in timeline.of_kind(TrackKind.THREAD) if track.name.startswith(prefix)]


def at_once_ns(timeline: Timeline, tracks: list[Track]) -> int:
    """For how long two of them ran at one instant; skips where no second CPU was to be had."""
    if timeline.run["witnesses"]["scheduler"] == "procfs":
        pytest.skip("no witness sees every context switch here")
    running = [timeline.of(track, State.RUNNING) for track in tracks]
    cpus = {row.cpu for rows in running for row in rows if row.cpu >= 0}
    ready = sum(timeline.total_ns(track, State.READY) for track in tracks)
    together = total(pairwise(running))
    if not together and (len(cpus) < 2 or 4 * ready > sum(map(total, running))):
        pytest.skip("this machine had no second CPU to spare")
    return together


def test_computing_threads_run_at_one_instant_and_none_waits_for_a_gil(
    free: str, tmp_path: Path
) -> None:
    timeline = run_on(free, "gil", {"turns": 6_000_000}, tmp_path)
    assert not [row for row in timeline.rows() if row.state is State.GIL]
    assert all(thing.kind is not ObjectKind.GIL for thing in timeline.objects.values())
    assert all(not stats.gil_ns + stats.gil_held_ns for stats in timeline.stats.values())
    assert at_once_ns(timeline, threads(timeline, "task-")) > 0


def test_plain_statement_loses_updates(free: str, tmp_path: Path) -> None:
    timeline = run_on(free, "race-counter", {"variant": "plain"}, tmp_path)
    together = at_once_ns(timeline, threads(timeline, "adder-"))
    (lost,) = re.findall(r"(\d+) were lost", timeline.text_of("stdout"))
    if together < 5_000_000:
        pytest.skip("the threads hardly met")
    assert int(lost) > 0


def test_every_item_of_a_queue_is_told_once(free: str, tmp_path: Path) -> None:
    """Rings are written without a lock: each thread has its own, whoever runs beside it."""
    timeline = run_on(free, "producer-consumer", {}, tmp_path)
    said = {item["id"]: item["verdict"] for item in timeline.claims.values()}
    assert "holds" in said.values()


def test_states_of_coroutines_are_told(free: str, tmp_path: Path) -> None:
    timeline = run_on(free, "asyncio-basics", {}, tmp_path)
    coroutines = timeline.of_kind(TrackKind.COROUTINE)
    states = {row.state for track in coroutines for row in timeline.of(track)}
    assert {State.READY, State.RUNNING, State.AWAITING} <= states
