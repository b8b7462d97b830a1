from __future__ import annotations

from app.timeline.states import FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("schedulers")
MS = 1_000_000

TWO = "A 0 3; B 1 2"
cases.alone(
    r"order of ends: A B\n.*\nA: turnaround 3, .*\nB: turnaround 4, ", policy="fcfs", jobs=TWO
)
cases.alone("order of ends: B A\n", policy="srtf", jobs="A 0 4; B 1 2 1 1 1", unit_ms=20)
cases.alone("order of ends: C B A\n", policy="mlfq", jobs="A 0 5; B 1 3; C 2 1", unit_ms=20)

cases.variant("order", policy="rr", jobs="A 0 3; B 1 3; C 2 1")
cases.variant("averages", policy="rr", quantum=2)
cases.variant("trait", policy="fcfs", jobs="long 0 12; short 1 1; small 2 2")
cases.variant("trait", policy="sjf")
cases.variant("trait", policy="srtf")
cases.variant("trait", policy="rr")
cases.variant("trait", policy="priority", jobs="low 0 4 9; A 1 4 1; B 3 4 1; C 6 4 1")
cases.variant("trait", policy="priority", aging=1, jobs="low 0 4 9; A 1 8 2; B 3 8 2")
cases.variant("trait", policy="mlfq", jobs="A 0 12; B 5 1; C 9 2")
cases.variant("averages", policy="srtf", jobs="A 0 6 1 2 3; B 0 6; C 5 2")
cases.variant("order", policy="rr", jobs="A 0 4 1 1 4; B 2 2 1 1 6", unit_ms=20)


def run(b: Build, *turns: str, came: dict[str, float] | None = None, extra: str = "") -> None:
    """Turns such as ``A 0 40`` or ``io A 40 80``, in milliseconds; a job comes when its first one
    begins, or as ``came`` says, and is stopped whenever it has none."""
    last = max(float(turn.split()[-1]) for turn in turns)
    main = b.process("program.py", 0, last + 20)
    if extra:
        b.rows(main, extra)
    of: dict[str, list[tuple[float, float, str]]] = {}
    for turn in turns:
        *io, name, start, end = turn.split()
        of.setdefault(name, []).append(
            (float(start), float(end), "blocked:pipe" if io else "running")
        )
    for name, rows in of.items():
        begun = (came or {}).get(name, rows[0][0])
        job = b.process(name, begun, rows[-1][1], parent=main)
        b.flow(FlowKind.SIGNAL, main, rows[0][0], job, rows[0][0])
        now = begun
        for since, until, state in rows:
            if since > now:
                b.rows(job, f"stopped {now} {since}")
            b.rows(job, f"{state} {since} {until}", cpu=1 if state == "running" else -1)
            now = until


@cases.holds("order", policy="fcfs", jobs=TWO)
@cases.holds("averages", policy="fcfs", jobs=TWO)
@cases.holds("trait", policy="fcfs", jobs=TWO)
@cases.holds("one-at-a-time", policy="fcfs", jobs=TWO)
@cases.fails("order", policy="srtf", jobs="A 0 9; B 1 2")
@cases.not_seen("trait", policy="fcfs", jobs="A 0 2; B 1 3")
@cases.not_seen("order", policy="fcfs", jobs="A 0 3; C 1 2")
def first_come(b: Build) -> None:
    run(b, "A 0 120", "B 125 205", came={"B": 40})


@cases.not_seen("order", policy="fcfs", jobs="A 0 3")
@cases.not_seen("one-at-a-time", policy="fcfs", jobs="A 0 3")
@cases.not_seen("trait", policy="rr", jobs="A 0 3")
@cases.not_seen("trait", policy="priority", jobs="A 0 3")
@cases.not_seen("trait", policy="mlfq", jobs="A 0 3")
def single(b: Build) -> None:
    run(b, "A 0 120")


