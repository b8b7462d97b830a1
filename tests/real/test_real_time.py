"""Real time through the pipeline: what it does where it is granted, and what is said where not."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.catalogue import load
from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.real.test_scenarios import check_cover, check_evidence

pytestmark = pytest.mark.real

#: Root without the right to ask for another policy; others lack it anyway.
WITHOUT = ("setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice")


def policies(folder: Path, policy: str, command: Sequence[str] = ()) -> Timeline:
    scenario = load()["kernel-policies"]
    params = scenario.validate({"policy": policy, "cpu_ms": "220", "wakes": "15"})
    spec = RunSpec(
        run_id=new_id(),
        scenario=scenario.slug,
        params=params.model_dump(mode="json"),
        program=scenario.render(params),
    )
    return asyncio.run(run(LocalLauncher(command), spec, folder / "run.timeslice")).timeline


def verdicts(timeline: Timeline) -> dict[str, tuple[str, str]]:
    return {item["id"]: (item["verdict"], item["why"]["en"]) for item in timeline.claims.values()}


@pytest.mark.parametrize("policy", ["fifo", "rr"])
def test_ordinary_processes_wait_for_those_in_real_time(policy: str, tmp_path: Path) -> None:
    timeline = policies(tmp_path, policy)
    if f"{policy}-1: SCHED_{policy.upper()}" not in timeline.text_of():
        pytest.skip("real time is refused here, or this is the only CPU")
    check_cover(timeline)
    check_evidence(timeline)
    said = verdicts(timeline)
    assert not {name: answer for name, answer in said.items() if answer[0] == "fails"}
    assert said["share"][0] == "holds", said["share"]


def test_refused_real_time_is_told_and_nothing_is_claimed(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not here")
    command = [*WITHOUT] if os.getuid() == 0 else []
    timeline = policies(tmp_path, "fifo", [*command, sys.executable, "-m", "app.worker"])
    if "fifo-1: SCHED_FIFO" in timeline.text_of():
        pytest.skip("real time is granted by a limit of its own here (ulimit -r)")
    assert timeline.text_of().count("SCHED_FIFO") == 2  # both say that they have it not
    for verdict, why in verdicts(timeline).values():
        assert verdict == "not-seen"
        assert "ulimit -r 1" in why or "one CPU only" in why
