"""Locks, conditions, events and semaphores, of threads and of tasks."""

from __future__ import annotations

from collections.abc import Iterator

from app.timeline import wire
from app.timeline.records import SchedStat, ThreadGone
from app.timeline.states import ObjectKind, Reason
from benchmarks.patterns.tape import ROOT, Pattern, Tape, times, until


def convoy(tape: Tape, count: int) -> Iterator[None]:
    """Eight threads that hand three locks round."""
    tape.main()
    tids = range(101, 109)
    for tid in tids:
        tape.thread(tid)
    locks = [tape.made(ObjectKind.LOCK) for _ in range(3)]
    turns = [0]

    def turn() -> None:
        number = turns[0] = turns[0] + 1
        tid, lock = tids[number % 8], locks[number % 3]
        tape.enter(tid, Reason.LOCK, lock)
        tape.off(tid, cpu=tid % 4)
        tape.on(tid, cpu=tid % 4)
        tape.add(SchedStat(tape.tick(), ROOT, tid, 0, 0, number))
        tape.leave(tid, Reason.LOCK, lock)
        tape.say(wire.ACQUIRED, tid, a=7, b=lock)
        tape.say(wire.RELEASED, tid, a=8, b=lock)

    yield from until(tape, count, turn)


def many_threads(tape: Tape, count: int) -> Iterator[None]:
    """Very many threads at once that wait for one condition, are let go on, end and are joined."""
    tape.main()
    condition = tape.made(ObjectKind.CONDITION)
    tids = range(10_000, 10_000 + count // 12)
    objects: dict[int, int] = {}

    def come(n: int) -> None:
        tape.thread(tids[n])
        objects[tids[n]] = tape.object() - 1
        tape.enter(tids[n], Reason.CONDITION, condition)
        tape.off(tids[n], cpu=tids[n] % 4)

    def go(n: int) -> None:
        tape.say(wire.NOTIFY, b=condition, c=1)
        tape.on(tids[n], cpu=tids[n] % 4)
        tape.leave(tids[n], Reason.CONDITION, condition)
        tape.say(wire.THREAD_END, tids[n])
        tape.add(ThreadGone(tape.tick(), ROOT, tids[n]))
        tape.enter(ROOT, Reason.JOIN, tape.object())
        tape.leave(ROOT, Reason.JOIN)

    yield from times(len(tids), come)
    yield from times(len(tids), go)


def condition(tape: Tape, count: int) -> Iterator[None]:
    """Tasks pile up before a condition; each notify lets one go on."""
    yield from _pile(tape, count, ObjectKind.CONDITION, Reason.CONDITION)


def timeouts(tape: Tape, count: int) -> Iterator[None]:
    """A wait for a condition that is never told anything, given up again and again."""
    tape.main()
    tape.thread(101)
    condition = tape.made(ObjectKind.CONDITION)

    def turn() -> None:
        tape.enter(101, Reason.CONDITION, condition)
        tape.say(wire.LEAVE, 101, aux=Reason.CONDITION, b=condition)

    yield from until(tape, count, turn)


def event(tape: Tape, count: int) -> Iterator[None]:
    """Ever more tasks wait for an event that is set once."""
    tape.main()
    event = tape.made(ObjectKind.EVENT)
    tasks: list[int] = []

    def come(_: int) -> None:
        tasks.append(tape.task())
        tape.step(tasks[-1])
        tape.pause(tasks[-1], Reason.EVENT, event)

    def go(n: int) -> None:
        tape.step(tasks[n])
        tape.done(tasks[n])

    yield from times(count // 7, come)
    tape.say(wire.NOTIFY, b=event)
    yield from times(len(tasks), go)


def semaphore(tape: Tape, count: int) -> Iterator[None]:
    """Tasks pile up before a semaphore, and have it one after the other."""
    yield from _pile(tape, count, ObjectKind.SEMAPHORE, Reason.SEMAPHORE)


def task_lock(tape: Tape, count: int) -> Iterator[None]:
    """Tasks pile up before a lock, and have it one after the other, beside two that stand still."""
    tape.main()
    locks = [tape.made(ObjectKind.LOCK) for _ in range(2)]
    pair = tape.task(), tape.task()
    for task, lock in zip(pair, locks, strict=True):
        tape.step(task)
        tape.say(wire.TASK_ACQUIRED, a=6, b=lock, c=task)
        tape.pause(task, Reason.SLEEP)
    for task, lock in zip(pair, reversed(locks), strict=True):
        tape.step(task)
        tape.pause(task, Reason.LOCK, lock)
    tape.t += 200_000_000
    yield from _pile(tape, count, ObjectKind.LOCK, Reason.LOCK, began=True)


def _pile(
    tape: Tape, count: int, kind: ObjectKind, reason: Reason, began: bool = False
) -> Iterator[None]:
    if not began:
        tape.main()
    obj = tape.made(kind)
    tasks: list[int] = []

    def come(_: int) -> None:
        tasks.append(tape.task())
        tape.step(tasks[-1])
        tape.pause(tasks[-1], reason, obj)

    def go(n: int) -> None:
        if kind is ObjectKind.CONDITION:
            tape.say(wire.NOTIFY, b=obj, c=1)
        else:
            tape.say(wire.TASK_RELEASED, a=9, b=obj, c=tasks[n - 1] if n else 0)
        tape.step(tasks[n])
        if kind is not ObjectKind.CONDITION:
            tape.say(wire.TASK_ACQUIRED, a=7, b=obj, c=tasks[n])
        tape.done(tasks[n])

    yield from times(count // 9, come)
    yield from times(len(tasks), go)


def births(tape: Tape, count: int) -> Iterator[None]:
    """Ever new locks, each of them taken once."""
    tape.main()

    def turn() -> None:
        lock = tape.made(ObjectKind.LOCK, line=2)
        tape.say(wire.ACQUIRED, a=3, b=lock)
        tape.say(wire.RELEASED, a=4, b=lock)

    yield from until(tape, count, turn)


PATTERNS = {
    "lock": Pattern(convoy),
    "threads, a condition, joins": Pattern(many_threads),
    "condition, a pile": Pattern(condition),
    "condition, time-outs": Pattern(timeouts),
    "event, a pile": Pattern(event),
    "semaphore, a pile": Pattern(semaphore),
    "lock of tasks, a pile": Pattern(task_lock),
    "objects": Pattern(births, program="locks = []\nlocks.append(Lock())\n"),
}