@cases.fails("order", policy="fcfs", jobs=TWO)
@cases.fails("averages", policy="fcfs", jobs="A 0 3; B 1 8")
@cases.not_seen("averages", policy="fcfs", jobs="A 0 3; B 1 8", scheduler="procfs")
@cases.fails("trait", policy="fcfs", jobs=TWO)
@cases.not_seen("trait", policy="fcfs", jobs=TWO, scheduler="procfs")
def overtaken(b: Build) -> None:
    run(b, "A 0 40", "B 40 120", "A 120 200", came={"B": 40})


@cases.not_seen("order", policy="fcfs", jobs=TWO)
@cases.not_seen("averages", policy="fcfs", jobs="A 0 3; B 1 8")
def crowded(b: Build) -> None:
    run(b, "A 0 40", "B 40 120", "A 120 200", came={"B": 40}, extra="ready 50 90")


@cases.fails("one-at-a-time", policy="fcfs", jobs=TWO)
@cases.not_seen("one-at-a-time", policy="fcfs", jobs=TWO, scheduler="procfs")
def at_once(b: Build) -> None:
    run(b, "A 0 120", "B 40 120")


@cases.holds("trait", policy="srtf", jobs="A 0 8; B 1 2")
@cases.holds("averages", policy="srtf", jobs="A 0 8; B 1 2")
@cases.fails("averages", policy="fcfs", jobs="A 0 8; B 1 2")
@cases.not_seen("trait", policy="srtf", jobs="A 0 2; B 1 8")
@cases.not_seen("trait", policy="srtf", jobs="A 0 8; B 1 2 1 1 1")
@cases.holds("trait", policy="mlfq", jobs="A 0 8; B 2 2", quantum=1)
@cases.not_seen("trait", policy="mlfq", jobs="A 0 8; B 1 2", quantum=2)
def short_one_first(b: Build) -> None:
    run(b, "A 0 81", "B 82 162", "A 162 401", came={"B": 81})


@cases.fails("trait", policy="srtf", jobs="A 0 8; B 1 2")
def short_one_waits(b: Build) -> None:
    run(b, "A 0 320", "B 320 400", came={"B": 35})


@cases.fails("trait", policy="mlfq", jobs="A 0 8; B 2 2")
def newcomer_waits(b: Build) -> None:
    run(b, "A 0 320", "B 320 400", came={"B": 80})


@cases.holds("trait", policy="rr", jobs="A 0 2; B 0 2; C 0 2")
def rounds(b: Build) -> None:
    names = ("A", "B", "C") * 2
    run(b, *(f"{name} {40 * n} {40 * n + 40}" for n, name in enumerate(names)))


@cases.fails("trait", policy="rr", jobs="A 0 2; B 0 4")
@cases.holds("trait", policy="rr", jobs="A 0 2; B 0 4", quantum=2)
def long_turn(b: Build) -> None:
    run(b, "A 0 40", "B 40 120", "A 120 160", "B 160 240", came={"B": 0})


@cases.holds("averages", policy="rr", jobs="A 0 2 1 1 3; B 0 1")
def computing_overlaps_with_io(b: Build) -> None:
    run(b, "A 0 40", "io A 40 160", "B 41 81", "A 161 201", came={"B": 0})


LOW = "low 0 3 2; A 1 3 1"


@cases.holds("trait", policy="priority", jobs=LOW)
@cases.fails("trait", policy="priority", jobs=LOW, aging=1)
@cases.not_seen("trait", policy="priority", jobs="low 0 3 9; A 1 3 8", aging=20)
def starved(b: Build) -> None:
    run(b, "low 0 40", "A 41 161", "low 161 241", came={"A": 41})


@cases.holds("trait", policy="priority", jobs=LOW, aging=1)
@cases.fails("trait", policy="priority", jobs=LOW)
def aged(b: Build) -> None:
    run(b, "low 0 40", "A 41 81", "low 81 121", "A 121 201", "low 201 241", came={"A": 41})


@cases.not_seen("trait", policy="priority", jobs="low 0 3 9; A 60 3 1")
def never_together(b: Build) -> None:
    run(b, "low 0 120", "A 200 320")


@cases.not_seen("averages", policy="fcfs", jobs=TWO)
def cut_short(b: Build) -> None:
    run(b, "A 0 120")
