from __future__ import annotations

from app.timeline.states import FlowKind
from tests.catalogue.build import Build, Cases

cases = Cases("start-thread")

cases.alone("alive: MainThread, worker-2, worker-3; active_count: 3", seconds=0.1)
cases.alone("alive: MainThread, worker-2; active_count: 2", style="subclass", threads=2)
cases.variant("ids", style="subclass", threads=2)


def two(
    b: Build,
    *,
    second: float = 20,
    runs: float = 11,
    listed: str = "worker-1, worker-2",
    at: float = 40,
    count: int = 3,
) -> None:
    """Threads from 10 and ``second`` ms on; the first one ``runs`` at some time."""
    main = b.process("program.py", 0, 200, pid=1000)
    one = b.thread("worker-1", 10, 100, parent=main, pid=1000)
    other = b.thread("worker-2", second, 160, parent=main, pid=1000)
    b.rows(one, f"new 10 {runs}, running {runs} {runs + 1}, blocked:sleep {runs + 1} 100")
    b.rows(other, f"running {second} {second + 1}, blocked:sleep {second + 1} 160")
    b.flow(FlowKind.SPAWN, main, 9, one, 10)
    b.flow(FlowKind.SPAWN, main, second - 1, other, second)
    b.say(main, 5, "alive: MainThread; active_count: 1")
    b.say(main, at, f"alive: MainThread, {listed}; active_count: {count}")
    for track in (one, other):
        tid = b.timeline.tracks[track].tid
        name = b.timeline.tracks[track].name
        b.say(track, 30, f"{name}: pid 1000, native id {tid}")


@cases.holds("enumerate")
@cases.holds("ids")
@cases.holds("begun")
@cases.holds("at-once")
def both_are_seen(b: Build) -> None:
    two(b)


@cases.fails("enumerate")
def one_is_missing(b: Build) -> None:
    two(b, listed="worker-1", count=2)


@cases.fails("enumerate")
def one_too_many_is_counted(b: Build) -> None:
    two(b, count=4)


@cases.holds("enumerate")
def ended_when_its_joiner_was_told(b: Build) -> None:
    two(b, listed="worker-2", count=2, at=90)
    main, one, *_ = b.timeline.tracks
    b.flow(FlowKind.JOIN, one, 60, main, 61)


@cases.not_seen("enumerate")
@cases.not_seen("begun")
@cases.not_seen("ids")
@cases.not_seen("at-once")
def nothing_is_told(b: Build) -> None:
    b.thread("worker-1", 10, 100, parent=b.process("program.py", 0, 200))


@cases.fails("ids")
def tells_another_id(b: Build) -> None:
    two(b)
    for item in list(b.timeline.output):
        if "native id" in item.text:
            b.timeline.output.remove(item)
    one = b.timeline.named("worker-1")[0]
    b.say(one.id, 30, f"worker-1: pid 1000, native id {one.tid + 7}")


@cases.fails("begun")
@cases.not_seen("begun", scheduler="procfs")
def first_runs_after_the_second_is_started(b: Build) -> None:
    two(b, runs=30)


@cases.fails("at-once")
def one_after_the_other(b: Build) -> None:
    two(b, second=110)
