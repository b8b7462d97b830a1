from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("concurrent-or-parallel")

cases.alone("3 times 0.100 s of computing took .* on one CPU", ms=100)
cases.alone("2 times 0.100 s of computing took ", cpus="all", workers=2, ms=100)
cases.variant("all-advance", cpus="all", workers=2, ms=400)


def two(b: Build, one: str, other: str, *, cpu: int = 1, ends: float = 200) -> None:
    main = b.process("program.py", 0, ends + 10)
    b.rows(b.process("worker-1", 0, ends, parent=main), one, cpu=0)
    b.rows(b.process("worker-2", 0, ends, parent=main), other, cpu=cpu)


def turns(first: int, end: int, step: int = 5) -> str:
    """Every other ``step`` ms running."""
    return ", ".join(f"running {ms} {ms + step}" for ms in range(first, end, 2 * step))


@cases.holds("all-advance")
@cases.holds("at-once")
@cases.fails("at-once", cpus="all")
@cases.holds("time")
@cases.fails("time", cpus="all")
def in_turn(b: Build) -> None:
    two(b, turns(0, 200), turns(5, 200))


@cases.holds("all-advance", cpus="all")
@cases.fails("at-once")
@cases.not_seen("at-once", scheduler="procfs")
@cases.holds("at-once", cpus="all")
@cases.fails("time")
@cases.holds("time", cpus="all")
def side_by_side(b: Build) -> None:
    two(b, "running 0 200", "running 0 199")


@cases.fails("all-advance", cpus="all")
@cases.not_seen("all-advance")
@cases.not_seen("all-advance", cpus="all", scheduler="procfs")
def one_after_the_other(b: Build) -> None:
    two(b, "running 0 100", "running 1 2, ready 2 100, running 100 200")


@cases.not_seen("at-once", cpus="all")
@cases.not_seen("time", cpus="all")
def only_one_cpu_left(b: Build) -> None:
    two(b, turns(0, 200), turns(5, 200), cpu=0)


@cases.fails("all-advance")
def one_starves(b: Build) -> None:
    two(b, turns(0, 400), turns(5, 100, 2) + ", ready 103 399, running 399 400", ends=400)


@cases.not_seen("at-once")
@cases.not_seen("time")
def one_never_ran(b: Build) -> None:
    two(b, "running 0 200", "ready 0 200")
