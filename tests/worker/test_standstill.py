"""A stop that lasts is told, a short one isn't."""

from __future__ import annotations

import pytest

from app.witness import proc
from app.worker.standstill import PATIENCE_NS, Standstill

MS = 1_000_000


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What /proc says of every process; empty: it is gone."""
    said = ["S"]

    def stat(pid: int) -> proc.Stat | None:
        return proc.Stat(pid, "x", said[0], 1, 0, 0, 1, 0, 0) if said[0] else None

    monkeypatch.setattr(proc, "stat", stat)
    return said


@pytest.mark.parametrize("stopped", ["T", "t"])
def test_a_stop_is_told_after_a_second(state: list[str], stopped: str) -> None:
    still = Standstill(1)
    assert not any(still.check(t * MS) for t in range(0, 3000, 50))
    state[0] = stopped
    told = [t for t in range(3000, 6000, 50) if still.check(t * MS)]
    assert told and PATIENCE_NS <= (told[0] - 3000) * MS <= PATIENCE_NS * 1.5


def test_a_stop_that_ended_in_time_is_none(state: list[str]) -> None:
    still = Standstill(1)
    for begin in range(0, 8000, 1000):
        state[0] = "T"
        assert not any(still.check(t * MS) for t in range(begin, begin + 500, 50))
        state[0] = "R"
        assert not any(still.check(t * MS) for t in range(begin + 500, begin + 1000, 50))


def test_a_process_that_is_gone_does_not_stand_still(state: list[str]) -> None:
    still = Standstill(1)
    state[0] = ""
    assert not any(still.check(t * MS) for t in range(0, 3000, 50))
