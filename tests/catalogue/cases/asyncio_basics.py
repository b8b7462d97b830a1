from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("asyncio-basics")

cases.alone(r"\[1, 2, 3, 4\]\nit took")
cases.alone("4 done, 0 pending", style="wait", seconds=0.05)
cases.alone("answer 4 is there", style="group", seconds=0.05)
cases.alone(r"\[1, 2, 'TimeoutError', 'TimeoutError'\]", style="timeout")
cases.alone(r"\[1, 2, 3, 4\]", style="one-by-one", seconds=0.05)
cases.alone(r"(?s)did not have to wait\n.*sleep\(0\)\n.*\[1, 2, 3, 4\]", style="no-wait")
cases.alone("^TypeError: Passing coroutines is forbidden", style="old")
cases.variant("cancelled", style="timeout", seconds=0.2, limit=0.5)
cases.variant("total", style="one-by-one", seconds=0.1)
cases.variant("old-way", style="old")
cases.variant("no-wait", style="no-wait", seconds=0.1)


def tasks(b: Build, *lives: tuple[str, float, float], other_thread: bool = False) -> list[int]:
    main = b.process("program.py", 0, 500)
    thread = b.thread("another", 0, 500, parent=main)
    return [
        b.task(name, start, end, parent=thread if other_thread and n else main)
        for n, (name, start, end) in enumerate(lives)
    ]


def side_by_side(b: Build) -> list[int]:
    one, two = tasks(b, ("fetch-1", 0, 100), ("fetch-2", 0, 200))
    b.rows(one, "running 0 1, awaiting 1 99, ready 99 99.5, running 99.5 100")
    b.rows(two, "ready 0 1, running 1 2, awaiting 2 199, running 199 200")
    return [one, two]


def in_turn(b: Build) -> None:
    one, two = tasks(b, ("fetch-1", 0, 100), ("fetch-2", 101, 300))
    b.rows(one, "running 0 1, awaiting 1 99, running 99 100")
    b.rows(two, "running 101 102, awaiting 102 299, running 299 300")


@cases.holds("total")
@cases.fails("total", style="one-by-one")
@cases.holds("one-thread")
def together(b: Build) -> None:
    side_by_side(b)


@cases.fails("total")
@cases.holds("total", style="one-by-one")
@cases.fails("await-lets-others")
@cases.not_seen("await-lets-others", style="one-by-one")
def one_after_the_other(b: Build) -> None:
    in_turn(b)


@cases.holds("await-lets-others")
def others_run(b: Build) -> None:
    one, two = tasks(b, ("fetch-1", 0, 100), ("fetch-2", 0, 200))
    b.rows(one, "running 0 1, awaiting 1 99, running 99 100")
    b.rows(two, "ready 0 1, running 1 2, awaiting 2 199, running 199 200")


@cases.not_seen("total")
@cases.not_seen("one-thread")
@cases.not_seen("await-lets-others")
def single(b: Build) -> None:
    tasks(b, ("fetch-1", 0, 100))


def made_by_main(b: Build, one_runs: float, two_runs: float) -> None:
    """Main awaits without a wait until 5 ms, and asyncio.sleep(0) until 10 ms."""
    one, two = tasks(b, ("fetch-1", 0, 100), ("fetch-2", 0, 200))
    main = b.timeline.root().id
    b.rows(one, f"ready 0 {one_runs}, running {one_runs} {one_runs + 1}")
    b.rows(two, f"ready 0 {two_runs}, running {two_runs} {two_runs + 1}")
    b.say(main, 5, "main: awaited what did not have to wait")
    b.say(main, 10, "main: awaited asyncio.sleep(0)")


@cases.holds("no-wait", style="no-wait")
@cases.not_seen("no-wait")
def both_begin_at_sleep(b: Build) -> None:
    made_by_main(b, 6, 8)


@cases.fails("no-wait", style="no-wait")
def one_begins_at_the_await_without_a_wait(b: Build) -> None:
    made_by_main(b, 2, 8)


@cases.fails("no-wait", style="no-wait")
def one_does_not_begin_at_sleep(b: Build) -> None:
    made_by_main(b, 6, 50)


@cases.not_seen("no-wait", style="no-wait")
def main_never_awaited(b: Build) -> None:
    tasks(b, ("fetch-1", 0, 100), ("fetch-2", 0, 200))


@cases.fails("one-thread")
def two_run_at_once(b: Build) -> None:
    one, two = tasks(b, ("fetch-1", 0, 100), ("fetch-2", 0, 200))
    b.rows(one, "running 0 10")
    b.rows(two, "running 5 15")


@cases.fails("one-thread")
def two_threads(b: Build) -> None:
    tasks(b, ("fetch-1", 0, 100), ("fetch-2", 0, 200), other_thread=True)


def limited(b: Build, late: Cause, early: Cause = Cause.RETURNED) -> None:
    """They wait 0.3, 0.6, 0.9, 1.2 and 1.5 s; the limit is 0.8 s, two are too near to it."""
    main = b.process("program.py", 0, 2000)
    b.task("fetch-1", 0, 300, parent=main, cause=early)
    b.task("fetch-2", 0, 600, parent=main)
    b.task("fetch-3", 0, 800, parent=main, cause=Cause.CANCELLED)
    b.task("fetch-4", 0, 800, parent=main, cause=late)
    b.task("fetch-5", 0, 800, parent=main, cause=late)


@cases.holds("cancelled", style="timeout")
@cases.not_seen("cancelled")
def late_cancelled(b: Build) -> None:
    limited(b, Cause.CANCELLED)


@cases.fails("cancelled", style="timeout")
def late_returned(b: Build) -> None:
    limited(b, Cause.RETURNED)


@cases.fails("cancelled", style="timeout")
def early_cancelled(b: Build) -> None:
    limited(b, Cause.CANCELLED, Cause.CANCELLED)


@cases.not_seen("cancelled", style="timeout", limit=9)
def all_in_time(b: Build) -> None:
    main = b.process("program.py", 0, 2000)
    for number in (1, 2):
        b.task(f"fetch-{number}", 0, 300 * number, parent=main)


@cases.holds("old-way", style="old")
@cases.fails("old-way", style="old", python="CPython 3.10.13")
@cases.not_seen("old-way")
def refused(b: Build) -> None:
    b.say(b.process("program.py", 0, 100), 50, "TypeError: Passing coroutines is forbidden")


@cases.fails("old-way", style="old")
@cases.holds("old-way", style="old", python="CPython 3.10.13")
def accepted(b: Build) -> None:
    b.say(b.process("program.py", 0, 100), 50, "answer 1 is there")
