from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("race-counter")

cases.alone(r"^40000 steps were made.*\n40000 steps were made", variant="plain")
cases.alone(r"^40000 steps were made.*\n40000 steps were made")
cases.alone("^40000 steps were made", variant="split")
cases.alone(r"(8000 were counted, 0 were lost\n.*){2}", variant="lock", times=2000)
cases.alone(r"(40000 were counted, 0 were lost\n.*){2}", variant="append")
cases.variant("count", variant="lock", times=2000)
cases.variant("count", variant="append")
FREE = "CPython 3.13.5 free-threading"


def adders(b: Build, lost: int, turns: int = 40) -> tuple[int, int, int]:
    """Two threads that take over from each other ``turns`` times, and the printed count."""
    main = b.process("program.py", 0, 200)
    one = b.thread("adder-1", 0, 200, parent=main)
    two = b.thread("adder-2", 0, 200, parent=main)
    for n in range(turns + 1):
        b.rows((one, two)[n % 2], f"running {4 * n} {4 * n + 4}")
    for at, of_race in ((100, lost), (199, 0)):
        counted = f"{1000 - of_race} were counted, {of_race} were lost"
        b.say(main, at, f"1000 steps were made, {counted}")
    return main, one, two


@cases.holds("count", variant="call")
@cases.holds("count", variant="split")
@cases.fails("count", variant="lock")
@cases.fails("count", variant="append")
@cases.fails("count", variant="plain")
@cases.holds("count", variant="plain", python="CPython 3.9.18")
@cases.holds("count", variant="plain", python=FREE)
@cases.not_seen("count", variant="plain", python="PyPy 3.9")
def some_lost(b: Build) -> None:
    adders(b, lost=300)


@cases.fails("count", variant="call")
@cases.fails("count", variant="split")
@cases.fails("count", variant="plain", python="CPython 3.9.18")
@cases.holds("count", variant="lock")
@cases.holds("count", variant="append")
@cases.holds("count", variant="plain")
@cases.not_seen("count", variant="call", scheduler="procfs")
def none_lost(b: Build) -> None:
    adders(b, lost=0)


@cases.not_seen("count", variant="call")
def none_lost_and_never_met(b: Build) -> None:
    adders(b, lost=0, turns=1)


@cases.not_seen("count")
def no_count(b: Build) -> None:
    b.thread("adder-1", 0, 100, parent=b.process("program.py", 0, 100))


@cases.not_seen("count")
def only_the_first_race_was_counted(b: Build) -> None:
    main = b.process("program.py", 0, 100)
    b.thread("adder-1", 0, 100, parent=main)
    b.say(main, 50, "1000 steps were made, 900 were counted, 100 were lost")


@cases.holds("take-turns")
def many_turns(b: Build) -> None:
    adders(b, lost=0)


@cases.fails("take-turns")
def one_after_the_other(b: Build) -> None:
    main = b.process("program.py", 0, 200)
    b.rows(b.thread("adder-1", 0, 100, parent=main), "running 0 100")
    b.rows(b.thread("adder-2", 0, 200, parent=main), "running 100 200")


@cases.not_seen("take-turns")
def too_short(b: Build) -> None:
    main = b.process("program.py", 0, 200)
    b.rows(b.thread("adder-1", 0, 0.1, parent=main), "running 0 0.1")
    b.rows(b.thread("adder-2", 0, 0.2, parent=main), "running 0.1 0.2")


@cases.holds("lock-waits", variant="lock")
def other_holds(b: Build) -> None:
    _, one, two = adders(b, lost=0)
    b.rows(one, "blocked:lock 190 195", holder=two)


@cases.fails("lock-waits", variant="lock")
def waits_for_itself(b: Build) -> None:
    _, one, _ = adders(b, lost=0)
    b.rows(one, "blocked:lock 190 195", holder=one)


@cases.fails("lock-waits", variant="lock")
def stranger_holds(b: Build) -> None:
    main, one, _ = adders(b, lost=0)
    b.rows(one, "blocked:lock 190 195", holder=main)


@cases.not_seen("lock-waits", variant="lock")
def holder_unknown(b: Build) -> None:
    _, one, _ = adders(b, lost=0)
    b.rows(one, "blocked:lock 190 195")
