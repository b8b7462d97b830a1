"""The report names what happened, in both languages."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from app.cli.text import sentences
from app.cli.text.report import MOST_ROWS, report
from app.timeline.model import Ending, Finding, Track
from app.timeline.states import Cause, TrackKind
from app.timeline.timeline import Timeline
from tests.cli.text.example import MS, timeline


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
    assert "None of them can go on." in text
    assert "holds" in text and "It was seen: holds." in text
    assert "exit 3" in text and "vanished with its process" in text
    assert "the table is laid [bold]" in text  # the program's own brackets are no markup


def test_report_counts_the_switches_of_tracks_the_kernel_knows() -> None:
    rows = printed(timeline()).splitlines()
    dinner = next(line for line in rows if line.startswith("dinner") and "exit 3" in line)
    assert dinner.split()[:6] == ["dinner", "10", "50.0", "ms", "50.0", "ms"]
    assert "7 + 2" in dinner


LIMIT = Ending(Cause.LIMIT, signal="SIGKILL", limit="wall")


@pytest.mark.parametrize(
    ("language", "end", "words"),
    [
        ("en", LIMIT, "ended with the run at its limit of running time, SIGKILL"),
        ("zh", LIMIT, "因运行达到上限（运行时间）而终止，SIGKILL"),
        ("en", Ending(Cause.STOPPED, signal="SIGKILL"), "stopped with the run, SIGKILL"),
        ("zh", Ending(Cause.STOPPED, signal="SIGKILL"), "随运行被停止，SIGKILL"),
    ],
)
def test_ending_by_the_run_is_told_with_its_cause(
    monkeypatch: pytest.MonkeyPatch, language: str, end: Ending, words: str
) -> None:
    monkeypatch.setenv("TIMESLICE_LANGUAGE", language)
    track = Track(9, TrackKind.PROCESS, "worker", 9, 9, 0, False, 0, 1, end)
    assert sentences.ending(track, Timeline()) == words


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("cause", Cause)
def test_ending_has_words_of_its_own_for_each_cause(
    monkeypatch: pytest.MonkeyPatch, language: str, cause: Cause
) -> None:
    monkeypatch.setenv("TIMESLICE_LANGUAGE", language)

    def words(cause: Cause) -> str:
        end = Ending(cause, code=3, signal="SIGKILL")
        return sentences.ending(
            Track(9, TrackKind.PROCESS, "it", 9, 9, 0, False, 0, 1, end), Timeline()
        )

    same = {Cause.RETURNED, Cause.EXIT}  # both tell the status
    others = [words(other) for other in Cause if other is not cause and {other, cause} != same]
    assert words(cause) and words(cause) not in others


BLOCKED: dict[str, Any] = {
    "track": 1,
    "task": 2,
    "line": 24,
    "duration_ns": 90 * MS,
    "ran_ns": 60 * MS,
}
BLOCKED |= {"blocked_ns": 0, "gil_ns": 0, "ready_ns": 30 * MS, "reason": "none"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {},
            "The event loop of ? was blocked for 60.0 ms by ?, which computed before it gave way "
            "at line 24. Its thread: ran 60.0 ms, had no CPU 30.0 ms, which is not counted.",
        ),
        (
            {"seen_line": 7, "ready_ns": 0},
            "The event loop of ? was blocked for 60.0 ms by ?, which computed, seen at line 7.",
        ),
        (
            {"reason": "gil", "gil_ns": 60 * MS, "ran_ns": 0, "ready_ns": 0, "holder": 3},
            "The event loop of ? was blocked for 60.0 ms by ?, which waited for the GIL that ? "
            "held.",
        ),
        (
            {"reason": "sleep", "blocked_ns": 60 * MS, "ran_ns": 0, "ready_ns": 0},
            "The event loop of ? was blocked for 60.0 ms by ?, line 24.",
        ),
    ],
)
def test_blocked_loop_is_told_by_what_its_step_did(more: dict[str, Any], sentence: str) -> None:
    finding = Finding("loop-blocked-1", "loop-blocked", 0, 90 * MS, facts={**BLOCKED, **more})
    assert sentences.finding(finding, Timeline()) == sentence


def test_competition_is_told_as_a_share_of_the_wish_to_run() -> None:
    facts = {"running_ns": 100 * MS, "ready_ns": 300 * MS, "unserved_ns": 200 * MS}
    finding = Finding("competed-1", "competed", 0, 90 * MS, facts=facts)
    assert "for 50 % of the time in which its threads" in sentences.finding(finding, Timeline())


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
