"""The GIL in real runs: what is told of it happened, by our own and by another's measure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.timeline.model import Slice, Track
from app.timeline.states import Evidence, ObjectKind, Reason, State
from app.timeline.timeline import Timeline
from benchmarks.gil_truth.agreement import together
from benchmarks.gil_truth.judge import missing
from benchmarks.gil_truth.measure import measure
from benchmarks.truth.calls import CALLS
from tests.conftest import NEWER, interpreter
from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

COMPUTING = """
import threading
def work():
    total = 0
    for number in range(3_000_000):
        total += number % 7
threads = [threading.Thread(target=work, name=name) for name in ("one", "two")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def ran(timeline: Timeline, track: Track) -> list[Slice]:
    """Where the thread was on a CPU or kept from one."""
    return [row for row in timeline.of(track) if row.state in (State.RUNNING, State.READY)]


def overlap(row: Slice, others: list[Slice]) -> int:
    return sum(
        max(0, min(row.end_ns, other.end_ns) - max(row.start_ns, other.start_ns))
        for other in others
    )


def test_computing_threads_wait_for_the_one_that_runs() -> None:
    with Driver(spec(COMPUTING)) as worker:
        timeline = worker.end()
    if timeline.run["witnesses"]["scheduler"] == "procfs":
        pytest.skip("no witness sees every context switch here")
    (gil,) = (thing for thing in timeline.objects.values() if thing.kind is ObjectKind.GIL)
    computing = [track for track in timeline.tracks.values() if track.name in ("one", "two")]
    rows = {track.id: ran(timeline, track) for track in timeline.tracks.values()}
    waited = beside = 0
    for track in computing:
        stats = timeline.stats[track.id]
        life = track.end_ns - track.start_ns
        # Each moment of its life it ran, was kept from a CPU, or waited for the GIL.
        assert stats.running_ns + stats.ready_ns + stats.gil_ns > 0.9 * life
        assert stats.gil_held_ns + stats.gil_wanted_ns > 0.8 * life
        for row in timeline.of(track):
            if row.state is State.GIL and row.holder:
                assert (row.object, row.holder != track.id) == (gil.id, True)
                assert row.evidence in (Evidence.KERNEL, Evidence.INFERRED)
                waited += row.end_ns - row.start_ns
                beside += overlap(row, rows[row.holder])
    assert waited > 0
    assert beside > 0.9 * waited, "holders that did not run meanwhile"


def test_gil_agrees_with_uprobes_of_the_interpreter(tmp_path: Path) -> None:
    if lacks := missing():
        pytest.skip(lacks)
    _, by_track = measure(COMPUTING, sys.executable, "tracepoints", tmp_path)
    whole = together(list(by_track.values()))
    assert whole.told_ns > 0.5 * whole.judged_ns
    assert whole.share > 0.95, by_track


@pytest.mark.parametrize("name", CALLS)
def test_who_waits_in_a_call_is_not_shown_to_wait_for_the_gil(name: str, tmp_path: Path) -> None:
    if lacks := missing():
        pytest.skip(lacks)
    timeline, by_track = measure(CALLS[name], sys.executable, "tracepoints", tmp_path)
    assert timeline["run"]["state"] == "ended"
    whole = together(list(by_track.values()))
    assert whole.judged_ns > 20_000_000
    assert whole.untrue_ns < 0.05 * whole.judged_ns, by_track


def test_who_finds_the_lock_of_a_queue_taken_waits_for_the_queue() -> None:
    program = """
import queue, threading
items = queue.Queue()
held = threading.Event()
def puts():
    held.set()
    items.put("x")
thread = threading.Thread(target=puts, name="puts")
with items.mutex:
    thread.start()
    held.wait()
    while True:
        with open(f"/proc/self/task/{thread.native_id}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] == "S":
                break
thread.join()
"""
    with Driver(spec(program)) as worker:
        timeline = worker.end()
    (track,) = timeline.named("puts")
    waits = [row for row in timeline.of(track, State.BLOCKED) if row.reason is Reason.QUEUE]
    assert waits and {timeline.objects[row.object].name for row in waits} == {"items"}


SUBINTERPRETERS = """
import threading, time
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
CODE = '''
import sys, threading
print("probe" if any("timeslice" in name for name in sys.modules) else "no probe")
total = 0
for number in range(1_500_000):
    total += number % 7
with threading.Lock(): pass
'''
def work():
    interpreters.run_string(interpreters.create(), CODE)
threads = [threading.Thread(target=work, name=name) for name in ("one", "two")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize(
    "version",
    ["3.12", "3.13", *(pytest.param(name, marks=pytest.mark.interpreters) for name in NEWER)],
)
def test_threads_in_interpreters_of_their_own_neither_hold_nor_want_this_ones_gil(
    version: str,
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no python{version} on this machine")
    with Driver(spec(SUBINTERPRETERS, python=python)) as worker:
        timeline = worker.end()
        assert worker.complaints() == ""
    assert timeline.text_of("stdout").split("\n")[:2] == ["no probe"] * 2
    tracks = [track for track in timeline.tracks.values() if track.name in ("one", "two")]
    assert len(tracks) == 2
    for track in tracks:
        stats = timeline.stats[track.id]
        inside = stats.running_ns + stats.ready_ns
        assert stats.gil_held_ns + stats.gil_wanted_ns < 0.3 * inside, stats
