"""Tasks, futures and generators."""

from __future__ import annotations

from collections.abc import Iterator

from app.timeline import wire
from app.timeline.states import ObjectKind, Reason
from benchmarks.patterns.tape import Pattern, Tape, times, until


def births(tape: Tape, count: int) -> Iterator[None]:
    """Ever new tasks of a few steps."""
    tape.main()

    def turn() -> None:
        task = tape.task()
        for _ in range(2):
            tape.step(task)
            tape.pause(task, Reason.SLEEP)
        tape.step(task)
        tape.done(task)

    yield from until(tape, count, turn)


def crowd(tape: Tape, count: int) -> Iterator[None]:
    """All tasks live at once, and one waits for all of them."""
    tape.main()
    root, tasks = tape.task(), list[int]()
    tape.step(root)
    yield from times(count // 8, lambda _: tasks.append(tape.task(root)))
    for number, task in enumerate(tasks[:64]):
        tape.say(wire.WAITS_FOR, aux=int(not number), a=len(tasks), b=task)
    tape.pause(root, Reason.TASK)
    for task in tasks:
        tape.step(task)
        tape.pause(task, Reason.SLEEP)
    yield

    def end(n: int) -> None:
        tape.step(tasks[n])
        tape.done(tasks[n])

    yield from times(len(tasks), end)


def chain(tape: Tape, count: int) -> Iterator[None]:
    """Each task awaits the one before it, which waits already."""
    tape.main()
    tasks: list[int] = []

    def come(_: int) -> None:
        tasks.append(tape.task())
        tape.step(tasks[-1])
        if len(tasks) > 1:
            tape.pause(tasks[-1], Reason.TASK, tasks[-2])
        else:
            tape.pause(tasks[-1], Reason.SLEEP)

    def end(n: int) -> None:
        tape.step(tasks[n])
        tape.done(tasks[n])

    yield from times(count // 7, come)
    yield from times(len(tasks), end)


def futures(tape: Tape, count: int) -> Iterator[None]:
    """All calls are submitted before the first of them runs."""
    tape.main()
    tape.thread(101)
    pool = tape.made(ObjectKind.POOL)
    calls: list[int] = []

    def submit(_: int) -> None:
        calls.append(tape.object())
        tape.say(wire.SUBMIT, a=4, b=calls[-1], c=pool, text="work")

    def run(n: int) -> None:
        tape.say(wire.FUTURE_RUN, 101, b=calls[n])
        tape.say(wire.FUTURE_DONE, 101, b=calls[n])

    yield from times(count // 3, submit)
    yield from times(len(calls), run)


def results(tape: Tape, count: int) -> Iterator[None]:
    """Futures that are waited for, some of them by many tasks."""
    tape.main()
    futures: list[int] = []

    def turn() -> None:
        future = tape.object()
        futures.append(future)
        tasks = [tape.task() for _ in range(3)]
        for task in tasks:
            tape.step(task)
            tape.pause(task, Reason.FUTURE, future)
        tape.say(wire.FUTURE_DONE, b=future)
        for task in tasks:
            tape.step(task)
            tape.done(task)

    yield from until(tape, count, turn)


def one_future(tape: Tape, count: int) -> Iterator[None]:
    """One future for which all tasks wait, and of which it is told again who is to give it."""
    tape.main()
    future, giver = tape.object(), tape.task()
    tasks: list[int] = []

    def come(_: int) -> None:
        tasks.append(tape.task())
        tape.step(tasks[-1])
        tape.pause(tasks[-1], Reason.FUTURE, future)

    yield from times(count // 7, come)
    tape.say(wire.FUTURE_BY, b=future, c=giver)
    tape.say(wire.FUTURE_DONE, b=future)

    def end(n: int) -> None:
        tape.step(tasks[n])
        tape.done(tasks[n])

    yield from times(len(tasks), end)


def generators(tape: Tape, count: int) -> Iterator[None]:
    """Steps of generators that are driven by hand, and ever new ones."""
    tape.main()

    def turn() -> None:
        obj = tape.object()
        tape.say(wire.TASK_NEW, aux=2, a=5, b=obj, text="\0numbers")
        for _ in range(10):
            tape.say(wire.TASK_RUN, b=obj)
            tape.say(wire.TASK_PAUSE, aux=Reason.YIELD, a=6, b=obj)
        tape.say(wire.TASK_DONE, aux=3, b=obj)

    yield from until(tape, count, turn)


def never_awaited(tape: Tape, count: int) -> Iterator[None]:
    """Coroutines that nobody awaits."""
    tape.main()
    yield from until(tape, count, lambda: tape.say(wire.NEVER_AWAITED, a=5, text="forgotten"))


PATTERNS = {
    "tasks": Pattern(births),
    "tasks, all at once": Pattern(crowd),
    "tasks, a chain of awaits": Pattern(chain),
    "futures of a pool": Pattern(futures),
    "futures": Pattern(results),
    "one future": Pattern(one_future),
    "generators": Pattern(generators),
    "never awaited": Pattern(never_awaited),
}
