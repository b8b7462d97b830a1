"""Every scenario through the real pipeline: worker, witnesses, fusion, frames, claims."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import load
from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.recording import Recording
from app.runs.run import new_id
from app.timeline.model import OPEN
from app.timeline.states import (
    COROUTINE_TRANSITIONS,
    THREAD_TRANSITIONS,
    Evidence,
    State,
    TrackKind,
)
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.catalogue.build import need_packages, need_servers
from tests.lawful import changed_hands

pytestmark = pytest.mark.real

SLUGS = sorted(load())


def run_scenario(slug: str, tmp_path: Path, **values: object) -> Timeline:
    """One run of ``slug``, recorded; the timeline read back from the recording."""
    scenario = load()[slug]
    params = scenario.validate(values)
    need_packages(scenario, scenario.render(params))
    need_servers(scenario, params)
    spec = RunSpec(
        run_id=new_id(),
        scenario=slug,
        params=params.model_dump(mode="json"),
        program=scenario.render(params),
    )
    out = tmp_path / f"{slug}.timeslice"
    live = asyncio.run(run(LocalLauncher(), spec, out)).timeline
    with Recording.open(out) as recording:
        stored = recording.timeline()
    assert stored.to_json() == live.to_json()
    return stored


def check_cover(timeline: Timeline) -> None:
    """Slices of each track follow one another from its start to its end, lawfully."""
    for track in timeline.tracks.values():
        rows = timeline.slices.get(track.id, [])
        assert track.end_ns != OPEN, f"{track.name} has not ended"
        if track.kind is not TrackKind.EXTERNAL:  # which goes on without us
            assert track.end is not None, f"{track.name} ended, but nothing says how"
        if track.end_ns == track.start_ns:
            assert not rows
            continue
        assert rows[0].start_ns == track.start_ns, track
        assert rows[-1].end_ns == track.end_ns, track
        table = COROUTINE_TRANSITIONS if track.kind is TrackKind.COROUTINE else THREAD_TRANSITIONS
        for before, after in pairwise(rows):
            assert before.end_ns == after.start_ns, (track.name, before, after)
            if State.UNKNOWN not in (before.state, after.state):
                lawful = after.state in table[before.state] or changed_hands(before, after)
                assert lawful, (track.name, before, after)


def check_evidence(timeline: Timeline) -> None:
    """A known state says how it is known; only a gap has no evidence."""
    for row in timeline.rows():
        assert (row.evidence is Evidence.MISSING) == (row.state is State.UNKNOWN), row


@pytest.mark.parametrize("slug", SLUGS)
def test_scenario_runs_and_its_claims_hold(slug: str, tmp_path: Path) -> None:
    timeline = run_scenario(slug, tmp_path)
    check_cover(timeline)
    check_evidence(timeline)
    assert timeline.state == "ended"
    assert timeline.dropped == 0
    verdicts = {claim["id"]: (claim["verdict"], claim["why"]["en"]) for claim in
                timeline.claims.values()}  # fmt: skip
    assert verdicts
    assert not {name: said for name, said in verdicts.items() if said[0] == "fails"}
    assert any(verdict == "holds" for verdict, _ in verdicts.values()), verdicts
    check_questions(slug, timeline)


def check_questions(slug: str, timeline: Timeline) -> None:
    """What was asked before such a run, it answers; and the answer could have been predicted."""
    scenario = load()[slug]
    for question in scenario.questions:
        answer: Any = question.answer(timeline, scenario.validate({}))
        if isinstance(answer, dict):
            given = ",".join(f"{key}:{row}" for key, row in answer.items()).replace("?", ".")
        else:
            given = ",".join(answer) if isinstance(answer, list) else str(answer)
        assert question.kind.right(question.kind.read(given), answer) or "?" in str(answer)
