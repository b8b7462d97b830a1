"""The settings that are not the defaults, through the real pipeline: no claim fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import load
from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.catalogue.build import VARIANTS, need_packages, need_servers
from tests.catalogue.cases import load_all

pytestmark = [pytest.mark.real, pytest.mark.catalogue]
load_all()


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
