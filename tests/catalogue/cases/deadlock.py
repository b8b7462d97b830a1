from __future__ import annotations

from app.timeline.model import Wait
from app.timeline.states import Cause
from tests.catalogue.build import MS, Build, Cases

cases = Cases("deadlock")

cases.alone("^stuck: Ann and Bob\n$", patience=1.5)
cases.alone("both have eaten", variant="ordered", patience=20, meals=5)
cases.alone("both have eaten", variant="timeout", patience=20, meals=5)
cases.alone("both have eaten", variant="one-lock", patience=20, meals=5)
cases.variant("all-eat", variant="ordered", meals=10, patience=20)
cases.variant("all-eat", variant="timeout", meals=10, patience=20)
cases.variant("all-eat", variant="one-lock", meals=10, patience=20)


def stuck(b: Build, *, after: str = "blocked:lock 50 200", wrong_cycle: bool = False) -> None:
    """From 50 ms on Ann and Bob wait for each other."""
    main = b.process("program.py", 0, 200)
    ann = b.thread("Ann", 0, 200, parent=main, cause=Cause.WITH_PROCESS, daemon=True)
    bob = b.thread("Bob", 0, 200, parent=main, cause=Cause.WITH_PROCESS, daemon=True)
    fork, noodles = b.thing("fork"), b.thing("noodles")
    b.rows(ann, "running 0 50")
    b.rows(ann, after, thing=noodles, holder=bob)
    b.rows(bob, "running 0 50")
    b.rows(bob, after, thing=fork, holder=ann)
    waits = (
        Wait(ann, noodles, bob, line=30, held_since_ns=40 * MS, held_line=28),
        Wait(bob, noodles if wrong_cycle else fork, ann, 30, held_since_ns=45 * MS, held_line=28),
    )
    b.finding("deadlock", 50, cycle=waits)


def lively(b: Build, waits: int, cause: Cause = Cause.RETURNED) -> None:
    """They meet at a lock ``waits`` times, and end by ``cause``."""
    main = b.process("program.py", 0, 200)
    ann = b.thread("Ann", 0, 190, parent=main, cause=cause)
    b.thread("Bob", 0, 190, parent=main, cause=cause)
    for n in range(waits):
        b.rows(ann, f"blocked:lock {10 * n} {10 * n + 4}, running {10 * n + 4} {10 * n + 10}")


def crosswise(b: Build, length: float) -> None:
    """Three times each waits for the other's lock, ``length`` ms long; one of them is ready then.

    Before, Ann waits for the one that Bob holds while he runs.
    """
    main = b.process("program.py", 0, 2000)
    ann = b.thread("Ann", 0, 2000, parent=main)
    bob = b.thread("Bob", 0, 2000, parent=main)
    fork, noodles = b.thing("fork"), b.thing("noodles")
    b.rows(ann, "blocked:lock 0 8", thing=noodles, holder=bob)
    for at in (10, 610, 1210):
        b.rows(ann, f"blocked:lock {at} {at + length}", thing=noodles, holder=bob)
        b.rows(ann, f"ready {at + length} {at + length + 90}")
        b.rows(bob, f"blocked:lock {at} {at + length + 95}", thing=fork, holder=ann)


@cases.holds("cycle", variant="timeout")
@cases.fails("cycle", variant="ordered")
@cases.fails("cycle", variant="one-lock")
def gave_back_in_time(b: Build) -> None:
    crosswise(b, 20.1)


@cases.not_seen("cycle", variant="timeout")
def woken_late(b: Build) -> None:
    crosswise(b, 70)


@cases.fails("cycle", variant="timeout")
@cases.not_seen("cycle", variant="timeout", scheduler="procfs")
def gave_back_far_too_late(b: Build) -> None:
    crosswise(b, 400)


@cases.not_seen("cycle", variant="ordered")
def waited_for_nobody_knows_whom(b: Build) -> None:
    main = b.process("program.py", 0, 200)
    ann, bob = (b.thread(name, 0, 190, parent=main) for name in ("Ann", "Bob"))
    fork, noodles = b.thing("fork"), b.thing("noodles")
    b.rows(ann, "blocked:lock 10 30", thing=fork, holder=bob)
    b.rows(bob, "blocked:lock 20 40", thing=noodles)


@cases.not_seen("cycle", variant="timeout")
@cases.holds("cycle", variant="ordered")
def queued_for_one_lock(b: Build) -> None:
    """Both wait at once, for the same lock, which is no cycle."""
    main = b.process("program.py", 0, 200)
    ann, bob = (b.thread(name, 0, 190, parent=main) for name in ("Ann", "Bob"))
    fork = b.thing("fork")
    b.rows(ann, "blocked:lock 10 30", thing=fork, holder=bob)
    b.rows(bob, "blocked:lock 20 40", thing=fork, holder=ann)


@cases.holds("cycle")
@cases.fails("cycle", variant="ordered")
@cases.fails("cycle", variant="timeout")
@cases.holds("hold-and-wait")
@cases.holds("nobody-runs")
@cases.holds("all-eat")
@cases.fails("all-eat", variant="ordered")
def deadlocked(b: Build) -> None:
    stuck(b)


@cases.fails("cycle")
@cases.holds("cycle", variant="ordered")
@cases.holds("cycle", variant="one-lock")
@cases.not_seen("all-eat")
@cases.holds("all-eat", variant="ordered")
@cases.not_seen("hold-and-wait")
@cases.not_seen("nobody-runs")
def met_often_and_ended(b: Build) -> None:
    lively(b, waits=12)


@cases.not_seen("cycle")
def lucky(b: Build) -> None:
    lively(b, waits=2)


@cases.fails("cycle")
def stuck_but_not_found(b: Build) -> None:
    lively(b, waits=2, cause=Cause.WITH_PROCESS)


@cases.not_seen("cycle", variant="ordered")
def never_met(b: Build) -> None:
    lively(b, waits=0)


@cases.fails("hold-and-wait")
def both_wait_for_one_thing(b: Build) -> None:
    stuck(b, wrong_cycle=True)


@cases.fails("nobody-runs")
@cases.not_seen("nobody-runs", scheduler="procfs")
def busy_when_stuck(b: Build) -> None:
    stuck(b, after="running 50 200")


@cases.fails("all-eat")
def one_ends_though_broken(b: Build) -> None:
    stuck(b)
    (ann,) = b.timeline.named("Ann")
    assert ann.end is not None
    ann.end = ann.end._replace(cause=Cause.RETURNED)


@cases.not_seen("all-eat", variant="timeout")
def patience_was_short(b: Build) -> None:
    lively(b, waits=12, cause=Cause.WITH_PROCESS)
