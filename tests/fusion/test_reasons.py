"""The table of reasons: each has its row, and each set holds what it is said to hold."""

from __future__ import annotations

from app.fusion.objects import reasons
from app.timeline.states import ObjectKind, Reason

#: What threads and coroutines differ in stands here twice.
SETS = {
    "LOCKS": "lock rlock",
    "RELEASED": "lock rlock semaphore",
    "RELEASED_TO_COROUTINE": "lock semaphore",
    "HELD": "lock rlock semaphore future",
    "HELD_FROM_COROUTINE": "lock semaphore future",
    "NOTIFIED": "condition semaphore event barrier future",
    "NOTIFIED_COROUTINE": "condition event barrier future",
    "AWAITS_NOTICE": "condition event future",
    "JOINS": "join wait-child",
    "JOINS_ANY": "join wait-child task",
    "CHANNELS": "pipe socket",
    "TIMELESS": "lock rlock pipe socket",
    "SILENT": "lock rlock sleep join wait-child",
    "ONE_WAKE_UP": "lock rlock event pipe socket file sleep wait-child poll",
    "GROUPS": "future task",
}


def test_reasons_each_has_a_row() -> None:
    missing = [reason.name for reason in Reason if reason not in reasons.TRAITS]
    assert not missing, f"app/fusion/objects/reasons.py has no row for {', '.join(missing)}"


def test_reasons_each_set_is_what_its_traits_say() -> None:
    found = {name: value for name, value in vars(reasons).items() if isinstance(value, frozenset)}
    assert {name: {reason.word for reason in value} for name, value in found.items()} == {
        name: set(words.split()) for name, words in SETS.items()
    }


def test_reasons_an_object_of_the_same_name_is_of_that_kind() -> None:
    for reason, traits in reasons.TRAITS.items():
        if reason.name in ObjectKind.__members__:
            assert traits.kind is ObjectKind[reason.name]


def test_reasons_of_an_unknown_code_is_other() -> None:
    assert reasons.BY_CODE[Reason.POLL] is Reason.POLL
    assert reasons.BY_CODE[len(Reason)] is reasons.BY_CODE[1 << 40] is Reason.OTHER
