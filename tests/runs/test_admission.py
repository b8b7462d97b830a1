"""The queue's rules as a whole: hypothesis tries orders nobody thinks of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import TooManyRuns
from app.runs.admission import Admission


def test_admission_serves_in_order_and_names_the_place() -> None:
    admission = Admission(at_once=1, per_visitor=9, waiting=2)
    assert admission.enter(["a"], "ann") is True
    assert admission.enter(["b"], "ann") is False
    assert admission.enter(["c"], "bob") is False
    assert [admission.position(run) for run in "abc"] == [None, 1, 2]
    with pytest.raises(TooManyRuns, match="1 runs are running and 2 are waiting"):
        admission.enter(["d"], "eve")
    assert admission.leave("a") == "b"
    assert admission.position("c") == 1


def test_admission_limits_a_visitor_and_no_other() -> None:
    admission = Admission(at_once=2, per_visitor=2, waiting=9)
    admission.enter(["a"], "ann")
    admission.enter(["b"], "ann")
    with pytest.raises(TooManyRuns, match="2 are allowed"):
        admission.enter(["c"], "ann")
    assert admission.enter(["d"], "bob") is False
    assert admission.leave("d") is None
    assert admission.leave("a") is None
    assert admission.enter(["c"], "ann") is True


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 11), st.sampled_from("xyz")), max_size=80),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(0, 4),
)
def test_admission_keeps_its_limits(
    steps: list[tuple[bool, int, str]], at_once: int, per_visitor: int, waiting: int
) -> None:
    admission = Admission(at_once, per_visitor, waiting)
    running: dict[str, str] = {}
    queue: list[tuple[str, str]] = []
    for number, (enters, which, visitor) in enumerate(steps):
        if enters:
            run = f"r{number}"
            mine = [v for v in [*running.values(), *(v for _, v in queue)] if v == visitor]
            full = len(running) == at_once and len(queue) == waiting
            if len(mine) >= per_visitor or full:
                with pytest.raises(TooManyRuns):
                    admission.enter([run], visitor)
            elif len(running) < at_once:
                assert admission.enter([run], visitor)
                running[run] = visitor
            else:
                assert not admission.enter([run], visitor)
                queue.append((run, visitor))
        elif running or queue:
            known = [*running, *(run for run, _ in queue)]
            run = known[which % len(known)]
            following = admission.leave(run)
            if run in running:
                del running[run]
                expected = queue.pop(0) if queue else None
                assert following == (expected and expected[0])
                if expected:
                    running[expected[0]] = expected[1]
            else:
                assert following is None
                queue = [item for item in queue if item[0] != run]
        assert admission.running == len(running) <= at_once
        assert [admission.position(run) for run, _ in queue] == list(range(1, len(queue) + 1))


def test_admission_starts_the_second_of_a_pair_when_the_first_is_over() -> None:
    admission = Admission(at_once=2, per_visitor=9, waiting=9)
    assert admission.enter(["a", "b"], "ann") is True
    assert admission.enter(["c"], "bob") is True
    assert admission.enter(["d"], "bob") is False
    assert [admission.position(run) for run in "bd"] == [1, 2]
    assert admission.leave("c") == "d"  # "b" waits for "a", not for a place
    assert admission.leave("d") is None
    assert admission.leave("a") == "b"


def test_admission_starts_the_second_of_a_pair_though_the_first_was_cancelled() -> None:
    admission = Admission(at_once=1, per_visitor=9, waiting=9)
    admission.enter(["x"], "bob")
    assert admission.enter(["a", "b"], "ann") is False
    assert admission.leave("a") is None
    assert admission.leave("x") == "b"


@pytest.mark.parametrize(("per_visitor", "waiting"), [(1, 9), (9, 0)])
def test_admission_takes_both_of_a_pair_or_none(per_visitor: int, waiting: int) -> None:
    admission = Admission(at_once=1, per_visitor=per_visitor, waiting=waiting)
    with pytest.raises(TooManyRuns):
        admission.enter(["a", "b"], "ann")
    assert (admission.running, admission.queued) == (0, 0)
    assert admission.enter(["a"], "ann") is True
