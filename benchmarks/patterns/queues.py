"""Items and messages: queues of each kind, pipes and sockets."""

from __future__ import annotations

from collections.abc import Iterator

from app.timeline import wire
from app.timeline.states import ObjectKind, Reason
from benchmarks.patterns.tape import Pattern, Tape, times, until

ONE, OTHER, CHILD, SECOND = 101, 102, 201, 202


def _threads(tape: Tape) -> int:
    tape.main()
    tape.thread(ONE)
    tape.thread(OTHER)
    return tape.made(ObjectKind.QUEUE)


def burst(tape: Tape, count: int) -> Iterator[None]:
    """All is put before the first get."""
    queue, half = _threads(tape), count // 2
    yield from times(half, lambda n: tape.say(wire.PUT, ONE, aux=1, a=n + 1, b=queue, c=1000 + n))
    yield from times(
        half, lambda n: tape.say(wire.GET, OTHER, aux=1, a=half - n - 1, b=queue, c=1000 + n)
    )


def last_first(tape: Tape, count: int) -> Iterator[None]:
    """A LifoQueue: what was put last comes out first."""
    queue, half = _threads(tape), count // 2
    yield from times(half, lambda n: tape.say(wire.PUT, ONE, aux=1, a=n + 1, b=queue, c=1000 + n))
    yield from times(
        half, lambda n: tape.say(wire.GET, OTHER, aux=1, a=half - n - 1, b=queue, c=999 + half - n)
    )


def far_ahead(tape: Tape, count: int) -> Iterator[None]:
    """A producer that puts two for each that is got; of some items the same object."""
    queue = _threads(tape)

    def turn(n: int) -> None:
        tape.say(wire.PUT, ONE, aux=1, a=n, b=queue, c=1000 + 2 * n)
        tape.say(wire.PUT, ONE, aux=1, a=n + 1, b=queue, c=7)
        tape.say(wire.GET, OTHER, aux=1, a=n, b=queue, c=7 if n % 2 else 1000 + n)

    yield from times(count // 3, turn)


def simple(tape: Tape, count: int) -> Iterator[None]:
    """A SimpleQueue of one and the same object, put in bursts, with a waiter now and then."""
    queue = _threads(tape)

    def turn() -> None:
        tape.enter(OTHER, Reason.QUEUE, queue)
        for _ in range(1_000):
            tape.say(wire.PUT, ONE, b=queue, c=7)
        tape.leave(OTHER, Reason.QUEUE, queue)
        for _ in range(1_000):
            tape.say(wire.GET, OTHER, b=queue, c=7)

    while tape.written < count:
        turn()
        yield


def between_processes(tape: Tape, count: int) -> Iterator[None]:
    """A multiprocessing.Queue: two processes put, and are far ahead of the one that gets."""
    tape.main()
    queue = tape.shared(ObjectKind.QUEUE)  # its pipe has the same id
    tape.process(CHILD)
    tape.process(SECOND)
    each = count // 4

    def put(n: int) -> None:
        pid = CHILD if n % 3 else SECOND
        tape.say(wire.PUT, pid, b=queue, pid=pid)
        tape.say(wire.SEND, pid, b=queue, c=10, pid=pid)

    def get(_: int) -> None:
        tape.say(wire.RECV, b=queue, c=10)
        tape.say(wire.GET, b=queue)

    yield from times(each, put)
    yield from times(each, get)


def asynchronous(tape: Tape, count: int) -> Iterator[None]:
    """An asyncio.Queue into which one task puts all before the other gets any."""
    tape.main()
    queue = tape.made(ObjectKind.QUEUE)
    producer, consumer = tape.task(), tape.task()
    half = count // 2
    tape.step(producer)
    yield from times(half, lambda n: tape.say(wire.PUT, aux=1, a=n + 1, b=queue, c=1000 + n))
    tape.pause(producer, Reason.NONE)
    tape.step(consumer)
    yield from times(half, lambda n: tape.say(wire.GET, aux=1, a=half - n - 1, b=queue, c=1000 + n))


def getters(tape: Tape, count: int) -> Iterator[None]:
    """Tasks pile up before an empty asyncio.Queue, and are then served one by one."""
    tape.main()
    queue = tape.made(ObjectKind.QUEUE)
    tasks: list[int] = []

    def come(_: int) -> None:
        task = tape.task()
        tasks.append(task)
        tape.step(task)
        tape.pause(task, Reason.QUEUE, queue)

    def serve(n: int) -> None:
        tape.say(wire.PUT, aux=1, a=1, b=queue, c=1000 + n)
        tape.step(tasks[n])
        tape.say(wire.GET, aux=1, a=0, b=queue, c=1000 + n)
        tape.done(tasks[n])

    yield from times(count // 9, come)
    yield from times(len(tasks), serve)


def ping_pong(tape: Tape, count: int) -> Iterator[None]:
    """Two processes that hand a byte to and fro through pipes."""
    tape.main()
    pipes = tape.shared(ObjectKind.PIPE), tape.shared(ObjectKind.PIPE)
    for pid in (CHILD, SECOND):
        tape.process(pid)

    def turn() -> None:
        for pid, take, give in ((CHILD, *pipes), (SECOND, *reversed(pipes))):
            tape.say(wire.SEND, pid, b=give, c=1, pid=pid)
            tape.say(wire.ENTER, pid, aux=Reason.PIPE, a=4, b=take, pid=pid)
            tape.off(pid, pid)
            tape.on(pid, pid)
            tape.say(wire.LEAVE, pid, aux=Reason.PIPE, b=take, c=1, pid=pid)
            tape.say(wire.RECV, pid, b=take, c=1, pid=pid)

    yield from until(tape, count, turn)


def unread(tape: Tape, count: int) -> Iterator[None]:
    """Sockets to which much is sent that no one of the run receives, and late all at once."""
    tape.main()
    sockets = [tape.shared(ObjectKind.SOCKET) for _ in range(100)]
    tape.process(CHILD)

    def send(n: int) -> None:
        tape.say(wire.SEND, b=sockets[n % 100], c=10)

    yield from times(count // 2, send)
    yield from times(
        count // 2, lambda n: tape.say(wire.RECV, CHILD, b=sockets[n % 100], c=10, pid=CHILD)
    )


def outside(tape: Tape, count: int) -> Iterator[None]:
    """Messages to a server, while a child without the probe could be it; many children went."""
    tape.main()
    for pid in range(1_000, 1_000 + count // 20):
        tape.process(pid)
        yield
    server = tape.object()
    tape.say(wire.PEER, b=server, text="redis 127.0.0.1:6379")

    def turn() -> None:
        tape.say(wire.TO_PEER, b=server)
        tape.say(wire.FROM_PEER, b=server)

    yield from until(tape, count, turn)


PATTERNS = {
    "queue.Queue, a burst": Pattern(burst),
    "LifoQueue": Pattern(last_first),
    "queue.Queue, producer ahead": Pattern(far_ahead),
    "SimpleQueue": Pattern(simple),
    "multiprocessing.Queue": Pattern(between_processes),
    "asyncio.Queue, a burst": Pattern(asynchronous),
    "asyncio.Queue, getters": Pattern(getters),
    "pipe": Pattern(ping_pong),
    "sockets, unread": Pattern(unread),
    "messages outside": Pattern(outside),
}
