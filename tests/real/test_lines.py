"""The lines of a whole run: what is told of each track lies in what that track executes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline
from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

THREADS = """
import os, threading, time
def one():
    end = time.thread_time() + 0.4
    while time.thread_time() < end:
        pass
def other():
    end = time.thread_time() + 0.4
    while time.thread_time() < end:
        for n in range(50): n * n
def child():
    end = time.thread_time() + 0.4
    while time.thread_time() < end: pass
threads = [threading.Thread(target=f, name=f.__name__) for f in (one, other)]
for thread in threads: thread.start()
if not os.fork(): child(); os._exit(0)
for thread in threads: thread.join()
os.wait()
"""
TASKS = """
import asyncio, time
def compute(ms):
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end: pass
async def first():
    for _ in range(4):
        compute(150)
        await asyncio.sleep(0)
async def second():
    for _ in range(4):
        compute(150)
        await asyncio.sleep(0)
async def main():
    await asyncio.gather(first(), second())
asyncio.run(main())
"""


def run(program: str, python: str, witness: str) -> Timeline:
    with Driver(spec(program, python=python, witness=witness)) as driver:
        return driver.end()


def seen(timeline: Timeline, track: Track) -> set[int]:
    """The lines at which it was seen: while it ran, or for as long as it was off its CPU."""
    stood = {row.line for row in timeline.of(track, State.READY, State.GIL)} - {0}
    return stood | {item.line for item in timeline.seen.get(track.id, ())}


@pytest.mark.parametrize("witness", ["auto", "procfs"])
def test_lines_of_threads_and_of_a_forked_process(python: str, witness: str) -> None:
    timeline = run(THREADS, python, witness)
    assert "running threads can't be read" not in timeline.run["witnesses"]["why"]
    (one,), (other,) = timeline.named("one"), timeline.named("other")
    root, child = timeline.of_kind(TrackKind.PROCESS)
    # A new thread is in the interpreter's own code, called from nowhere in the program.
    assert seen(timeline, one) and seen(timeline, one) <= {3, 4, 5, 6}
    assert seen(timeline, other) and seen(timeline, other) <= {7, 8, 9, 10}
    assert seen(timeline, child) and seen(timeline, child) <= {11, 12, 13, 16}
    assert child.parent == root.id
    for track_id, looks in timeline.seen.items():
        track = timeline.tracks[track_id]
        times = [look.ns for look in looks]
        assert times == sorted(times)
        assert track.start_ns <= times[0] and times[-1] <= max(track.end_ns, 0)


def test_slices_off_the_cpu_are_at_the_line_and_the_next_goes_on_there(python: str) -> None:
    timeline = run(THREADS, python, "auto")
    (other,) = timeline.named("other")
    rows = timeline.of(other)
    lined = [row for row in rows if row.line]
    assert {row.line for row in lined} <= {7, 8, 9, 10}
    assert {row.state for row in lined} & {State.GIL, State.READY}
    for before, after in pairwise(rows):
        if before.line and before.state is State.READY and after.state is State.RUNNING:
            assert after.line == before.line


def test_lines_of_coroutines_are_those_of_their_steps(python: str) -> None:
    timeline = run(TASKS, python, "auto")
    tasks = {track.name.split()[0]: track for track in timeline.of_kind(TrackKind.COROUTINE)}
    for name, own in (("first", {6, 7, 8, 9}), ("second", {10, 11, 12, 13})):
        assert seen(timeline, tasks[name]) & {5}
        assert seen(timeline, tasks[name]) <= {3, 4, 5, *own}
        running = timeline.of(tasks[name], State.RUNNING)
        assert len(running) >= 4
        assert {row.line for row in running[1:]} == {max(own)}
