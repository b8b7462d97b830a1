from __future__ import annotations

from app.timeline.states import FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("thread-queue")

cases.alone(r"consumer-\d got \d+", late_seconds=0.1)
cases.alone(r"consumer-1 got [12]\n", kind="priority", consumers=1, late_seconds=0.1)
cases.variant("order", kind="priority")
cases.variant("order", kind="lifo")
cases.variant("once", kind="simple")


def taken(b: Build, got: list[int], *, put: str = "3 1 2", late: int = 4, fed: float = 400) -> None:
    """One consumer gets these, and waits for the last one from 100 ms on, until 401."""
    main = b.process("program.py", 0, 500)
    consumer = b.thread("consumer-1", 5, 490, parent=main)
    b.rows(consumer, "running 5 100, blocked:queue 100 401, running 401 490")
    b.say(main, 4, f"main put {put}")
    b.say(main, 400, f"main put {late}")
    for at, item in enumerate(got, 10):
        b.say(consumer, at if at < 13 else 402, f"consumer-1 got {item}")
    b.flow(FlowKind.PUT_GET, main, fed, consumer, 402)


ONE = {"consumers": 1, "items": 4}


@cases.holds("order", **ONE)
@cases.holds("order", kind="simple", **ONE)
@cases.fails("order", kind="lifo", **ONE)
@cases.fails("order", kind="priority", **ONE)
@cases.holds("once", **ONE)
@cases.not_seen("once", consumers=1, items=9)
@cases.holds("waits", **ONE)
def in_the_order_of_put(b: Build) -> None:
    taken(b, [3, 1, 2, 4])


@cases.holds("order", kind="lifo", **ONE)
@cases.fails("order", **ONE)
def last_first(b: Build) -> None:
    taken(b, [2, 1, 4, 3])


@cases.holds("order", kind="priority", **ONE)
@cases.fails("order", kind="simple", **ONE)
def smallest_first(b: Build) -> None:
    taken(b, [1, 2, 3, 4])


@cases.fails("once", **ONE)
def one_is_taken_twice(b: Build) -> None:
    taken(b, [3, 1, 1, 4])


@cases.fails("waits", **ONE)
def goes_on_without_a_put(b: Build) -> None:
    taken(b, [3, 1, 2, 4], fed=3)


@cases.not_seen("waits", late_seconds=5.0, **ONE)
@cases.not_seen("order", **ONE)
def takes_one_early_item(b: Build) -> None:
    taken(b, [3, 4], put="3")


@cases.not_seen("once")
@cases.not_seen("waits")
def nothing_is_put(b: Build) -> None:
    b.thread("consumer-1", 0, 10, parent=b.process("program.py", 0, 20))
