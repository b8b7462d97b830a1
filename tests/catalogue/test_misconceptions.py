"""The four questions whose misconception must be judged wrong, and whose idea right."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalogue import load
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question
from app.timeline.model import Wait
from tests.catalogue.build import Build


def asked(slug: str, name: str) -> Question[Any]:
    (found,) = [each for each in load()[slug].questions if each.id == name]
    return found


def judged(slug: str, name: str, build: Build, predicted: Any, **values: Any) -> bool:
    outcome = asked(slug, name).outcome(build.timeline, load()[slug].validate(values), predicted)
    assert outcome.answer is not None, outcome.why
    return outcome.right


def pool(*ends: float) -> Build:
    """Eight tasks on three threads; those of a round end at ``ends``."""
    b = Build()
    main = b.process("program.py", 0, 1000)
    threads = [b.thread(f"pool_{n}", 0, 950, parent=main) for n in range(3)]
    begins = (0.0, *ends)
    for number in range(8):
        wave, thread = divmod(number, 3)
        b.say(threads[thread], begins[wave] + 1, f"task {number + 1} begins in pool_{thread}")
        b.say(threads[thread], ends[wave], f"task {number + 1} is done")
    return b


def test_pool_waves_are_rounded_up() -> None:
    busy = pool(300, 602, 905)
    assert judged("thread-pool", "waves", busy, 3.0)
    assert not judged("thread-pool", "waves", busy, 8 / 3)
    assert not judged("thread-pool", "waves", busy, 2.67)
    assert not judged("thread-pool", "waves", busy, 8.0)


def test_pool_whose_tasks_did_not_end_in_step_has_no_answer() -> None:
    with pytest.raises(NotSeen):
        asked("thread-pool", "waves").answer(
            pool(300, 700, 950).timeline, load()["thread-pool"].validate({})
        )


def stuck_from(ms: float) -> Build:
    """Ann and Bob run, and are blocked from ``ms`` to the end of 2600 ms."""
    b = Build()
    main = b.process("program.py", 0, 2600)
    for name in ("Ann", "Bob"):
        track = b.thread(name, 30, 2600, parent=main)
        b.rows(track, f"running 30 {ms}, blocked:lock {ms} 2600")
    b.finding("deadlock", ms, cycle=(Wait(2, 0, 3, 0, 0, 0), Wait(3, 0, 2, 0, 0, 0)))
    return b


@pytest.mark.parametrize("ms", [40, 140, 900, 2000])
@pytest.mark.parametrize("ran", range(1, 9))
def test_deadlock_is_drawn_right_however_long_they_run_first(ms: float, ran: int) -> None:
    row = "R" * ran + "B" * (12 - ran)
    assert judged("deadlock", "states", stuck_from(ms), {"Ann": row, "Bob": row})


@pytest.mark.parametrize("row", ["R" * 12, "B" * 6 + "R" * 6, "RRBBRRBBRRBB", "RRRBBB......"])
def test_deadlock_that_ends_is_drawn_wrong(row: str) -> None:
    drawing = {"Ann": "R" + "B" * 11, "Bob": row}
    assert not judged("deadlock", "states", stuck_from(140), drawing)


def test_deadlock_that_never_came_has_no_answer() -> None:
    b = Build()
    main = b.process("program.py", 0, 300)
    for name in ("Ann", "Bob"):
        b.rows(b.thread(name, 30, 290, parent=main), "running 30 290")
    with pytest.raises(NotSeen):
        asked("deadlock", "states").answer(b.timeline, load()["deadlock"].validate({}))


def loop(ticker: str, listener: str) -> Build:
    b = Build()
    main = b.process("program.py", 0, 1000)
    sleeper = b.task("sleeper", 0, 900, parent=main)
    b.rows(b.task("ticker-1", 0, 1000, parent=main), ticker)
    b.rows(b.task("listener", 0, 1000, parent=main), listener)
    b.say(sleeper, 100, "sleeper: good night")
    b.say(sleeper, 900, "sleeper: good morning")
    return b


def test_blocked_loop_asks_for_no_detail_of_asyncio() -> None:
    """Whether tickers count as ready or as awaiting is not asked; that the listener is ready is."""
    for state in ("awaiting", "ready"):
        blocked = loop(f"{state} 0 1000", "ready 99 901, running 901 902")
        assert judged("blocked-loop", "meanwhile", blocked, "none")
        assert not judged("blocked-loop", "meanwhile", blocked, "run")
        assert judged("blocked-loop", "listener", blocked, "ready")
        assert not judged("blocked-loop", "listener", blocked, "awaits")


def test_free_loop_runs_both() -> None:
    free = loop(
        "awaiting 0 200, running 200 201", "ready 99 101, running 101 102, awaiting 102 900"
    )
    assert judged("blocked-loop", "meanwhile", free, "run", sleep="asyncio.sleep")
    assert judged("blocked-loop", "listener", free, "runs", sleep="asyncio.sleep")


def counted(*lost: int) -> Build:
    b = Build()
    main = b.process("program.py", 0, 100)
    for n, part in enumerate(lost):
        text = f"{1000 - part} were counted, {part} were lost"
        b.say(main, 50 + n, f"1000 steps were made, {text}")
    return b


@pytest.mark.parametrize(
    ("lost", "answer", "again"),
    [
        ((0, 0), "none", "same"), ((1, 0), "few", "another"), ((16, 24), "few", "another"),
        ((164, 250), "many", "another"), ((164, 164), "many", "same"),
        ((990, 999), "all", "another"),
    ],
)  # fmt: skip
def test_race_is_answered_without_a_figure(lost: tuple[int, int], answer: str, again: str) -> None:
    assert judged("race-counter", "lost", counted(*lost), answer)
    assert judged("race-counter", "again", counted(*lost), again)
