from __future__ import annotations

from app.timeline.model import Wait
from app.timeline.states import Cause
from tests.catalogue.build import MS, Build, Cases

cases = Cases("philosophers")

cases.alone("^3 are still hungry", philosophers=3, patience=0.5)
cases.alone("all have eaten", variant="ordered", patience=20, meals=2)
cases.alone("all have eaten", variant="waiter", patience=20, meals=2)
cases.variant("meals", variant="ordered", patience=20)
cases.variant("hunger", variant="waiter", patience=20)
cases.variant("neighbours", variant="asymmetric", patience=20)


def table(b: Build, *rows: str, cause: Cause = Cause.RETURNED) -> list[int]:
    """The program, and a philosopher for each of ``rows``; the program comes first."""
    found = [b.process("program.py", 0, 200)]
    for number, text in enumerate(rows, 1):
        guest = b.thread(f"philosopher-{number}", 0, 200, parent=found[0], cause=cause)
        b.rows(guest, text)
        found.append(guest)
    return found


def stuck(b: Build, members: int = 3) -> None:
    """Three wait to the end, so many of them in a circle."""
    row = "running 0 1, blocked:sleep 1 10, blocked:lock 10 200"
    _, *guests = table(b, row, row, row, cause=Cause.WITH_PROCESS)
    ring = guests[:members]
    cycle = tuple(
        Wait(one, b.thing(f"Lock {one}"), other, 30, held_since_ns=5 * MS, held_line=28)
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True)
    )
    b.finding("deadlock", 10, cycle=cycle)


@cases.holds("cycle")
@cases.fails("cycle", variant="ordered")
@cases.holds("meals")
@cases.fails("meals", variant="waiter")
@cases.holds("hunger")
@cases.fails("hunger", variant="asymmetric")
@cases.not_seen("neighbours")
def all_are_stuck(b: Build) -> None:
    stuck(b)


@cases.fails("cycle")
def some_are_stuck(b: Build) -> None:
    stuck(b, members=2)


ONE = "running 0 20, blocked:sleep 20 30, running 30 50, blocked:sleep 50 200"
NEXT = "running 0 1, blocked:lock 1 20, running 20 30, blocked:lock 30 50, running 50 70"


@cases.not_seen("cycle")
@cases.holds("cycle", variant="ordered")
@cases.not_seen("meals")
@cases.holds("meals", variant="ordered")
@cases.holds("neighbours", variant="ordered")
@cases.holds("hunger", variant="ordered")
@cases.not_seen("hunger")
def all_have_eaten(b: Build) -> None:
    table(b, ONE, NEXT)


@cases.not_seen("cycle", variant="ordered")
@cases.not_seen("hunger", variant="ordered")
@cases.fails("neighbours")
@cases.not_seen("neighbours", scheduler="procfs")
def nobody_waits(b: Build) -> None:
    table(b, ONE, ONE)


@cases.holds("neighbours")
def one_is_kept_from_the_cpu_after_its_meal(b: Build) -> None:
    rest = "blocked:sleep 30 200"
    table(b, f"running 0 8, ready 8 29, running 29 30, {rest}", "running 8 16, blocked:sleep 16 99")


@cases.fails("cycle")
@cases.fails("hunger")
@cases.fails("meals")
def one_of_two_goes_on(b: Build) -> None:
    _, one, _ = table(b, ONE, NEXT, cause=Cause.WITH_PROCESS)
    track = b.timeline.tracks[one]
    assert track.end is not None
    track.end = track.end._replace(cause=Cause.RETURNED)


@cases.not_seen("meals", variant="waiter")
@cases.not_seen("hunger", variant="waiter")
def patience_was_short(b: Build) -> None:
    table(b, ONE, "running 0 1, blocked:lock 1 200", cause=Cause.WITH_PROCESS)
