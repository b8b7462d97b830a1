"""The enums' words and the tables of lawful transitions."""

from __future__ import annotations

import pytest

from app.timeline.states import (
    COROUTINE_TRANSITIONS,
    THREAD_TRANSITIONS,
    Cause,
    FlowKind,
    Reason,
    State,
    vocabulary,
)


def test_words_are_spelled_as_the_contract_spells_them() -> None:
    assert Reason.WAIT_CHILD.word == "wait-child"
    assert Cause.NEVER_AWAITED.word == "never-awaited"
    assert FlowKind.PUT_GET.word == "put-get"
    assert State.from_word("gil") is State.GIL


def test_unknown_word_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        State.from_word("sleeping")


def test_vocabulary_lists_words_by_code() -> None:
    for name, words in vocabulary().items():
        assert len(set(words)) == len(words), name
    assert vocabulary()["state"][State.BLOCKED] == "blocked"


def test_codes_are_contiguous_so_that_words_are_indexed_by_code() -> None:
    for enum in (State, Reason, Cause, FlowKind):
        assert [member.value for member in enum] == list(range(len(enum)))


def test_nothing_follows_a_zombie_and_coroutines_never_block() -> None:
    assert THREAD_TRANSITIONS[State.ZOMBIE] == frozenset()
    reachable = frozenset().union(*COROUTINE_TRANSITIONS.values())
    assert reachable == {State.READY, State.RUNNING, State.AWAITING}
    assert State.AWAITING not in frozenset().union(*THREAD_TRANSITIONS.values())
