from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("interpreter-pool")

cases.alone("threads: 4 tasks took .*\n(Python 3.* has no InterpreterPool|interpreters: begin)")
cases.variant("in-turn", workers=3)
FREE = "CPython 3.14.0 free-threading"


def two_pools(
    b: Build,
    threads: tuple[str, str] = ("running 2 50", "running 50 98"),
    interpreters: tuple[str, str] | None = ("running 103 150", "running 104 152"),
    *,
    took: float = 60,
    process: bool = False,
) -> None:
    main = b.process("program.py", 0, 300)
    b.say(main, 1, "threads: begin")
    for number, rows in enumerate(threads):
        b.rows(b.thread(f"thread_{number}", 1, 99, parent=main), rows)
    b.say(main, 100, "threads: 4 tasks took 0.099 s")
    if interpreters is None:
        b.say(main, 101, "Python 3.11 has no InterpreterPoolExecutor: it came with 3.14.")
        return
    b.say(main, 101, "interpreters: begin")
    new = b.process if process else b.thread
    for number, rows in enumerate(interpreters):
        b.rows(new(f"interpreter_{number}", 102, 160, parent=main), rows)
    b.say(main, 101 + took, "interpreters: 4 tasks took 0.060 s")


@cases.holds("in-turn")
@cases.not_seen("in-turn", scheduler="procfs")
@cases.not_seen("in-turn", python=FREE)
@cases.holds("at-once")
@cases.not_seen("at-once", scheduler="procfs")
@cases.holds("one-process")
@cases.holds("sooner")
@cases.not_seen("sooner", python=FREE)
def as_expected(b: Build) -> None:
    two_pools(b)


@cases.holds("in-turn")
@cases.not_seen("at-once")
@cases.holds("one-process")
@cases.not_seen("sooner")
def older_python(b: Build) -> None:
    two_pools(b, interpreters=None)


@cases.fails("in-turn")
@cases.fails("at-once")
@cases.fails("sooner")
def the_other_way_round(b: Build) -> None:
    two_pools(b, ("running 2 50", "running 3 51"), ("running 103 150", "running 150 199"), took=150)


@cases.not_seen("at-once")
@cases.not_seen("sooner")
def crowded(b: Build) -> None:
    rows = ("running 103 150, ready 150 199", "ready 103 150, running 150 199")
    two_pools(b, interpreters=rows, took=150)


@cases.fails("one-process")
def with_processes(b: Build) -> None:
    two_pools(b)
    b.process("another", 5, 9, parent=1)


@cases.fails("one-process")
def in_processes(b: Build) -> None:
    two_pools(b, process=True)


@cases.not_seen("one-process")
@cases.not_seen("in-turn")
def nothing(b: Build) -> None:
    b.process("program.py", 0, 10)
