from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("nursery")

cases.alone("child 4 is done\nparent: the nursery ended by itself\n", seconds=0.05)
cases.alone("(?s)child 1 is done.*child 3 is cancelled.*parent: .*Group: .*is over\n$",
            ends="one fails", children=3, seconds=0.05)  # fmt: skip
cases.variant("fate", ends="time limit", seconds=0.1, limit=0.25)
cases.variant("error", ends="one fails", seconds=0.1)


def family(
    b: Build,
    fates: tuple[tuple[float, Cause], ...],
    *,
    over: float = 500,
    parent_rows: str = "running 0 2, awaiting 2 480, running 480 490",
    caught: float = 0,
) -> None:
    """When each child ended, and how."""
    process = b.process("program.py", 0, 600)
    parent = b.task("main", 0, 590, parent=process)
    b.rows(parent, parent_rows)
    for number, (end, cause) in enumerate(fates, 1):
        b.task(f"child-{number}", 1, end, parent=process, cause=cause)
    b.say(parent, 2, "parent: has started them all")
    if caught:
        b.say(parent, caught, "parent: ExceptionGroup: from Trio nursery (1 sub-exception)")
    b.say(parent, over, "parent: the nursery is over")


WELL = ((100, Cause.RETURNED), (200, Cause.RETURNED), (300, Cause.RETURNED), (400, Cause.RETURNED))
FAILED = ((100, Cause.RETURNED), (200, Cause.RAISED), (201, Cause.CANCELLED))


@cases.holds("outlives")
@cases.holds("parent-waits")
@cases.holds("fate")
@cases.not_seen("error")
@cases.not_seen("error", ends="one fails")
@cases.not_seen("fate", ends="time limit", limit=9)
@cases.fails("fate", ends="time limit", limit=0.3)
def all_return(b: Build) -> None:
    family(b, WELL)


@cases.fails("outlives")
def one_is_left(b: Build) -> None:
    family(b, WELL, over=350)


@cases.fails("parent-waits")
def parent_goes_on(b: Build) -> None:
    family(b, WELL, parent_rows="running 0 2, awaiting 2 100, running 100 480")


@cases.not_seen("parent-waits")
def done_at_once(b: Build) -> None:
    family(b, ((1.5, Cause.RETURNED), (1.6, Cause.RETURNED)))


@cases.holds("fate", ends="one fails")
@cases.fails("fate")
@cases.holds("error", ends="one fails")
def second_fails(b: Build) -> None:
    family(b, FAILED, caught=300)


@cases.fails("error", ends="one fails")
def nobody_catches(b: Build) -> None:
    family(b, FAILED)


@cases.fails("error", ends="one fails")
def caught_too_early(b: Build) -> None:
    family(b, FAILED, caught=200.5)


@cases.holds("fate", ends="time limit")
def limit_cancels(b: Build) -> None:
    fates = (Cause.RETURNED, Cause.RETURNED, Cause.CANCELLED, Cause.CANCELLED)
    family(b, tuple((100 * n, fate) for n, fate in enumerate(fates, 1)))


@cases.not_seen("outlives")
@cases.not_seen("fate")
def no_children(b: Build) -> None:
    family(b, ())
