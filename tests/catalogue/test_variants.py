"""The settings that are not the defaults, through the real pipeline: no claim fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import load
from app.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

pytestmark = pytest.mark.real

#: Slug, settings, and a claim that such a run can always tell.
VARIANTS: list[tuple[str, dict[str, Any], str]] = [
    ("start-process", {"method": "forkserver", "how": "subclass", "children": 2}, "parent"),
    ("reap-and-zombie", {"join": "soon", "parent_seconds": 0.6}, "zombie"),
    ("reap-and-zombie", {"join": "never", "parent_seconds": 0.6}, "zombie"),
    ("daemon-process", {"daemon": False, "logger_seconds": 1}, "logger-end"),
    ("queue", {"make_ms": 40, "use_ms": 0, "items": 5}, "get-waits"),
    ("race-counter", {"variant": "lock", "times": 4000}, "count"),
    ("race-counter", {"variant": "append"}, "count"),
    ("deadlock", {"variant": "ordered", "meals": 10, "patience": 20}, "all-eat"),
    ("deadlock", {"variant": "timeout", "meals": 10, "patience": 20}, "all-eat"),
    ("deadlock", {"variant": "one-lock", "meals": 10, "patience": 20}, "all-eat"),
    ("daemon-thread", {"daemon": False, "logger_seconds": 1}, "vanishes"),
    ("gil", {"work": "sleep"}, "sleeps-overlap"),
    ("asyncio-basics", {"style": "timeout", "seconds": 0.2, "limit": 0.5}, "cancelled"),
    ("asyncio-basics", {"style": "one-by-one", "seconds": 0.1}, "total"),
    ("asyncio-basics", {"style": "old"}, "old-way"),
    ("blocked-loop", {"sleep": "asyncio.sleep"}, "others"),
    ("blocked-loop", {"sleep": "to_thread"}, "which-thread"),
]


def run_variant(slug: str, values: dict[str, Any], folder: Path) -> Timeline:
    scenario = load()[slug]
    params = scenario.validate(values)
    spec = RunSpec(
        run_id=new_id(),
        scenario=slug,
        params=params.model_dump(mode="json"),
        program=scenario.render(params),
    )
    return asyncio.run(run(LocalLauncher(), spec, folder / "run.timeslice")).timeline


@pytest.mark.parametrize(
    ("slug", "values", "claim"), VARIANTS, ids=[f"{slug}-{values}" for slug, values, _ in VARIANTS]
)
def test_variant_runs_and_its_claims_hold(
    slug: str, values: dict[str, Any], claim: str, tmp_path: Path
) -> None:
    timeline = run_variant(slug, values, tmp_path)
    assert timeline.state == "ended"
    said = {item["id"]: (item["verdict"], item["why"]["en"]) for item in timeline.claims.values()}
    assert not {name: answer for name, answer in said.items() if answer[0] == "fails"}
    assert said[claim][0] == "holds", said[claim]
    if slug == "deadlock":
        assert not [item for item in timeline.findings.values() if item.kind == "deadlock"]
