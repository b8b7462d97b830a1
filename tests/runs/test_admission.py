"""The queue's rules as a whole: hypothesis tries orders nobody thinks of."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import TooManyRuns
from app.runs.admission import Admission, Asker


def test_admission_serves_in_order_and_names_the_place() -> None:
    admission = Admission(at_once=1, per_visitor=9, waiting=2)
    assert admission.enter(["a"], Asker("ann")) is True
    assert admission.enter(["b"], Asker("ann")) is False
    assert admission.enter(["c"], Asker("bob")) is False
    assert admission.position("a") is None
    assert [admission.position(run) for run in "cb"] == [1, 2]
    with pytest.raises(TooManyRuns, match="1 runs are running and 2 are waiting"):
        admission.enter(["d"], Asker("eve"))
    assert admission.leave("a") == "c"  # bob's first before ann's second
    assert admission.position("b") == 1


def test_admission_limits_a_visitor_and_no_other() -> None:
    admission = Admission(at_once=2, per_visitor=2, waiting=9)
    admission.enter(["a"], Asker("ann"))
    admission.enter(["b"], Asker("ann"))
    with pytest.raises(TooManyRuns, match="2 are allowed"):
        admission.enter(["c"], Asker("ann"))
    assert admission.enter(["d"], Asker("bob")) is False
    assert admission.leave("d") is None
    assert admission.leave("a") is None
    assert admission.enter(["c"], Asker("ann")) is True


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.integers(0, 11), st.sampled_from("xyz"), st.sampled_from(["A", "B"])
        ),
        max_size=80,
    ),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(0, 6),
    st.integers(1, 6),
)
def test_admission_keeps_its_limits(
    steps: list[tuple[bool, int, str, str]],
    at_once: int,
    per_visitor: int,
    waiting: int,
    per_address: int,
) -> None:
    admission = Admission(at_once, per_visitor, waiting, per_address)
    running: dict[str, Asker] = {}
    queue: dict[str, Asker] = {}
    for number, (enters, which, visitor, address) in enumerate(steps):
        if enters:
            run, asker = f"r{number}", Asker(visitor + address, address)
            inside = [*running.values(), *queue.values()]
            full = len(running) == at_once and len(queue) == waiting
            mine = inside.count(asker)
            here = sum(each.address == address for each in inside)
            if mine >= per_visitor or here >= per_address or full:
                with pytest.raises(TooManyRuns):
                    admission.enter([run], asker)
            else:
                starts = len(running) < at_once
                assert admission.enter([run], asker) is starts
                (running if starts else queue)[run] = asker
        elif running or queue:
            run = [*running, *queue][which % (len(running) + len(queue))]
            if run in running:
                del running[run]
                expected = min(queue, key=admission.position, default=None)  # type: ignore[arg-type]
                following = admission.leave(run)
                assert following == expected
                if following is not None:
                    running[following] = queue.pop(following)
            else:
                assert admission.leave(run) is None
                del queue[run]
        assert admission.running == len(running) <= at_once
        places = {run: admission.position(run) for run in queue}
        assert sorted(filter(None, places.values())) == list(range(1, len(queue) + 1))


def test_admission_takes_turns_among_visitors_and_addresses() -> None:
    admission = Admission(at_once=1, per_visitor=3, waiting=9)
    for run in ("a1", "a2", "a3"):
        admission.enter([run], Asker("ann", "A"))
    admission.enter(["b1"], Asker("bob", "A"))
    for run in ("c1", "c2"):
        admission.enter([run], Asker("cid", "C"))
    assert [admission.position(run) for run in ("c1", "b1", "c2", "a2", "a3")] == [1, 2, 3, 4, 5]
    assert drained(admission, "a1") == ["a1", "c1", "b1", "c2", "a2", "a3"]


def test_admission_holds_nobody_up_for_ever() -> None:
    """One who asks again as soon as its run is over does not overtake one who waits."""
    admission = Admission(at_once=1, per_visitor=3, waiting=9)
    admission.enter(["a1"], Asker("ann"))
    admission.enter(["b1"], Asker("bob"))
    admission.enter(["a2"], Asker("ann"))
    assert admission.leave("a1") == "b1"
    assert admission.leave("b1") == "a2"
    admission.enter(["b2"], Asker("bob"))
    admission.enter(["a3"], Asker("ann"))
    assert admission.leave("a2") == "b2"


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("ABC")), max_size=30))
def test_admission_holds_each_up_by_one_run_of_every_other(askers: list[tuple[str, str]]) -> None:
    """Between two starts of a visitor whose runs wait, each other at its address has one at most,
    and so has each other address between two of its own."""
    admission = Admission(at_once=1, per_visitor=99, waiting=99)
    admission.enter(["first"], Asker("nobody", "N"))
    who = {f"r{number}": asker for number, asker in enumerate(askers)}
    for run, (visitor, address) in who.items():
        admission.enter([run], Asker(visitor, address))
    order = [who[run] for run in drained(admission, "first")[1:]]
    assert len(order) == len(askers)
    for address in {address for _, address in order}:
        at = [index for index, asker in enumerate(order) if asker[1] == address]
        for one, next_one in pairwise(at):
            between = [other for _, other in order[one + 1 : next_one]]
            assert len(between) == len(set(between))
        inner = [visitor for visitor, other in order if other == address]
        for visitor in set(inner):
            mine = [index for index, each in enumerate(inner) if each == visitor]
            for one, next_one in pairwise(mine):
                between = inner[one + 1 : next_one]
                assert len(between) == len(set(between))


def drained(admission: Admission, run: str) -> list[str]:
    """The order in which they run from ``run`` on, one at a time."""
    order = [run]
    while (following := admission.leave(order[-1])) is not None:
        order.append(following)
    return order


def test_admission_keeps_places_from_an_address_with_many_visitors() -> None:
    admission = Admission(at_once=1, per_visitor=1, waiting=4, per_address=3)
    for number in range(3):
        admission.enter([f"r{number}"], Asker(f"made-up {number}", "A"))
    with pytest.raises(TooManyRuns, match="from your network address"):
        admission.enter(["r3"], Asker("made-up 3", "A"))
    assert admission.enter(["b"], Asker("bob", "B")) is False
    assert admission.leave("r0") == "b"


def test_admission_tells_those_without_a_cookie_how_to_have_places_of_their_own() -> None:
    admission = Admission(at_once=1, per_visitor=1, waiting=4)
    admission.enter(["a"], Asker("unknown at A", "A", known=False))
    with pytest.raises(TooManyRuns, match="cookie"):
        admission.enter(["b"], Asker("unknown at A", "A", known=False))
    assert admission.enter(["c"], Asker("bob", "A")) is False


def test_admission_starts_the_second_of_a_pair_when_the_first_is_over() -> None:
    admission = Admission(at_once=2, per_visitor=9, waiting=9)
    assert admission.enter(["a", "b"], Asker("ann")) is True
    assert admission.enter(["c"], Asker("bob")) is True
    assert admission.enter(["d"], Asker("bob")) is False
    assert [admission.position(run) for run in "bd"] == [1, 2]
    assert admission.leave("c") == "d"  # "b" waits for "a", not for a place
    assert admission.leave("d") is None
    assert admission.leave("a") == "b"


def test_admission_starts_the_second_of_a_pair_though_the_first_was_cancelled() -> None:
    admission = Admission(at_once=1, per_visitor=9, waiting=9)
    admission.enter(["x"], Asker("bob"))
    assert admission.enter(["a", "b"], Asker("ann")) is False
    assert admission.leave("a") is None
    assert admission.leave("x") == "b"


@pytest.mark.parametrize(("per_visitor", "waiting"), [(1, 9), (9, 0)])
def test_admission_takes_both_of_a_pair_or_none(per_visitor: int, waiting: int) -> None:
    admission = Admission(at_once=1, per_visitor=per_visitor, waiting=waiting)
    with pytest.raises(TooManyRuns):
        admission.enter(["a", "b"], Asker("ann"))
    assert (admission.running, admission.queued) == (0, 0)
    assert admission.enter(["a"], Asker("ann")) is True
