from __future__ import annotations

from typing import Any

from app.timeline.states import FlowKind, ObjectKind
from tests.catalogue.build import Build, Cases

cases = Cases("lock-kinds")

SHORT: dict[str, Any] = {"use_ms": 20, "patience": 0.2}
cases.alone("the second time: waited in vain", **SHORT)
cases.alone("the second time: got it", kind="rlock", **SHORT)
cases.alone("ValueError: Semaphore released too many times", kind="bounded", **SHORT)
cases.variant("kind", kind="condition", **SHORT)
cases.variant("twice", kind="rlock", **SHORT)
cases.variant("kind", kind="semaphore", use_ms=160)  # longer than main needs to start them all
cases.variant("too-often", kind="bounded", **SHORT)
cases.variant("kind", kind="event", **SHORT)
cases.variant("kind", kind="barrier", **SHORT)
cases.variant("kind", kind="timer", **SHORT)


def users(b: Build, *rows: str) -> list[int]:
    """The program, and a thread user-1, user-2… for each of ``rows``; the program comes first."""
    found = [b.process("program.py", 0, 1000)]
    for number, text in enumerate(rows, 1):
        track = b.thread(f"user-{number}", 0, 990, parent=found[0])
        b.rows(track, text)
        found.append(track)
    return found


def passed(b: Build, kind: str, *, named: bool = True, overlap: float = 0) -> list[int]:
    """user-2 waits until user-1 is over, which it is ``overlap`` ms before its end."""
    found = users(b, "running 0 80, blocked:sleep 80 990", "running 0 1")
    thing = b.thing("it", ObjectKind.from_word(kind) if named else ObjectKind.OTHER)
    came = 80 - overlap
    row = f"blocked:{kind} 1 {came}, running {came} {came + 80}, blocked:sleep {came + 80} 990"
    b.rows(found[2], row, thing=thing, holder=found[1] if "lock" in kind and named else 0)
    b.flow(FlowKind.RELEASE, found[1], came if not overlap else 80, found[2], came)
    return found


@cases.holds("kind")
@cases.holds("named")
@cases.not_seen("twice", kind="semaphore")
@cases.not_seen("kind", kind="semaphore", permits=2)
@cases.not_seen("too-often")
def one_after_the_other(b: Build) -> None:
    passed(b, "lock")


@cases.holds("kind", kind="semaphore", permits=1)
@cases.holds("kind", kind="bounded", permits=1)
@cases.holds("named", kind="semaphore", permits=1)
@cases.fails("too-often", kind="bounded", permits=1)
def by_permits(b: Build) -> None:
    passed(b, "semaphore")


@cases.fails("kind")
@cases.not_seen("kind", scheduler="procfs")
def two_at_once(b: Build) -> None:
    passed(b, "lock", overlap=40)


@cases.fails("named")
def nameless(b: Build) -> None:
    passed(b, "lock", named=False)


@cases.fails("named")
def holder_is_not_told(b: Build) -> None:
    found = users(b, "running 0 80", "running 0 1")
    b.rows(found[2], "blocked:lock 1 80", thing=b.thing("lock"))


@cases.not_seen("kind")
@cases.not_seen("named")
@cases.not_seen("twice")
def nobody_waits(b: Build) -> None:
    users(b, "running 0 80", "running 0 80")


# --- twice -------------------------------------------------------------------------------------


def twice(b: Build, kind: str, answer: str, waited: str = "") -> None:
    main = b.process("program.py", 0, 1000)
    track = b.thread("twice", 0, 990, parent=main)
    user = b.thread("user-1", 0, 100, parent=main)
    lock = b.thing("lock", ObjectKind.from_word(kind))
    b.rows(track, f"blocked:{kind} 0 80", thing=lock, holder=user)
    b.flow(FlowKind.RELEASE, user, 79, track, 80)
    b.rows(track, "running 80 81")
    if waited:
        b.rows(track, f"blocked:{kind} {waited}", thing=lock)
    b.say(track, 600, f"the second time: {answer}")


@cases.holds("twice")
def waits_for_itself(b: Build) -> None:
    twice(b, "lock", "waited in vain", "81 481")


@cases.fails("twice")
def lock_lets_it_in_again(b: Build) -> None:
    twice(b, "lock", "got it")


@cases.fails("twice")
@cases.not_seen("twice", scheduler="procfs")
def gives_up_at_once(b: Build) -> None:
    twice(b, "lock", "waited in vain", "81 90")


@cases.holds("twice", kind="rlock")
def rlock_lets_it_in_again(b: Build) -> None:
    twice(b, "rlock", "got it")


@cases.fails("twice", kind="rlock")
def rlock_makes_it_wait(b: Build) -> None:
    twice(b, "rlock", "waited in vain", "81 481")


@cases.holds("too-often", kind="bounded")
def refused(b: Build) -> None:
    found = users(b, "running 0 1")
    b.say(found[0], 1, "ValueError: Semaphore released too many times")


# --- event, condition, barrier, timer ------------------------------------------------------------


def let_go(b: Build, kind: str, flows: list[tuple[int, float, int]], waits: int = 3) -> None:
    """Three users; each arrow is from whom (0: main), when, to whom."""
    rows = [f"running 0 {n}, blocked:{kind} {n} 400, running 400 480" for n in range(1, waits + 1)]
    rows += ["running 0 50"] * (3 - waits)
    found = users(b, *rows)
    for source, at, target in flows:
        b.flow(FlowKind.RELEASE, found[source], at, found[target], at + 1)


@cases.holds("kind", kind="event")
@cases.fails("kind", kind="condition")
def all_by_one_call(b: Build) -> None:
    let_go(b, "event", [(0, 400, 1), (0, 400, 2), (0, 400, 3)])


@cases.fails("kind", kind="event")
@cases.holds("kind", kind="condition")
def one_by_each_call(b: Build) -> None:
    let_go(b, "event", [(0, 100, 1), (0, 200, 2), (0, 300, 3)])


@cases.not_seen("kind", kind="event")
@cases.not_seen("kind", kind="condition")
def one_waits(b: Build) -> None:
    let_go(b, "event", [(0, 400, 1)], waits=1)


@cases.holds("kind", kind="barrier")
def last_one_lets_all_go(b: Build) -> None:
    let_go(b, "barrier", [(3, 400, 1), (3, 400, 2)], waits=2)


@cases.fails("kind", kind="barrier")
def goes_before_all_have_come(b: Build) -> None:
    let_go(b, "barrier", [(3, 1.5, 1), (3, 1.5, 2)], waits=2)


@cases.fails("kind", kind="barrier")
def one_stays(b: Build) -> None:
    let_go(b, "barrier", [(3, 400, 1)], waits=2)


def timers(b: Build, first: str, second: str) -> None:
    main = b.process("program.py", 0, 1000)
    for number, rows in enumerate((first, second), 1):
        b.rows(b.thread(f"Thread-{number}", 0, 990, parent=main), rows)


@cases.holds("kind", kind="timer")
def timer(b: Build) -> None:
    timers(b, "running 0 1, blocked:event 1 401, running 401 481", "running 0 2")


@cases.fails("kind", kind="timer")
def timer_is_early(b: Build) -> None:
    timers(b, "running 0 1, blocked:event 1 101, running 101 181", "running 0 2")


@cases.fails("kind", kind="timer")
def cancelled_one_runs(b: Build) -> None:
    row = "running 0 1, blocked:event 1 401, running 401 481"
    timers(b, row, row)


@cases.not_seen("kind", kind="timer")
def no_timer(b: Build) -> None:
    users(b, "running 0 1")
