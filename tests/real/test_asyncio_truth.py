"""Coroutines through the whole pipeline, against the list that the program's own loop kept."""

from __future__ import annotations

import ast
import asyncio
from collections import defaultdict

import pytest

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.probe.test_records_tasks import INSTRUMENTED

pytestmark = pytest.mark.real


def run_program(text: str) -> Timeline:
    return asyncio.run(run(LocalLauncher(), RunSpec(run_id=new_id(), program=text))).timeline


def task_name(track: Track) -> str:
    """``Task-7`` of ``leaf (Task-7)``; a name the program gave stands alone."""
    return track.name.rpartition("(")[2].rstrip(")")


def expected_states(seen: list[tuple[str, str]]) -> dict[str, list[State]]:
    """Each task's states after its birth, from the loop's list of (what, task)."""
    states: dict[str, list[State]] = defaultdict(list)
    again: dict[str, bool] = {}
    for what, name in seen:
        mine = states[name]
        if what == "ready":
            # Made ready during its own step, it goes straight back to the queue after it.
            if mine and mine[-1] is State.RUNNING:
                again[name] = True
            else:
                mine.append(State.READY)
        elif what == "run":
            again[name] = False
            mine.append(State.RUNNING)
        elif what == "pause":
            mine.append(State.READY if again[name] else State.AWAITING)
    return states


def states(timeline: Timeline, track: Track) -> list[State]:
    """In their order; a wait for a lock that changed hands is one."""
    found: list[Slice] = []
    for row in timeline.of(track):
        if found and found[-1].reason is row.reason is Reason.LOCK:
            assert found[-1].holder != row.holder
            found.pop()
        found.append(row)
    return [row.state for row in found if row.state is not State.NEW]


def test_every_state_of_1000_tasks_equals_the_loops_own_list() -> None:
    timeline = run_program(INSTRUMENTED)
    seen = ast.literal_eval(timeline.text_of("stdout"))
    tracks = {task_name(track): track for track in timeline.of_kind(TrackKind.COROUTINE)}
    expected = expected_states(seen)
    assert len(tracks) >= 1000
    assert tracks.keys() == expected.keys()
    assert {name: states(timeline, track) for name, track in tracks.items()} == expected
    steps = sorted(
        (row.start_ns, name)
        for name, track in tracks.items()
        for row in timeline.of(track, State.RUNNING)
    )
    assert [name for _, name in steps] == [name for what, name in seen if what == "run"]
    assert timeline.dropped == 0
