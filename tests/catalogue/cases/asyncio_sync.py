from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("asyncio-sync")

cases.alone("(?s)worker-1 enters 0\nworker-1 leaves 0\n.*all workers are done")
cases.alone("worker-1 enters 0\nworker-2 enters 0\nworker-1 leaves", shared="semaphore", ms=10)
cases.alone("sets the event\nworker-1 goes\nworker-2 goes\n", shared="event", ms=10)
cases.variant("kept", shared="queue", ms=20)
cases.variant("kept", shared="semaphore", ms=20)
cases.variant("awaits", shared="event")
cases.variant("kept", shared="nothing", ms=20)


def pair(
    b: Build,
    one: str = "running 1 2, awaiting:sleep 2 50, running 50 51",
    other: str = "running 2 3, awaiting:lock 3 51, running 51 52, awaiting:sleep 52 90",
    main_rows: str = "running 0 3, blocked:poll 3 50, running 50 52, blocked:poll 52 90",
) -> tuple[int, int]:
    main = b.process("program.py", 0, 110)
    b.rows(main, main_rows)
    tasks = b.task("worker-1", 0, 100, parent=main), b.task("worker-2", 0, 100, parent=main)
    b.rows(tasks[0], one)
    b.rows(tasks[1], other)
    return tasks


def sections(b: Build, one: tuple[float, float], other: tuple[float, float]) -> None:
    for task, (enters, leaves), n in zip(pair(b), (one, other), (1, 2), strict=True):
        b.say(task, enters, f"worker-{n} enters 0")
        b.say(task, leaves, f"worker-{n} leaves 0")


@cases.holds("kept")
@cases.holds("kept", shared="semaphore")
@cases.fails("kept", shared="nothing")
@cases.not_seen("kept", shared="nothing", workers=1)
@cases.holds("awaits")
@cases.not_seen("awaits", shared="nothing")
@cases.not_seen("awaits", shared="event")
@cases.holds("one-thread")
@cases.not_seen("fair")
@cases.not_seen("fair", shared="event")
def apart(b: Build) -> None:
    sections(b, (1, 50), (51, 90))


@cases.fails("kept")
@cases.holds("kept", shared="semaphore")
@cases.fails("kept", shared="semaphore", room=1)
@cases.holds("kept", shared="nothing")
def together(b: Build) -> None:
    sections(b, (1, 50), (40, 90))


@cases.not_seen("kept")
@cases.not_seen("kept", shared="queue")
def said_nothing(b: Build) -> None:
    pair(b)


def event(b: Build, set_at: float) -> None:
    tasks = pair(b, "awaiting:event 1 50, running 50 51", "awaiting:event 2 50, running 51 52")
    b.say(1, set_at, "main: sets the event")
    for n, task in enumerate(tasks, 1):
        b.say(task, 51 + n, f"worker-{n} goes")


@cases.holds("kept", shared="event", workers=2)
@cases.fails("kept", shared="event", workers=3)
def all_go_on(b: Build) -> None:
    event(b, 49)


@cases.fails("kept", shared="event", workers=2)
def they_go_before(b: Build) -> None:
    event(b, 51.5)


def items(b: Build, *numbers: int, done: bool = True) -> None:
    task, _ = pair(b)
    for place, number in enumerate(numbers):
        b.say(task, 10 + place, f"worker-1 has item {number}")
    if done:
        b.say(1, 105, "main: all workers are done")


@cases.holds("kept", shared="queue", workers=2, rounds=2)
def each_once(b: Build) -> None:
    items(b, 1, 2, 3, 4)


@cases.fails("kept", shared="queue", workers=2, rounds=2)
def swapped(b: Build) -> None:
    items(b, 1, 3, 2, 4)


@cases.fails("kept", shared="queue", workers=2, rounds=2)
def one_twice(b: Build) -> None:
    items(b, 1, 2, 2, 4)


@cases.not_seen("kept", shared="queue", workers=2, rounds=2)
def not_over(b: Build) -> None:
    items(b, 1, 2, done=False)


@cases.fails("awaits")
def thread_blocks(b: Build) -> None:
    pair(b, main_rows="running 0 3, blocked:lock 3 50, running 50 90")


@cases.fails("one-thread")
def with_a_thread(b: Build) -> None:
    sections(b, (1, 50), (51, 90))
    b.thread("helper", 5, 90, parent=1)


@cases.not_seen("one-thread")
def one_only(b: Build) -> None:
    b.task("worker-1", 0, 10, parent=b.process("program.py", 0, 20))


@cases.holds("fair")
@cases.holds("fair", shared="lock")
def served_in_turn(b: Build) -> None:
    pair(b, "awaiting:lock 1 30, running 30 31", "awaiting:lock 2 50, running 50 51")


@cases.fails("fair")
def later_one_first(b: Build) -> None:
    pair(b, "awaiting:lock 1 50, running 50 51", "awaiting:lock 2 30, running 30 31")
