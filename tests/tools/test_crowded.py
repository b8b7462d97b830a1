"""The tool that runs scenarios beside programs that compute."""

from __future__ import annotations

import os

import pytest

from app.catalogue import load
from tools.crowded import Tally, computing, main, settings


def test_tally_counts_what_fails_apart_from_what_is_not_seen() -> None:
    tally = Tally()
    for verdict in ("fails", "holds", "not-seen", "not-seen"):
        tally.add([{"id": "cycle", "verdict": verdict, "why": "so"}])
    assert (tally.runs, tally.fails.total(), tally.not_seen.total()) == (4, 1, 2)
    assert tally.why[0] == "fails: cycle: so"


def test_variants_are_every_other_choice_of_each_setting() -> None:
    scenario = load()["deadlock"]
    every = list(settings(scenario, variants=True))
    assert list(settings(scenario, variants=False)) == [[]] == every[:1]
    assert ["variant=ordered"] in every and ["variant=broken"] not in every
    for values in every:
        scenario.validate(dict(value.split("=") for value in values))


def test_programs_that_compute_are_gone_afterwards() -> None:
    def children() -> set[str]:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return set(file.read().split())

    before = children()
    with computing(2):
        assert len(children() - before) == 2
    assert not children() - before


def test_unknown_scenario_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["dead-lok"])
    assert "no scenario is named dead-lok" in capsys.readouterr().err
