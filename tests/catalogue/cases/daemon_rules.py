from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("daemon-rules")

cases.alone("(?s)AssertionError: process has already started.*AssertionError: daemonic processes")
cases.alone("boss: my helper is done", boss_is_daemon=False, when="early", work_ms=100)
cases.variant("helper", when="early", boss_is_daemon=False)
cases.variant("worker", when="early", work_ms=3000)


def company(
    b: Build,
    *,
    late_error: bool = True,
    boss_error: bool = True,
    helper: bool = False,
    worker_end: float = 180,
    main_end: float = 200,
    cause: Cause = Cause.RETURNED,
) -> None:
    main = b.process("program.py", 0, main_end)
    b.process("worker", 10, worker_end, parent=main, cause=cause)
    boss = b.process("boss", 20, 60, parent=main)
    if late_error:
        b.say(main, 11, "AssertionError: process has already started")
    b.say(main, 12, "main: worker is a daemon: False")
    if boss_error:
        b.say(boss, 30, "AssertionError: daemonic processes are not allowed to have children")
    if helper:
        b.process("helper", 30, 50, parent=boss)
        b.say(boss, 51, "boss: my helper is done")
    b.say(main, 100, "main: my code is over")


@cases.holds("late")
@cases.holds("worker")
@cases.holds("helper")
@cases.fails("late", when="early")
@cases.fails("worker", when="early")
@cases.fails("helper", boss_is_daemon=False)
def refused(b: Build) -> None:
    company(b)


@cases.holds("late", when="early")
@cases.holds("worker", when="early")
@cases.holds("helper", boss_is_daemon=False)
@cases.fails("late")
@cases.fails("worker")
@cases.fails("helper")
def allowed(b: Build) -> None:
    company(b, late_error=False, boss_error=False, helper=True, worker_end=105, cause=Cause.DAEMON)


@cases.fails("worker")
def main_did_not_wait(b: Build) -> None:
    company(b, worker_end=220)


@cases.fails("helper")
def refused_and_started_all_the_same(b: Build) -> None:
    company(b, helper=True)


@cases.not_seen("worker")
def worker_was_quick(b: Build) -> None:
    company(b, worker_end=90)


@cases.not_seen("helper")
def boss_is_silent(b: Build) -> None:
    company(b, boss_error=False)


@cases.not_seen("late")
def nothing_told(b: Build) -> None:
    b.process("program.py", 0, 100)
