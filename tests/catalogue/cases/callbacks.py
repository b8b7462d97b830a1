from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("callbacks")

cases.alone("(?s)callback of task 1 in MainThread\n.*main: has added it\n", step_ms=50)
cases.alone(
    "(?s)callback of task 1 in MainThread\n.*main: has added it\n", pool="processes", step_ms=50
)
cases.variant("where", pool="processes")

BLOCKED = "running 0 10, blocked:future 10 100, running 100 110, blocked:future 110 300"


def run(
    b: Build,
    *,
    in_worker: bool = True,
    processes: bool = False,
    late_adds: bool = False,
    order: tuple[int, ...] = (3, 2),
    first_ns: float = 101,
    result: float = 301,
    at_once: bool = True,
    main_rows: str = BLOCKED,
    ends: tuple[float, ...] = (300, 200, 100),
) -> None:
    """Tasks 1, 2 and 3 end at ``ends``; main asks for the first's result at 210."""
    main = b.process("program.py", 0, 400)
    b.rows(main, main_rows)
    manager = b.thread("Thread-1", 1, 350, parent=main)
    new = b.process if processes else b.thread
    threads = [new(f"pool_{n}", 1, 350, parent=main) for n in (1, 2, 3)]
    for number, (thread, end) in enumerate(zip(threads, ends, strict=True), 1):
        b.say(thread, 2, f"task {number} begins")
        b.say(thread, end, f"task {number} is done")
        b.say(thread if in_worker else manager, end + 1, f"callback of task {number} in it")
    b.say(main, 305 if late_adds else 5, "main: waits for the first of them")
    b.say(main, first_ns, "main: 1 is done, 2 are not")
    for place, number in enumerate(order):
        b.say(main, 201 + place, f"main: as_completed gives task {number}")
    b.say(main, 210, "main: asks for the result of task 1")
    b.say(main, result, "main: has the result of task 1")
    b.say(main, 310, "main: adds a callback to a task that is done")
    if at_once:
        b.say(main, 311, "callback of task 1 in MainThread")
    b.say(main, 312, "main: has added it")


@cases.holds("where")
@cases.holds("at-once")
@cases.holds("wait-first")
@cases.holds("result")
def as_documented(b: Build) -> None:
    run(b)


@cases.fails("where")
@cases.holds("where", pool="processes")
def in_a_thread_apart(b: Build) -> None:
    run(b, in_worker=False)


@cases.fails("where", pool="processes")
def in_the_worker_process(b: Build) -> None:
    run(b, processes=True)


@cases.not_seen("where")
def all_done_before(b: Build) -> None:
    run(b, late_adds=True)


@cases.fails("at-once")
def not_called(b: Build) -> None:
    run(b, at_once=False)


@cases.holds("as-completed")
def in_order_of_completion(b: Build) -> None:
    run(b, order=(3, 2), first_ns=90)


@cases.fails("as-completed")
def in_order_of_tasks(b: Build) -> None:
    run(b, order=(2, 3), first_ns=90)


@cases.not_seen("as-completed")
def one_left(b: Build) -> None:
    run(b, order=(3, 2), first_ns=150)


@cases.fails("wait-first")
def waits_for_all(b: Build) -> None:
    run(b, first_ns=301)


@cases.fails("wait-first")
@cases.fails("result")
@cases.not_seen("result", scheduler="procfs")
def never_blocked(b: Build) -> None:
    run(b, main_rows="running 0 400")


@cases.fails("result")
def result_before_the_end(b: Build) -> None:
    run(b, result=220)


@cases.not_seen("wait-first")
@cases.not_seen("result")
@cases.not_seen("at-once")
def said_nothing(b: Build) -> None:
    b.process("program.py", 0, 100)
