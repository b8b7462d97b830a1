from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("gil")

cases.alone("2 tasks, threads: ", turns=500000)
cases.alone("2 tasks, processes: ", mode="processes", turns=500000)
cases.alone("2 tasks, serial: ", mode="serial", work="sleep", sleep_seconds=0.2)
cases.alone("5 tasks, threads: ", work="sleep", tasks=5, sleep_seconds=0.2)
cases.variant("sleeps-overlap", work="sleep")
FREE = "CPython 3.13.5 free-threading"


def two_threads(b: Build, one: str, two: str) -> None:
    main = b.process("program.py", 0, 210)
    b.rows(b.thread("task-1", 0, 200, parent=main), one, cpu=0)
    b.rows(b.thread("task-2", 0, 200, parent=main), two, cpu=1)


def two_processes(b: Build, one: str, two: str, cpu: int = 1) -> None:
    main = b.process("program.py", 0, 210)
    b.rows(b.process("task-1", 0, 200, parent=main), one, cpu=0)
    b.rows(b.process("task-2", 0, 200, parent=main), two, cpu=cpu)


def measured(b: Build, alone: float, together: float, tasks: int = 2, mode: str = "x") -> None:
    main = b.process("program.py", 0, 3000)
    b.say(main, 1000, f"one task alone: {alone:.3f} s")
    speed_up = alone * tasks / together
    b.say(main, 3000, f"{tasks} tasks, {mode}: {together:.3f} s, speed-up {speed_up:.2f}")


@cases.holds("never-two")
@cases.holds("wants-gil")
@cases.not_seen("never-two", scheduler="procfs")
@cases.not_seen("never-two", python=FREE)
@cases.not_seen("never-two", mode="processes")
@cases.not_seen("wants-gil", work="sleep")
def take_turns(b: Build) -> None:
    two_threads(b, "running 0 100, gil 100 200", "gil 0 100, running 100 200")


@cases.fails("never-two")
@cases.fails("wants-gil")
@cases.not_seen("wants-gil", scheduler="procfs")
def at_once(b: Build) -> None:
    two_threads(b, "running 0 180, gil 180 200", "ready 0 20, running 20 200")


@cases.holds("processes-overlap", mode="processes")
def on_two_cpus(b: Build) -> None:
    two_processes(b, "running 0 200", "running 10 200")


@cases.fails("processes-overlap", mode="processes")
def never_together(b: Build) -> None:
    two_processes(b, "running 0 100, blocked 100 200", "blocked 0 100, running 100 200")


@cases.not_seen("processes-overlap", mode="processes")
def on_one_cpu(b: Build) -> None:
    two_processes(b, "running 0 100, ready 100 200", "ready 0 100, running 100 200", cpu=0)


@cases.holds("sleeps-overlap", work="sleep")
def asleep_together(b: Build) -> None:
    two_threads(b, "running 0 1, blocked:sleep 1 200", "running 1 2, blocked:sleep 2 200")


@cases.fails("sleeps-overlap", work="sleep")
def asleep_in_turn(b: Build) -> None:
    two_threads(b, "blocked:sleep 0 100, running 100 101", "running 0 1, blocked:sleep 100 200")


@cases.not_seen("sleeps-overlap", work="sleep")
def nobody_sleeps(b: Build) -> None:
    two_threads(b, "running 0 100", "running 100 200")


@cases.fails("speed-up", work="sleep")
@cases.holds("speed-up", work="sleep", mode="serial")
@cases.not_seen("speed-up", mode="serial")
def as_the_sum(b: Build) -> None:
    measured(b, 1.0, 2.0)


@cases.holds("speed-up", work="sleep")
@cases.fails("speed-up", work="sleep", mode="serial")
def as_the_longest(b: Build) -> None:
    measured(b, 1.0, 1.05)


@cases.not_seen("speed-up", work="sleep")
def on_a_crowded_machine(b: Build) -> None:
    measured(b, 1.0, 2.0)
    two_threads(b, "blocked:sleep 0 50, ready 50 190", "blocked:sleep 0 50, ready 50 190")


@cases.holds("speed-up")
@cases.fails("speed-up", mode="processes")
@cases.not_seen("speed-up", scheduler="procfs")
@cases.not_seen("speed-up", python=FREE)
def computed_in_turn(b: Build) -> None:
    measured(b, 1.0, 2.0)
    two_threads(b, "running 0 100, gil 100 200", "gil 0 100, running 100 200")


@cases.fails("speed-up")
@cases.holds("speed-up", mode="processes")
def computed_at_once(b: Build) -> None:
    measured(b, 1.0, 1.1)
    two_threads(b, "running 0 200", "running 0 180")


@cases.not_seen("speed-up", mode="processes")
@cases.not_seen("processes-overlap", mode="processes")
def no_cpu_to_spare(b: Build) -> None:
    measured(b, 1.0, 2.0)
    two_threads(b, "running 0 100, ready 100 200", "ready 0 100, running 100 200")
