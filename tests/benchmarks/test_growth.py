"""The time that a run takes grows with its records, and no faster, whatever they are."""

from __future__ import annotations

import pytest

from benchmarks.growth import QUICK, QUICK_MOST, Cost, growth, ratio
from benchmarks.patterns import PATTERNS


@pytest.mark.parametrize("name", PATTERNS)
def test_four_times_the_records_take_four_times_as_long(name: str) -> None:
    assert growth(name, list(QUICK), QUICK_MOST)


def test_ratio_finds_what_grows_with_the_square() -> None:
    small, large = Cost(10_000, 1_000, 0, 0), Cost(40_000, 16_000, 0, 0)
    assert ratio(small, large) == pytest.approx(4) and ratio(small, large) > QUICK_MOST
    assert ratio(small, Cost(40_000, 3_000, 1_000, 0)) == pytest.approx(2)
