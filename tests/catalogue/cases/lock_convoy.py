from __future__ import annotations

from app.timeline.states import FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("lock-convoy")

cases.alone("^32 entries by 4 threads")
cases.alone("^16 entries by 4 threads", keep="the-list", entries=4)
cases.variant("line", keep="the-list")


def writers(b: Build, *rows: str) -> list[int]:
    main = b.process("program.py", 0, 400)
    found = []
    for number, text in enumerate(rows, 1):
        track = b.thread(f"writer-{number}", 0, 390, parent=main)
        b.rows(track, text)
        found.append(track)
    return found


def convoy(b: Build, *, handed: int) -> None:
    """Four in line, 90 ms of writing each; the lock is handed on so often."""
    main = b.process("program.py", 0, 400)
    lock = b.thing("lock")
    found = [b.thread(f"writer-{n}", 0, 390, parent=main) for n in (1, 2, 3, 4)]
    for n, track in enumerate(found):
        if n:
            b.rows(track, f"blocked:lock 0 {90 * n}", thing=lock, holder=found[n - 1])
        b.rows(track, f"blocked:sleep {90 * n} {90 * n + 90}")
    for n in range(handed):
        b.flow(FlowKind.RELEASE, found[n], 90 * n + 90, found[n + 1], 90 * n + 91)


@cases.holds("line")
@cases.fails("line", keep="the-list")
@cases.not_seen("line", keep="the-list", scheduler="procfs")
@cases.holds("one-by-one")
@cases.fails("one-by-one", keep="the-list")
@cases.holds("waiting", threads=3)
@cases.not_seen("waiting", threads=2)
@cases.fails("waiting", keep="the-list")
@cases.holds("handed-on", threads=4, entries=1)
@cases.fails("handed-on", threads=4, entries=8)
@cases.not_seen("handed-on", keep="the-list")
def in_line(b: Build) -> None:
    convoy(b, handed=3)


TOGETHER = "running 0 3, blocked:sleep 3 93, running 93 96"


@cases.fails("line")
@cases.holds("line", keep="the-list")
@cases.fails("one-by-one")
@cases.not_seen("one-by-one", scheduler="procfs")
@cases.holds("one-by-one", keep="the-list")
@cases.fails("waiting")
@cases.holds("waiting", keep="the-list")
@cases.fails("handed-on")
def side_by_side(b: Build) -> None:
    writers(b, TOGETHER, TOGETHER, TOGETHER)


@cases.not_seen("line")
@cases.not_seen("one-by-one")
@cases.not_seen("waiting")
def nothing_written(b: Build) -> None:
    writers(b, "running 0 3", "running 0 3", "running 0 3")
