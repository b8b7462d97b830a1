from __future__ import annotations

from app.timeline.states import FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("queue")

cases.alone("consumer has used 20 items")
cases.alone("consumer has used 9 items", producers=3, room=1, items=3, use_ms=0)
cases.variant("get-waits", make_ms=40, use_ms=0, items=5)


def pair(b: Build, producer_rows: str, consumer_rows: str = "running 0 100") -> tuple[int, int]:
    main = b.process("program.py", 0, 110)
    producer = b.process("producer-1", 0, 90, parent=main)
    consumer = b.process("consumer", 0, 100, parent=main)
    b.rows(producer, producer_rows)
    b.rows(consumer, consumer_rows)
    return producer, consumer


def passed(b: Build, pairs: list[tuple[float, float]], rows: str = "running 0 90") -> None:
    producer, consumer = pair(b, rows)
    for put, got in pairs:
        b.flow(FlowKind.PUT_GET, producer, put, consumer, got)


@cases.holds("order")
def in_order(b: Build) -> None:
    passed(b, [(1, 5), (2, 6), (3, 7)])


@cases.fails("order")
def overtaken(b: Build) -> None:
    passed(b, [(1, 6), (2, 5), (3, 7)])


@cases.not_seen("order")
def single_item(b: Build) -> None:
    passed(b, [(1, 6)])


@cases.holds("room", room=1)
def little_inside(b: Build) -> None:
    passed(b, [(1, 5), (6, 8), (9, 12)])


@cases.fails("room", room=1)
def too_much_inside(b: Build) -> None:
    passed(b, [(1, 50), (2, 51), (3, 52)])


@cases.not_seen("room")
@cases.not_seen("put-waits")
@cases.not_seen("get-waits")
def nothing_passed(b: Build) -> None:
    pair(b, "running 0 90")


@cases.holds("put-waits", room=1)
@cases.not_seen("put-waits", room=2)
def freed_by_a_get(b: Build) -> None:
    passed(b, [(1, 40), (41, 60)], rows="running 0 2, blocked:queue 2 40, running 40 90")


@cases.holds("put-waits", room=1)
def freed_by_a_get_that_is_over_late(b: Build) -> None:
    passed(b, [(1, 44), (41, 60)], rows="running 0 2, blocked:queue 2 40, running 40 90")


@cases.fails("put-waits", room=1)
def freed_by_nobody(b: Build) -> None:
    passed(b, [(1, 60), (21, 70), (30, 80)], rows="running 0 2, blocked:queue 2 20, running 20 90")


@cases.not_seen("put-waits")
def never_full(b: Build) -> None:
    passed(b, [(1, 5), (30, 35)])


def get_ends(b: Build, wait_end: float) -> None:
    producer, consumer = pair(
        b, "running 0 90", f"blocked:queue 1 {wait_end}, running {wait_end} 100"
    )
    b.flow(FlowKind.PUT_GET, producer, 30, consumer, 31)


@cases.holds("get-waits")
def get_fed(b: Build) -> None:
    get_ends(b, 31)


@cases.fails("get-waits")
def get_ends_without_item(b: Build) -> None:
    get_ends(b, 20)


@cases.not_seen("get-waits")
def get_never_waits(b: Build) -> None:
    passed(b, [(1, 5)])


@cases.holds("feeder")
def feeder(b: Build) -> None:
    producer, _ = pair(b, "running 0 90")
    b.thread("QueueFeederThread", 5, 90, parent=producer, daemon=True)


@cases.fails("feeder")
def no_feeder(b: Build) -> None:
    pair(b, "running 0 90")


@cases.not_seen("feeder")
def no_producer(b: Build) -> None:
    b.process("consumer", 0, 10)
