from __future__ import annotations

from app.timeline.states import Cause, FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("brokers")

# Where no broker runs; with brokers, tests/real/test_brokers.py runs all four.
for broker in ("redis", "memcached", "rabbitmq", "kafka"):
    cases.alone(r"does not answer at .*Start it first|8 of 8 messages were taken",
                broker=broker, messages=4, ms=0)  # fmt: skip

SENT = ("1/1", "2/1", "1/2", "2/2")
TAKEN = ("1 1/1", "2 2/1", "1 1/2", "2 2/2")


def shared(
    b: Build,
    taken: tuple[str, ...] = TAKEN,
    *,
    rows: str = "running 12 14, blocked:socket 14 80, running 80 82",
    cause: Cause = Cause.RETURNED,
    server: bool = True,
    direct: bool = False,
    silent: bool = False,
) -> None:
    """Two producers, two consumers; what was taken is ``consumer producer/number``."""
    main = b.process("program.py", 0, 100)
    consumers = [b.process(f"consumer-{n}", 10, 90, parent=main, cause=cause) for n in (1, 2)]
    producers = [b.process(f"producer-{n}", 10, 60, parent=main) for n in (1, 2)]
    outside = b.outside("redis 127.0.0.1:6379", 11, 100) if server else 0
    for at, text in enumerate(SENT, 20):
        who, _ = text.split("/")
        b.say(producers[int(who) - 1], at, f"producer-{who} sent producer-{text}")
    for at, text in enumerate(taken, 30):
        who, what = text.split()
        b.say(consumers[int(who) - 1], at, f"consumer-{who} took producer-{what}")
    for consumer in consumers:
        b.rows(consumer, rows)
    if server:
        loop = b.task("send", 12, 50, parent=producers[0])
        for n, track in enumerate((loop, *producers[1:])):
            b.flow(FlowKind.SEND_RECV, track, 20 + n, outside, 20 + n)
        for n, track in enumerate(consumers[silent:]):
            b.flow(FlowKind.SEND_RECV, outside, 30 + n, track, 30 + n)
    if direct:
        b.flow(FlowKind.SEND_RECV, producers[0], 25, consumers[0], 26)


@cases.holds("once")
@cases.holds("once", broker="kafka")
@cases.holds("order")
@cases.not_seen("order", broker="memcached")
@cases.holds("waits")
@cases.fails("waits", broker="memcached")
@cases.not_seen("waits", broker="memcached", scheduler="procfs")
@cases.holds("outside")
def as_it_should_be(b: Build) -> None:
    shared(b)


@cases.holds("waits", broker="memcached")
@cases.fails("waits")
@cases.not_seen("waits", scheduler="procfs")
def asks_again(b: Build) -> None:
    shared(b, rows="running 12 14, blocked:sleep 14 40, blocked:socket 40 42, blocked:sleep 42 82")


@cases.holds("waits", broker="kafka")
def polls(b: Build) -> None:
    shared(b, rows="running 12 14, blocked:poll 14 80, running 80 82")


@cases.not_seen("waits")
def never_waits(b: Build) -> None:
    shared(b, rows="running 12 82, blocked:socket 82 84")


@cases.fails("once")
def loses_one(b: Build) -> None:
    shared(b, TAKEN[:3])


@cases.fails("once")
@cases.holds("order")
def delivers_twice(b: Build) -> None:
    shared(b, (*TAKEN, "2 1/1"))


@cases.not_seen("once")
def consumers_died(b: Build) -> None:
    shared(b, TAKEN[:3], cause=Cause.RAISED)


@cases.fails("order")
def later_ones_first(b: Build) -> None:
    shared(b, ("1 1/2", "2 2/1", "1 1/1", "2 2/2"))


@cases.not_seen("order")
def one_of_each(b: Build) -> None:
    shared(b, ("1 1/1", "2 1/2", "1 2/1", "2 2/2"))


@cases.fails("outside")
def hand_over_by_themselves(b: Build) -> None:
    shared(b, direct=True)


@cases.not_seen("outside")
def server_was_not_seen(b: Build) -> None:
    shared(b, server=False)


@cases.not_seen("outside")
def one_was_silent(b: Build) -> None:
    shared(b, silent=True)


@cases.not_seen("once")
@cases.not_seen("order")
@cases.not_seen("waits")
@cases.not_seen("outside")
def nobody_answered(b: Build) -> None:
    b.say(b.process("program.py", 0, 10), 5, "Redis does not answer at 127.0.0.1:6379")
