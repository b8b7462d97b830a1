"""When fusion is too far behind, how far it then goes, and what it keeps time for."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from app.worker import overload
from app.worker.overload import BEHIND_NS, FULL, LAST_WORK_NS, NEAR_NS, Overload


class Waiting:
    """The records that wait; ``take`` takes some of them, at a cost in CPU time each."""

    def __init__(self, count: int = 0) -> None:
        self.count = count

    def __call__(self) -> int:
        return self.count

    def take(self, count: int, each_ns: float) -> None:
        until = time.process_time_ns() + count * each_ns
        while time.process_time_ns() < until:
            pass
        self.count -= count


def test_overload_gives_up_from_far_behind_until_near() -> None:
    told = Overload(Waiting())
    steps = [BEHIND_NS, BEHIND_NS + 1, NEAR_NS + 1, NEAR_NS, NEAR_NS + 1]
    assert [told.gives_up(behind) for behind in steps] == [False, True, True, False, False]


def test_overload_counts_the_work_that_waits_at_what_a_record_takes() -> None:
    waiting = Waiting(200_000)
    told = Overload(waiting)
    assert not told.gives_up(0)
    for _ in range(8):
        waiting.count += 5000
        with told.fusing():
            waiting.take(5000, 20_000)
    assert told.gives_up(0)  # 200 000 records of 20 µs
    waiting.count = 0
    assert not told.gives_up(0)


def test_overload_measures_nothing_by_a_few_records() -> None:
    waiting = Waiting(200_000)
    told = Overload(waiting)
    with told.fusing():
        waiting.take(10, 1_000_000)
    assert not told.gives_up(0)


def test_overload_is_full_beyond_its_bound() -> None:
    assert not Overload(Waiting(FULL)).full and Overload(Waiting(FULL + 1)).full


def test_overload_keeps_the_time_that_giving_up_the_rest_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting, now = Waiting(), 0
    clocks = SimpleNamespace(process_time_ns=lambda: now, monotonic_ns=lambda: 0)
    monkeypatch.setattr(overload, "time", clocks)
    told = Overload(waiting)
    told.program_ended()
    assert not told.no_time_left
    waiting.count = 10 * LAST_WORK_NS  # far more than can be given up in the time
    assert told.no_time_left
    waiting.count, now = 0, LAST_WORK_NS
    assert not told.no_time_left
    now += 1
    assert told.no_time_left
