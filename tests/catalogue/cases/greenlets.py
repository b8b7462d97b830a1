from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("greenlets")

cases.alone("worker 1 is done\nworker 2 is done\nworker 3 is done\n$")
cases.variant("user-space", greenlets=5, turns=40, ms=0)


def circle(
    b: Build,
    order: str = "12" * 6,
    *,
    main_rows: str = "running 0 70",
    overlap: float = 0,
    line: int = 34,
    other_line: int = 34,
) -> None:
    """Turns of 5 ms in this order, from 1 ms on."""
    main = b.process("program.py", 0, 80)
    b.rows(main, main_rows)
    tracks = [b.task(name, 0, 75, parent=main) for name in ("work", "work #2")]
    for track, number in zip(tracks, "12", strict=True):
        rows = []
        for place, who in enumerate(order):
            start = 1 + 5 * place
            if who == number:
                rows.append(f"running {start} {start + 5 + overlap}")
            elif not overlap:
                rows.append(f"awaiting {start} {start + 5}")
        b.rows(track, ", ".join(rows))
        found = b.timeline.slices[track]
        found[:] = [row._replace(line=line if track == tracks[0] else other_line) for row in found]


@cases.holds("one-at-a-time")
@cases.holds("in-turn")
@cases.fails("in-turn", turns=2)
@cases.holds("user-space")
@cases.not_seen("user-space", scheduler="procfs")
@cases.holds("same-frame")
def round_robin(b: Build) -> None:
    circle(b)


@cases.fails("one-at-a-time")
@cases.not_seen("same-frame")
def at_once(b: Build) -> None:
    circle(b, overlap=1)


@cases.fails("in-turn")
def one_twice_in_a_row(b: Build) -> None:
    circle(b, "121221121212")


@cases.not_seen("in-turn")
@cases.not_seen("user-space")
def few_turns(b: Build) -> None:
    circle(b, "12")


@cases.fails("user-space")
def thread_blocks_at_each(b: Build) -> None:
    rows = ", ".join(f"running {ms} {ms + 2}, blocked:sleep {ms + 2} {ms + 5}"
                     for ms in range(0, 60, 5))  # fmt: skip
    circle(b, main_rows=rows)


@cases.fails("same-frame")
def at_other_lines(b: Build) -> None:
    circle(b, other_line=99)


@cases.not_seen("same-frame")
def at_no_known_line(b: Build) -> None:
    circle(b, line=0, other_line=0)


@cases.not_seen("one-at-a-time")
def none_ran(b: Build) -> None:
    main = b.process("program.py", 0, 80)
    for name in ("work", "work #2"):
        b.task(name, 0, 75, parent=main)
