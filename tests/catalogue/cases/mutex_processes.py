from __future__ import annotations

from app.timeline.states import FlowKind, ObjectKind
from tests.catalogue.build import Build, Cases

cases = Cases("mutex-processes")

cases.alone("^12 changes were made, 12 were counted, 0 were lost")
cases.alone("^6 changes were made", lock=False, rounds=2)
cases.variant("overlap", lock=False)
cases.variant("holder", rest_ms=0, processes=4)


def workers(b: Build, one: str, two: str, lost: int = 0) -> tuple[int, int]:
    """Two workers whose rows are these, and the printed count."""
    main = b.process("program.py", 0, 400)
    found = b.process("worker-1", 0, 390, parent=main), b.process("worker-2", 0, 390, parent=main)
    for track, rows in zip(found, (one, two), strict=True):
        b.rows(track, rows)
    b.say(main, 399, f"2 changes were made, {2 - lost} were counted, {lost} were lost")
    return found


APART = "running 0 60, blocked:sleep 60 390", "blocked:barrier 0 65, running 65 125"
AT_ONCE = "running 0 60, blocked:sleep 60 390", "running 5 30, ready 30 40, running 40 70"


@cases.holds("overlap")
@cases.fails("overlap", lock=False)
@cases.holds("lost")
@cases.not_seen("lost", lock=False)
@cases.holds("time")
@cases.not_seen("holder")
def one_after_the_other(b: Build) -> None:
    workers(b, *APART)


@cases.fails("overlap")
@cases.not_seen("overlap", scheduler="procfs")
@cases.holds("overlap", lock=False)
@cases.fails("lost", lock=False)
@cases.fails("time")
@cases.holds("time", lock=False)
@cases.not_seen("holder", lock=False)
def side_by_side(b: Build) -> None:
    workers(b, *AT_ONCE)


@cases.fails("lost")
@cases.holds("lost", lock=False)
def one_is_lost(b: Build) -> None:
    workers(b, *AT_ONCE, lost=1)


@cases.holds("overlap", lock=False)
@cases.not_seen("time", lock=False)
def inside_at_once_on_one_cpu(b: Build) -> None:
    turns = [
        f"running {10 * n} {10 * n + 10}, ready {10 * n + 10} {10 * n + 20}" for n in range(20)
    ]
    workers(b, ", ".join(turns[0:12:2]), ", ".join(turns[1:13:2]))


@cases.fails("time", lock=False)
def slower_than_one_by_one(b: Build) -> None:
    workers(b, "running 0 60", "running 0 60, blocked:sleep 60 300, running 300 360")


@cases.not_seen("overlap")
@cases.not_seen("time")
def hardly_any_work(b: Build) -> None:
    workers(b, "running 0 2", "running 5 7")


@cases.not_seen("lost")
def no_count(b: Build) -> None:
    b.process("worker-1", 0, 10, parent=b.process("program.py", 0, 20))


def waiting(b: Build, holder: str, *, passed: bool = True) -> None:
    """worker-2 waits for the lock until worker-1 releases it."""
    one, two = workers(b, "running 0 60, blocked:sleep 60 390", "running 0 2")
    lock = b.thing("mutex", ObjectKind.LOCK)
    others = {"worker-1": one, "itself": two, "main": b.timeline.root().id}
    b.rows(two, "blocked:lock 2 62, running 62 130", thing=lock, holder=others[holder])
    if passed:
        b.flow(FlowKind.RELEASE, one, 59, two, 62)


@cases.holds("holder")
@cases.holds("overlap")
@cases.not_seen("holder", lock=False)
def waits_for_the_other(b: Build) -> None:
    waiting(b, "worker-1")


@cases.fails("holder")
def waits_for_itself(b: Build) -> None:
    waiting(b, "itself")


@cases.fails("holder")
def waits_for_one_outside(b: Build) -> None:
    waiting(b, "main")


@cases.fails("holder")
def goes_on_without_a_release(b: Build) -> None:
    waiting(b, "worker-1", passed=False)
