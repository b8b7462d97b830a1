from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("generators")

cases.alone("worker 1 is done\nworker 2 is done\nworker 3 is done\n$")
cases.alone("worker 4 is done\n$", workers=4, delegate=True, ms=1)
cases.variant("at-yield", delegate=True, steps=3)


def circle(
    b: Build,
    order: str = "12" * 6,
    *,
    main_rows: str = "running 0 70",
    overlap: float = 0,
    reason: str = "yield",
    lines: tuple[int, int] = (35, 35),
    steps: bool = False,
    done: int = 2,
    done_at: float = 76,
    cause: Cause = Cause.RETURNED,
) -> None:
    """Turns of 5 ms in this order, from 1 ms on."""
    main = b.process("program.py", 0, 80)
    b.rows(main, main_rows)
    inner = b.task("step", 0, 75, parent=main) if steps else 0
    tracks = [b.task(name, 0, 75, parent=main, cause=cause) for name in ("work", "work #2")]
    for track, number, line in zip(tracks, "12", lines, strict=True):
        for place, who in enumerate(order):
            start = 1 + 5 * place
            if who == number:
                b.rows(track, f"running {start} {start + 5 + overlap}")
            elif not overlap:
                b.rows(track, f"awaiting:{reason} {start} {start + 5}", holder=inner)
        found = b.timeline.slices[track]
        found[:] = [row._replace(line=line) for row in found]
    for count in range(done):
        b.say(main, done_at, f"worker {count} is done")


@cases.holds("one-at-a-time")
@cases.holds("at-yield")
@cases.holds("in-turn")
@cases.holds("end")
@cases.holds("user-space")
@cases.not_seen("user-space", scheduler="procfs")
def round_robin(b: Build) -> None:
    circle(b)


@cases.fails("one-at-a-time")
@cases.not_seen("at-yield")
def at_once(b: Build) -> None:
    circle(b, overlap=1)


@cases.fails("at-yield")
def elsewhere(b: Build) -> None:
    circle(b, reason="sleep")


@cases.fails("at-yield")
def at_two_lines(b: Build) -> None:
    circle(b, lines=(35, 60))


@cases.holds("at-yield", delegate=True)
def in_the_inner_one(b: Build) -> None:
    circle(b, reason="task", steps=True)


@cases.fails("at-yield", delegate=True)
def in_nobody(b: Build) -> None:
    circle(b, reason="task")
    b.task("step", 0, 75, parent=1)


@cases.fails("in-turn")
def one_twice_in_a_row(b: Build) -> None:
    circle(b, "121221121212")


@cases.not_seen("in-turn")
@cases.not_seen("user-space")
def few_turns(b: Build) -> None:
    circle(b, "12")


@cases.fails("end")
def value_lost(b: Build) -> None:
    circle(b, done=1)


@cases.fails("end")
def value_too_early(b: Build) -> None:
    circle(b, done_at=70)


@cases.not_seen("end")
def none_returns(b: Build) -> None:
    circle(b, cause=Cause.RAISED)


@cases.fails("user-space")
def thread_blocks_at_each(b: Build) -> None:
    rows = ", ".join(f"running {ms} {ms + 2}, blocked:sleep {ms + 2} {ms + 5}"
                     for ms in range(0, 60, 5))  # fmt: skip
    circle(b, main_rows=rows)


@cases.not_seen("one-at-a-time")
def none_ran(b: Build) -> None:
    main = b.process("program.py", 0, 80)
    for name in ("work", "work #2"):
        b.task(name, 0, 75, parent=main)
