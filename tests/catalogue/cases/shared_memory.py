from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("shared-memory")

cases.alone("(?s)value: 1000 steps, .*block: 1000 .*manager: 1000 steps, .* lost")
cases.alone("block: 400 steps, 400 counted, 0 lost", place="block", lock=True, steps=200)
cases.alone("manager: 100 steps, 100 counted, 0 lost", place="manager", lock=True, steps=50)
cases.variant("count", place="value", lock=True)
cases.variant("manager", place="manager", adders=3, steps=200)
cases.variant("count", place="all", lock=True, steps=300)
cases.variant("count", adders=1, place="block")


def adders(b: Build, place: str, first: str, second: str, holder: bool = True) -> tuple[int, int]:
    main = b.process("program.py", 0, 200, pid=1001)
    one = b.process(f"{place}-adder-1", 0, 100, parent=main)
    two = b.process(f"{place}-adder-2", 0, 100, parent=main)
    b.rows(one, first)
    b.rows(two, second, holder=one if holder else two)
    return one, two


def counted(b: Build, lost: int, second: str = "running 50 100") -> None:
    one, _ = adders(b, "value", "running 0 50, ready 50 100", second)
    b.say(one, 100, f"value: 2000 steps, {2000 - lost} counted, {lost} lost")


@cases.holds("count")
@cases.fails("count", lock=True)
@cases.fails("count", adders=1)
@cases.not_seen("turns")
@cases.not_seen("manager", place="value")
@cases.not_seen("price", place="value")
def some_lost(b: Build) -> None:
    counted(b, 900)


@cases.holds("count", lock=True)
@cases.not_seen("count")
def none_lost(b: Build) -> None:
    counted(b, 0)


@cases.fails("count")
@cases.holds("turns")
@cases.not_seen("count", scheduler="procfs")
@cases.not_seen("turns", scheduler="procfs")
def none_lost_side_by_side(b: Build) -> None:
    counted(b, 0, second="running 0 50")


@cases.holds("turns", lock=True)
def waits_for_the_other(b: Build) -> None:
    adders(b, "value", "running 0 100", "blocked:rlock 0 50, running 50 100")


@cases.fails("turns", lock=True)
def waits_for_itself(b: Build) -> None:
    adders(b, "value", "running 0 100", "blocked:rlock 0 50, running 50 100", holder=False)


def managed(b: Build, waits: int, server: str = "SyncManager-3", cpu: float = 90) -> None:
    rows = ", ".join(f"blocked:pipe {n} {n}.5, running {n}.5 {n + 1}" for n in range(waits))
    adders(b, "manager", rows or "running 0 10", rows or "running 0 10")
    manager = b.process(server, 0, 150, parent=1)
    b.rows(b.thread("Thread-1", 0, cpu, parent=manager), f"running 0 {cpu}")
    for place in ("value", "block"):
        adder = b.process(f"{place}-adder-1", 0, 30, parent=1)
        b.rows(adder, "running 0 30")


@cases.holds("manager", place="manager", steps=10)
@cases.holds("price", place="all", steps=10)
@cases.not_seen("manager", place="manager", steps=10, scheduler="procfs")
def asked_at_each_step(b: Build) -> None:
    managed(b, 20)


@cases.fails("manager", place="manager", steps=10)
@cases.fails("price", place="all", steps=10)
def never_asked(b: Build) -> None:
    managed(b, 0, cpu=5)


@cases.fails("manager", place="all")
def no_other_process(b: Build) -> None:
    managed(b, 20, server="value-adder-2")


@cases.not_seen("price", place="all")
def one_place(b: Build) -> None:
    adders(b, "value", "running 0 50", "running 0 50")
