"""Counts as English has them."""

from __future__ import annotations

from app.catalogue.counting import counted, times


def test_times_has_a_word_for_one() -> None:
    assert [times(n) for n in (0, 1, 2)] == ["0 times", "once", "2 times"]


def test_count_takes_the_plural_but_for_one() -> None:
    assert [counted(n, "loop") for n in (0, 1, 2)] == ["0 loops", "1 loop", "2 loops"]
    assert [counted(n, "has it", "have it") for n in (1, 2)] == ["1 has it", "2 have it"]
