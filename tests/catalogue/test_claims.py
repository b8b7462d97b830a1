"""Every claim of every scenario, on timelines where it holds, fails and can't be seen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.catalogue import load
from app.catalogue.claims import MAX_EVIDENCE, cut_short
from tests.catalogue.build import CASES, Build, Case
from tests.catalogue.cases import load_all

load_all()

#: The worker's names of what ends a run, see app/worker/watch.py.
LIMITS = ("wall", "cpu", "memory", "processes", "output", "disk", "stopped")
CHINESE = re.compile("[\u4e00-\u9fff]")
CLAIMS = [(slug, claim.id) for slug, item in load().items() for claim in item.claims]


def answer(case: Case) -> dict[str, Any]:
    build = Build(case.scheduler, case.python)
    case.build(build)
    return _answer(build, case.slug, case.claim, case.params)


def _answer(build: Build, slug: str, claim: str, params: dict[str, Any]) -> dict[str, Any]:
    scenario = load()[slug]
    answers = scenario.check(build.timeline, scenario.validate(params))
    (found,) = [item for item in answers if item["id"] == claim]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_claim_answers(case: Case) -> None:
    found = answer(case)
    assert found["verdict"] == case.verdict, found["why"]["en"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_claim_says_why_in_both_languages(case: Case) -> None:
    found = answer(case)
    for text in (found["text"], found["why"]):
        assert set(text) == {"en", "zh"}
        assert text["en"].strip() and not CHINESE.search(text["en"])
        assert CHINESE.search(text["zh"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_claim_evidence_lies_on_tracks_of_the_run(case: Case) -> None:
    build = Build(case.scheduler, case.python)
    case.build(build)
    found = _answer(build, case.slug, case.claim, case.params)
    assert len(found["evidence"]) <= MAX_EVIDENCE
    for span in found["evidence"]:
        assert span["track"] in build.timeline.tracks
        assert 0 <= span["start_ns"] <= span["end_ns"] <= build.timeline.now_ns


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_claim_counts_one_in_the_singular(case: Case) -> None:
    said = answer(case)["why"]["en"]
    assert not re.search(r"(?<![\d.,])1 (times|[a-z]+ ?[a-z]+s (were|are))\b", said), said


@pytest.mark.parametrize(("slug", "claim"), CLAIMS)
@pytest.mark.parametrize("verdict", ["holds", "fails", "not-seen"])
def test_claim_has_a_case_for_each_verdict(slug: str, claim: str, verdict: str) -> None:
    assert any((case.slug, case.claim, case.verdict) == (slug, claim, verdict) for case in CASES)


@pytest.mark.parametrize(("slug", "claim"), CLAIMS)
def test_claim_is_not_seen_on_a_run_that_shows_nothing(slug: str, claim: str) -> None:
    assert _answer(Build(), slug, claim, {})["verdict"] == "not-seen"


def test_claim_is_not_refuted_by_a_run_that_was_cut_short() -> None:
    (case,) = [
        case
        for case in CASES
        if (case.slug, case.claim, case.verdict) == ("daemon-thread", "process-waits", "fails")
    ]
    build = Build(case.scheduler, case.python)
    case.build(build)
    assert _answer(build, case.slug, case.claim, case.params)["verdict"] == "fails"
    build.finding("limit", 10, name="wall", value=30_000)
    found = _answer(build, case.slug, case.claim, case.params)
    assert found["verdict"] == "not-seen"
    assert found["why"] == {
        "en": "The run reached its limit of running time, so this can't be told.",
        "zh": "运行因达到上限（运行时间）而提前结束，无法判断。",
    }


@pytest.mark.parametrize("name", LIMITS)
def test_run_cut_short_says_by_what_in_words(name: str) -> None:
    why = cut_short(name)
    assert f"({name})" not in why.en and why.en.endswith(", so this can't be told.")
    assert name not in why.of("zh") and CHINESE.search(why.of("zh"))
