"""Predictions: what can be answered, how two answers differ, and what a run answers itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue import Parameters, Text, load
from app.catalogue.answer_kinds import Choice, Drawing, Number, Order, sequence
from app.catalogue.claims import NotSeen
from app.catalogue.paths import PATHS
from app.catalogue.questions import Because, Question, drawn, read
from app.locale.text import NO_TEXT
from app.timeline.states import State
from app.timeline.timeline import Timeline
from tests.catalogue.build import Build

CHINESE = re.compile("[\u4e00-\u9fff]")
A, B = Text(en="a", zh="甲"), Text(en="b", zh="乙")
CHOICE = Choice({"a": A, "b": B})
ORDER = Order({"a": A, "b": B})
NUMBER = Number(0, 100, "%")
WHOLE = Number(0, 9, whole=True)
DRAWING = Drawing({"a": A, "b": B}, (State.RUNNING, State.BLOCKED), 4)


WHY = Text(en="So it is.", zh="就是这样。")


def question(kind: Any, answer: Any, because: Because[Any] = WHY) -> Question[Any]:
    def find(timeline: Timeline, params: Any) -> Any:
        if isinstance(answer, NotSeen):
            raise answer
        return answer

    return Question("q", Text(en="Which?", zh="哪个？"), kind, find, because)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (CHOICE, "b", "b"),
        (ORDER, "b, a", ["b", "a"]),
        (NUMBER, "12.5", 12.5),
        (WHOLE, "3", 3.0),
        (DRAWING, "a:RRBB,b:..R.", {"a": "RRBB", "b": "..R."}),
    ],
)
def test_prediction_is_read(kind: Any, text: str, value: Any) -> None:
    assert read([question(kind, value)], {"q": text}) == ({"q": value}, {})


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (CHOICE, "c"), (ORDER, "a"), (ORDER, "a,a"), (NUMBER, "101"), (NUMBER, "many"),
        (NUMBER, "nan"), (WHOLE, "2.5"), (DRAWING, "a:RRBB"), (DRAWING, "a:RRB,b:RRBB"),
        (DRAWING, "a:RRBX,b:RRBB"),
    ],
)  # fmt: skip
def test_prediction_that_can_not_be_is_refused_with_a_sentence(kind: Any, text: str) -> None:
    values, wrong = read([question(kind, "a")], {"q": text})
    assert not values
    assert wrong["q"].en.endswith(".") and CHINESE.search(wrong["q"].of("zh"))


def test_what_is_left_out_is_not_predicted() -> None:
    assert read([question(CHOICE, "a")], {"q": "  ", "other": "x"}) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "predicted", "answer", "right"),
    [
        (CHOICE, "a", "a", True), (CHOICE, "a", "b", False),
        (ORDER, ["a", "b"], ["a", "b"], True), (ORDER, ["b", "a"], ["a", "b"], False),
        (NUMBER, 90.0, 100.0, True), (NUMBER, 80.0, 100.0, False), (NUMBER, 0.0, 0.0, True),
        (NUMBER, 1.0, 0.0, False), (WHOLE, 3.0, 3.0, True), (WHOLE, 3.0, 4.0, False),
        (DRAWING, {"a": "RRRR", "b": "RRRR"}, {"a": "RRRR", "b": "RRRR"}, True),
        (DRAWING, {"a": "RRRR", "b": "RRBB"}, {"a": "RRRR", "b": "RRRR"}, False),
        (DRAWING, {"a": "RRRR", "b": "RRRB"}, {"a": "..R.", "b": ".RBB"}, True),
    ],
)  # fmt: skip
def test_outcome_says_whether_it_was_so(
    kind: Any, predicted: Any, answer: Any, right: bool
) -> None:
    outcome = question(kind, answer).outcome(Timeline(), Parameters(), predicted)
    assert (outcome.answer, outcome.right) == (answer, right)


def test_outcome_says_how_far_off_a_number_was() -> None:
    asked = question(NUMBER, 50.0)
    assert "20 % too little" in asked.outcome(Timeline(), Parameters(), 40.0).why.en
    assert "100 % too much" in asked.outcome(Timeline(), Parameters(), 100.0).why.en


def test_outcome_of_a_run_that_can_not_tell_says_why() -> None:
    outcome = question(CHOICE, NotSeen(en="No.", zh="没有。")).outcome(
        Timeline(), Parameters(), "a"
    )
    assert outcome == (None, False, Text(en="No.", zh="没有。"), NO_TEXT)


@pytest.mark.parametrize(
    ("because", "said"),
    [
        (WHY, WHY),
        ({"a": A, "b": B}, B),
        (lambda params, answer: Text(en=answer, zh=""), Text(en="b", zh="")),
    ],
)
def test_outcome_says_why_the_run_is_so(because: Any, said: Text) -> None:
    outcome = question(CHOICE, "b", because).outcome(Timeline(), Parameters(), "a")
    assert outcome.because == said


@pytest.mark.parametrize(
    ("drawn_row", "states"),
    [
        ("RRBBBB", "B"), ("RBBBBB", "B"), ("BBBBBB", "B"),  # how long it ran first is not judged
        ("..RBBB", "B"), ("R?R?BB", "B"), ("RBBBB.", "B"),
        ("RBRBBB", "BRB"), ("RRRRRR", ""), ("BBRRRR", "BR"), ("RRBB..", "B."), ("......", "."),
        ("RR....", "."),
    ],
)  # fmt: skip
def test_drawing_is_judged_by_the_sequence_of_states(drawn_row: str, states: str) -> None:
    assert sequence(drawn_row) == states


def test_drawing_says_which_tracks_differ() -> None:
    asked = question(DRAWING, {"a": "RRBB", "b": "RRBB"})
    outcome = asked.outcome(Timeline(), Parameters(), {"a": "RBBB", "b": "BBRR"})
    assert not outcome.right
    assert outcome.why.en.endswith(": b.") and outcome.why.of("zh").endswith("：乙。")


def test_run_is_drawn_by_what_each_cell_was_most_of_the_time() -> None:
    build = Build()
    one = build.process("one", 0, 100)
    other = build.process("other", 30, 80, parent=one)
    build.rows(one, "running 0 20, ready 20 30, blocked:lock 30 100")
    build.rows(other, "running 30 80")
    found = drawn(build.timeline, {"a": one, "b": other}, DRAWING)
    # Ready can't be drawn here; in its last cell the other is there for a fifth of the time.
    assert found == {"a": "RBBB", "b": ".RR."}


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.integers(1, 20))
def test_drawing_has_a_letter_for_each_cell(lengths: list[int], cells: int) -> None:
    build = Build()
    track = build.process("one", 0, sum(lengths))
    at = 0
    for number, length in enumerate(lengths):
        build.rows(track, f"{'running' if number % 2 else 'blocked'} {at} {at + length}")
        at += length
    drawing = Drawing({"a": A}, (State.RUNNING, State.BLOCKED), cells)
    (letters,) = drawn(build.timeline, {"a": track}, drawing).values()
    assert len(letters) == cells and set(letters) <= {"R", "B"}


def test_questions_and_paths_speak_both_languages() -> None:
    texts = [each.text for item in load().values() for each in item.questions]
    for path in PATHS:
        texts += [path.title, path.summary]
    assert len(texts) > 15
    for text in texts:
        assert text.en.strip() and not CHINESE.search(text.en) and CHINESE.search(text.of("zh"))


def answers_of(each: Question[Any]) -> list[Any]:
    return list(each.kind.options) if isinstance(each.kind, Choice) else [1.0]


@pytest.mark.parametrize("slug", [slug for slug, item in load().items() if item.questions])
def test_question_says_why_for_each_answer_and_setting(slug: str) -> None:
    scenario = load()[slug]
    settings: list[dict[str, str]] = [{}]
    for item in scenario.fields():
        settings += [{item.name: choice.value} for choice in item.choices]
    for each in scenario.questions:
        for values in settings:
            for answer in answers_of(each):
                text = each.reason(scenario.validate(values), answer)
                assert text.en.endswith(".") and not CHINESE.search(text.en)
                assert text.of("zh").endswith("。") and CHINESE.search(text.of("zh"))


def test_steps_of_paths_are_scenarios_with_settings_that_they_take() -> None:
    for path in PATHS:
        assert 8 <= len(path.steps) <= 12
        for step in path.steps:
            load()[step.slug].validate(step.settings)
            assert load()[step.slug].questions, f"{step.slug} asks nothing before its run"


@pytest.mark.parametrize("slug", [slug for slug, item in load().items() if item.questions])
def test_question_of_a_run_that_shows_nothing_has_no_answer(slug: str) -> None:
    scenario = load()[slug]
    for each in scenario.questions:
        with pytest.raises(NotSeen):
            each.answer(Build().timeline, scenario.validate({}))
