from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("start-process")

cases.alone(r"(?s)fork-3: done.*forkserver-3: done.*spawn-3: done")
cases.alone(r"(?s)run\(\).*run\(\).*spawn-1: done", how="subclass", children=1)
cases.alone("spawn-1: done", method="spawn", children=1)
cases.variant("parent", method="forkserver", how="subclass", children=2)


def child(b: Build, main: int, name: str, start: float, cost: float, parent: int = 1001) -> int:
    """Starts at ``start``, speaks ``cost`` later, ends 10 ms after that; start() takes 1 ms."""
    track = b.process(name, start, start + cost + 10, parent=main)
    b.rows(track, f"running {start} {start + cost + 10}")
    b.say(main, start, f"main: starting {name}")
    b.say(main, start + 1, f"main: start() of {name} came back after 1.0 ms")
    b.say(track, start + cost, f"{name}: hello, my parent is {parent}")
    return track


def all_methods(b: Build, fork: float, forkserver: float, spawn: float) -> None:
    main = b.process("program.py", 0, 1000, pid=1001)
    for n in (1, 2):
        child(b, main, f"fork-{n}", 10 * n, fork)
        child(b, main, f"forkserver-{n}", 100 * n, forkserver, parent=77)
        child(b, main, f"spawn-{n}", 300 * n, spawn)


@cases.holds("returns-at-once")
@cases.holds("parent")
@cases.holds("cost")
@cases.holds("own-process")
def as_expected(b: Build) -> None:
    all_methods(b, fork=2, forkserver=6, spawn=80)


@cases.fails("cost")
def fork_is_dearest(b: Build) -> None:
    all_methods(b, fork=90, forkserver=6, spawn=80)


@cases.not_seen("cost", method="fork")
def one_method(b: Build) -> None:
    child(b, b.process("program.py", 0, 100), "fork-1", 10, 2)


@cases.holds("returns-at-once")
def main_had_no_cpu(b: Build) -> None:
    main = b.process("program.py", 0, 100)
    child(b, main, "fork-1", 10, 2)
    b.process("fork-2", 40, 50, parent=main)
    b.rows(main, "running 0 40, ready 40 60, running 60 70")
    b.say(main, 39, "main: starting fork-2")
    b.say(main, 61, "main: start() of fork-2 came back after 22.0 ms")


@cases.fails("returns-at-once")
def start_waits(b: Build) -> None:
    main = b.process("program.py", 0, 100)
    b.process("fork-1", 10, 50, parent=main)
    b.rows(main, "running 0 10, blocked 10 50, running 50 60")
    b.say(main, 9, "main: starting fork-1")
    b.say(main, 55, "main: start() of fork-1 came back after 45.0 ms")


@cases.not_seen("returns-at-once")
@cases.not_seen("parent")
def silent(b: Build) -> None:
    b.process("fork-1", 10, 50, parent=b.process("program.py", 0, 100))


@cases.fails("parent", method="fork")
def stranger(b: Build) -> None:
    child(b, b.process("program.py", 0, 100, pid=1001), "fork-1", 10, 2, parent=5)


@cases.fails("parent", method="forkserver")
def server_is_main(b: Build) -> None:
    child(b, b.process("program.py", 0, 100, pid=1001), "forkserver-1", 10, 2, parent=1001)


@cases.fails("own-process")
@cases.not_seen("own-process", scheduler="procfs")
def never_ran(b: Build) -> None:
    b.rows(b.process("fork-1", 10, 50, parent=b.process("program.py", 0, 100)), "ready 10 50")


@cases.fails("own-process")
def same_process(b: Build) -> None:
    main = b.process("program.py", 0, 100, pid=7)
    b.rows(b.process("fork-1", 10, 50, parent=main, pid=7), "running 10 50")


@cases.not_seen("own-process")
def no_child(b: Build) -> None:
    b.process("program.py", 0, 100)
