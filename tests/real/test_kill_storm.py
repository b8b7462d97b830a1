"""A few rounds of the storm that ``make kill-storm`` makes in full."""

from __future__ import annotations

import random

import pytest

from benchmarks.kill_storm.__main__ import KINDS, WATCHERS, Round, both_owners

#: Eight processes start a round, each of which takes seconds where other programs compute.
pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_nothing_is_left_whoever_is_killed_or_stopped() -> None:
    chosen = [("worker",), ("guard", "worker"), ("worker", "owner"), WATCHERS]
    with both_owners() as owners:
        for targets in chosen:
            seed = random.randrange(1 << 32)
            round_ = Round(KINDS.index(targets), owners, random.Random(seed))
            assert not round_.go(), (seed, targets, round_.hit)
