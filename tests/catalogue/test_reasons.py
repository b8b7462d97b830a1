"""Why a run answers a question so, where that depends on the run's settings."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalogue import load
from app.catalogue.claims import NotSeen
from tests.catalogue.build import Build
from tests.catalogue.cases.deadlock import gave_back_in_time


def reason(slug: str, question: str, answer: Any, **values: object) -> str:
    scenario = load()[slug]
    (found,) = [each for each in scenario.questions if each.id == question]
    return found.reason(scenario.validate(values), answer).en


def no_answer(slug: str, question: str, build: Build, **values: object) -> str:
    scenario = load()[slug]
    (found,) = [each for each in scenario.questions if each.id == question]
    with pytest.raises(NotSeen) as error:
        found.answer(build.timeline, scenario.validate(values))
    return error.value.why.en


def test_pool_that_computes_is_told_of_the_gil() -> None:
    sentence = "Under the GIL only one of them computes at any instant."
    assert sentence in reason("thread-pool", "at-once", 3, work="compute")
    assert sentence in reason("thread-pool", "at-once", 2, work="compute", tasks=2)
    assert sentence not in reason("thread-pool", "at-once", 3, work="wait")
    assert sentence not in reason("thread-pool", "at-once", 1, work="compute", workers=1)


def test_pool_that_computes_has_no_rounds() -> None:
    said = no_answer("thread-pool", "waves", Build(), work="compute")
    assert said == "No answer: tasks that compute share the GIL and do not end in rounds."


def test_counter_with_a_lock_loses_nothing_for_certain() -> None:
    assert reason("race-counter", "again", "same", variant="lock") == (
        "Nothing is lost either time."
    )
    assert "chance" in reason("race-counter", "again", "same", variant="call")
    assert "differs each time" in reason("race-counter", "again", "another", variant="call")


def test_friends_who_gave_back_did_not_just_take_turns() -> None:
    build = Build()
    gave_back_in_time(build)
    assert "gave back" in no_answer("deadlock", "states", build, variant="timeout")
    assert "took turns" in no_answer("deadlock", "states", build, variant="ordered")
