"""Objects that several processes share, through the whole pipeline: one name each, true arrows."""

from __future__ import annotations

import asyncio

import pytest

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import Finding, ObjectRow
from app.timeline.states import ObjectKind, State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

pytestmark = pytest.mark.real

METHODS = ("fork", "spawn", "forkserver")


def watched(program: str, *arguments: str) -> Timeline:
    """One run of a program of no scenario, with nothing lost."""
    spec = RunSpec(run_id=new_id(), program=program, args=list(arguments))
    timeline = asyncio.run(run(LocalLauncher(), spec)).timeline
    assert timeline.state == "ended"
    assert timeline.dropped == 0
    return timeline


def things(timeline: Timeline, kind: ObjectKind) -> dict[str, ObjectRow]:
    return {thing.name: thing for thing in timeline.objects.values() if thing.kind is kind}


DEADLOCK = """
import multiprocessing, sys
def eat(first, second, barrier):
    with first:  # takes
        barrier.wait()
        with second:  # waits
            pass
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    left, right, spare = context.Lock(), context.Lock(), context.Lock()
    barrier = context.Barrier(2)
    pairs = [("Anna", left, right), ("Ben", right, left)]
    eaters = [
        context.Process(target=eat, args=(one, two, barrier), name=name)
        for name, one, two in pairs
    ]
    for eater in eaters: eater.start()
    with spare:
        eaters[0].join(1.5)
    for eater in eaters: eater.terminate()
    for eater in eaters: eater.join()
"""


@pytest.mark.parametrize("method", METHODS)
def test_deadlock_of_two_processes_is_found_and_drawn(method: str) -> None:
    timeline = watched(DEADLOCK, method)
    locks = things(timeline, ObjectKind.LOCK)
    assert set(locks) == {"left", "right", "spare"}
    (anna,), (ben,) = timeline.named("Anna"), timeline.named("Ben")
    (found,) = [item for item in timeline.findings.values() if item.kind == "deadlock"]
    assert isinstance(found, Finding)
    waits = {wait.track: wait for wait in found.cycle}
    assert set(waits) == {anna.id, ben.id}
    lines = DEADLOCK.split("\n")
    takes, waits_at = (
        next(number for number, line in enumerate(lines, 1) if line.endswith("# " + mark))
        for mark in ("takes", "waits")
    )
    for mine, other, thing in ((anna, ben, "right"), (ben, anna, "left")):
        wait = waits[mine.id]
        assert (wait.object, wait.holder) == (locks[thing].id, other.id)
        assert (wait.line, wait.held_line) == (waits_at, takes)
        blocked = [
            row
            for row in timeline.of(mine, State.BLOCKED)
            if row.object == locks[thing].id and row.holder == other.id
        ]
        assert blocked and blocked[-1].end_ns - blocked[-1].start_ns > 100_000_000
    names = {track.name for track in timeline.of_kind(TrackKind.PROCESS)}
    assert names == {
        "program.py",
        "Anna",
        "Ben",
        *{"fork": (), "spawn": ("resource tracker",)}.get(
            method, ("forkserver", "resource tracker")
        ),
    }


HELD = """
import multiprocessing, sys
from multiprocessing.connection import wait
def waits(thing, ready):
    ready.set()
    with thing: pass
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    lock, rlock, semaphore = context.Lock(), context.RLock(), context.Semaphore(1)
    bounded, condition = context.BoundedSemaphore(1), context.Condition()
    things = {"lock": lock, "rlock": rlock, "semaphore": semaphore, "bounded": bounded,
              "condition": condition}
    two = context.Semaphore(2)
    two.acquire()
    for name, thing in things.items():
        ready = context.Event()
        with thing:
            child = context.Process(target=waits, args=(thing, ready), name=name)
            child.start()
            ready.wait()
            wait([child.sentinel], 0.2)
        child.join()
"""


@pytest.mark.parametrize("method", METHODS)
def test_child_that_waits_for_what_its_parent_holds_names_the_parent(method: str) -> None:
    timeline = watched(HELD, method)
    names = {thing.id: thing.name for thing in timeline.objects.values()}
    for name in ("lock", "rlock", "semaphore", "bounded", "condition"):
        (child,) = timeline.named(name)
        held = [
            row for row in timeline.of(child, State.BLOCKED) if row.holder == timeline.root().id
        ]
        length = sum(row.end_ns - row.start_ns for row in held if row.object)
        assert length > 50_000_000, (name, held)
        if name != "condition":
            assert name in {names[row.object] for row in held}
