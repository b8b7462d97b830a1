"""A figure that seems to contradict its verdict says how much is excused, and why."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalogue import load
from app.catalogue.tolerance import ASKS, excused
from tests.catalogue.build import Build


def test_tolerance_is_said_where_something_is_excused() -> None:
    said = excused(0.4, 100, 0.02, ASKS)
    assert said.en.startswith(" Up to 2 % counts as none: a thread that wants the GIL")
    assert said.of("zh").startswith("不超过 2 % 视为没有：")


@pytest.mark.parametrize("measured", [0, 2.1, 50])
def test_tolerance_is_not_said_where_nothing_is_excused(measured: float) -> None:
    assert not excused(measured, 100, 0.02, ASKS).en


@pytest.mark.parametrize(("together", "verdict", "said"), [(1, "holds", 1), (40, "fails", 0)])
def test_claim_that_two_never_run_at_once_says_its_tolerance(
    together: float, verdict: str, said: int
) -> None:
    build = Build()
    main = build.process("program.py", 0, 1000)
    one = build.thread("task-1", 0, 600, parent=main)
    two = build.thread("task-2", 0, 1000, parent=main)
    build.rows(one, "running 0 400, gil 400 600", cpu=0)
    build.rows(two, f"gil 0 {400 - together}, running {400 - together} 1000", cpu=1)
    scenario = load()["gil"]
    answers: list[dict[str, Any]] = scenario.check(build.timeline, scenario.validate({}))
    (answer,) = [item for item in answers if item["id"] == "never-two"]
    assert answer["verdict"] == verdict
    assert answer["why"]["en"].count("Up to 2 % counts as none") == said
    assert answer["why"]["zh"].count("不超过 2 % 视为没有") == said
