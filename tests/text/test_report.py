"""The report names what happened, in both languages."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from app.text.report import MOST_ROWS, report
from app.timeline.model import Track
from app.timeline.states import TrackKind
from app.timeline.timeline import Timeline
from tests.text.example import timeline


def printed(found: Timeline, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    report(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMESLICE_LANGUAGE", "en")


def test_report_names_run_states_findings_and_claims() -> None:
    text = printed(timeline())
    assert "deadlock on CPython 3.11.7, 100.0 ms; scheduler witness: perf" in text
    assert "Ann waits in line 9 for noodles, which Bob has held since 21.0 ms" in text
    assert "Nobody in the circle can go on." in text
    assert "holds" in text and "It was seen: holds." in text
    assert "exit 3" in text and "vanished with its process" in text
    assert "the table is laid [bold]" in text  # the program's own brackets are no markup


def test_report_counts_the_switches_of_tracks_the_kernel_knows() -> None:
    rows = printed(timeline()).splitlines()
    dinner = next(line for line in rows if line.startswith("dinner") and "exit 3" in line)
    assert dinner.split()[:6] == ["dinner", "10", "50.0", "ms", "50.0", "ms"]
    assert "7 + 2" in dinner


def test_report_is_in_chinese_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMESLICE_LANGUAGE", "zh")
    text = printed(timeline())
    assert "死锁" in text and "成立" in text and "交叉加锁会死锁。" in text
    assert "Nobody" not in text


def test_report_says_how_many_tracks_it_leaves_out() -> None:
    more = [
        Track(100 + number, TrackKind.COROUTINE, f"task-{number}", 10, 0, 1, False, number)
        for number in range(MOST_ROWS)
    ]
    assert "… and 4 more tracks" in printed(timeline(*more))


def test_report_says_that_records_were_lost() -> None:
    found = timeline()
    found.dropped = 17
    assert "17 records were lost" in printed(found)


def test_report_fits_a_narrow_terminal() -> None:
    assert max(map(len, printed(timeline(), width=60).splitlines())) <= 60


def test_report_of_a_run_without_tracks_is_no_error() -> None:
    assert "Claims" not in printed(Timeline())
