from __future__ import annotations

from typing import Any

from app.timeline.states import Cause, FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("producer-consumer")

SHORT: dict[str, Any] = {"items": 4, "make_ms": 5, "use_ms": 10}

cases.alone("(?s)has got None, and ends.*has got None, and ends")
cases.alone("consumer-. still waits", ending="one-short", **SHORT)
cases.alone("main: every item is used", ending="join", consumers=3, **SHORT)
cases.variant("ending", ending="one-short", items=6)
cases.variant("ending", ending="join")
cases.variant("ratio", make_ms=30, use_ms=5, items=10, consumers=3)
cases.variant("once", producers=1, consumers=4, room=1, items=20)
cases.variant("pace", producers=1, consumers=1, room=2, make_ms=1, use_ms=100)


def around(
    b: Build,
    makes: str = "running 0 30, blocked:queue 30 90",
    uses: str = "running 10 100",
    cause: Cause = Cause.RETURNED,
    others: Cause = Cause.RETURNED,
) -> tuple[int, int]:
    """A producer and two consumers."""
    main = b.process("program.py", 0, 110)
    producer = b.process("producer-1", 0, 90, parent=main)
    consumer = b.process("consumer-1", 0, 100, parent=main, cause=others)
    second = b.process("consumer-2", 0, 100, parent=main, cause=cause)
    b.rows(producer, makes)
    b.rows(consumer, uses)
    b.rows(second, uses)
    return producer, consumer


def passed(
    b: Build,
    pairs: list[tuple[float, float]],
    makes: str = "running 0 90",
    uses: str = "running 10 100",
) -> None:
    producer, consumer = around(b, makes, uses)
    for put, got in pairs:
        b.flow(FlowKind.PUT_GET, producer, put, consumer, got)


@cases.holds("room", room=2)
@cases.fails("room", room=1)
def two_on_their_way(b: Build) -> None:
    passed(b, [(1, 10), (2, 12), (12, 20)])


@cases.not_seen("room")
@cases.not_seen("once")
@cases.not_seen("ratio")
@cases.not_seen("ending", ending="join")
@cases.not_seen("ending", ending="one-short")
def nothing_passed(b: Build) -> None:
    around(b)


ONE = {"producers": 1, "consumers": 2, "items": 2}


def used(b: Build, *items: str, over: bool = True, **ends: Cause) -> None:
    _, consumer = around(b, **ends)  # type: ignore[arg-type]
    for n, item in enumerate(items):
        b.say(consumer, 20 + n, f"consumer-1 has used {item}")
    for n in (1, 2) if over else ():
        b.say(consumer, 80, f"consumer-{n} has got None, and ends")


@cases.holds("once", **ONE)
@cases.holds("ending", **ONE)
def each_once(b: Build) -> None:
    used(b, "1.1", "1.2")


@cases.fails("once", **ONE)
def one_twice(b: Build) -> None:
    used(b, "1.1", "1.2", "1.2")


@cases.fails("once", **ONE)
@cases.not_seen("once", ending="join", **ONE)
def one_never(b: Build) -> None:
    used(b, "1.1")


@cases.not_seen("once", **ONE)
@cases.fails("ending", **ONE)
def one_still_waits(b: Build) -> None:
    used(b, "1.1", over=False, cause=Cause.SIGNAL)


def joined(b: Build, at: float, **ends: Cause) -> None:
    used(b, "1.1", "1.2", over=False, **ends)
    b.say(1, at, "main: every item is used")


@cases.holds("ending", ending="one-short", **ONE)
def one_waits_for_ever(b: Build) -> None:
    joined(b, 50, cause=Cause.SIGNAL)


@cases.fails("ending", ending="one-short", **ONE)
def none_waits(b: Build) -> None:
    joined(b, 50)


@cases.not_seen("ending", ending="one-short", **ONE)
def main_has_no_patience(b: Build) -> None:
    joined(b, 50, cause=Cause.SIGNAL, others=Cause.SIGNAL)


@cases.holds("ending", ending="join", **ONE)
def joined_at_last(b: Build) -> None:
    joined(b, 50, cause=Cause.DAEMON, others=Cause.DAEMON)


@cases.fails("ending", ending="join", **ONE)
def joined_too_early(b: Build) -> None:
    joined(b, 20.5, cause=Cause.DAEMON, others=Cause.DAEMON)


PACE: list[tuple[float, float]] = [(10 * n + 1, 10 * n + 2) for n in range(9)]


@cases.holds("ratio", room=1)
@cases.not_seen("ratio", room=4)
@cases.not_seen("ratio", room=1, scheduler="procfs")
def producer_waits(b: Build) -> None:
    passed(b, PACE, "running 0 9, blocked:queue 9 90")


@cases.fails("ratio", room=1)
def consumers_wait_though_they_are_few(b: Build) -> None:
    passed(b, PACE, "running 0 9, blocked:file 9 90", "running 0 40, blocked:queue 40 100")


@cases.not_seen("ratio", room=1)
def producers_without_a_cpu(b: Build) -> None:
    passed(b, PACE, "running 0 9, ready 9 90", "running 0 40, blocked:queue 40 100")


def at_pace(b: Build, last: float, makes: str = "running 0 9, blocked:queue 9 90") -> None:
    """The producer needs 9 ms for all of its items, each of the two consumers 80 ms."""
    producer, consumer = around(b, makes, "running 10 11, blocked:sleep 11 90")
    for n in range(9):
        b.flow(FlowKind.PUT_GET, producer, 2 + n, consumer, 9 * n + 10)
        b.say(consumer, last if n == 8 else n + 12, f"consumer-1 has used 1.{n + 1}")


@cases.holds("pace", room=1, use_ms=5)
@cases.not_seen("pace", room=4, use_ms=5)
@cases.not_seen("pace", room=1, use_ms=0)
@cases.not_seen("pace", room=1, scheduler="procfs")
def as_long_as_the_slower_side(b: Build) -> None:
    at_pace(b, 92)


@cases.fails("pace", room=1, use_ms=5)
def much_longer(b: Build) -> None:
    at_pace(b, 400)


@cases.fails("pace", room=1, use_ms=5)
def shorter_than_the_slower_side_needs(b: Build) -> None:
    at_pace(b, 52)


@cases.not_seen("pace", room=1, use_ms=5)
def longer_for_want_of_a_cpu(b: Build) -> None:
    at_pace(b, 400, "running 0 9, ready 9 90, blocked:queue 90 100")


@cases.not_seen("pace")
def no_item_passed_at_any_pace(b: Build) -> None:
    around(b)


@cases.not_seen("ratio", room=1)
def near_the_best(b: Build) -> None:
    passed(b, PACE, "running 0 50, ready 50 90", "running 0 50, blocked:queue 50 100")
