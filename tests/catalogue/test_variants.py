"""The settings that are not the defaults, through the real pipeline: no claim fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import load
from app.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.catalogue.build import VARIANTS, need_packages, need_servers
from tests.catalogue.cases import load_all

pytestmark = pytest.mark.real
load_all()


def variants() -> Iterator[Any]:
    """Each variant; all but the first of a scenario are for ``make test-catalogue`` alone."""
    seen = set()
    for slug, values, claim in VARIANTS:
        marks = [pytest.mark.catalogue] if slug in seen else []
        seen.add(slug)
        yield pytest.param(slug, values, claim, marks=marks, id=f"{slug}-{values}")


def run_variant(slug: str, values: dict[str, Any], folder: Path) -> Timeline:
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
    return asyncio.run(run(LocalLauncher(), spec, folder / "run.timeslice")).timeline


@pytest.mark.parametrize(("slug", "values", "claim"), list(variants()))
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
