"""Programs that drive generators by hand, unmodified, through the whole pipeline."""

from __future__ import annotations

import ast
import asyncio
from itertools import pairwise

import pytest

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import Track
from app.timeline.states import Cause, FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from tests.real.test_coroutine_libraries import cause, coroutines

pytestmark = pytest.mark.real


def run_program(text: str, python: str) -> Timeline:
    spec = RunSpec(run_id=new_id(), program=text, python=python)
    return asyncio.run(run(LocalLauncher(), spec)).timeline


def steps(timeline: Timeline, track: Track) -> list[tuple[int, int]]:
    return [(row.start_ns, row.end_ns) for row in timeline.of(track, State.RUNNING)]


ROUND_ROBIN = """
import time
from collections import deque

stamps = []

def compute(name, rounds):
    for number in range(rounds):
        before = time.monotonic_ns()
        sum(range(20_000))
        stamps.append((name, before, time.monotonic_ns()))
        yield  # turn
    if name == "fails":
        raise LookupError(name)
    return name

class Scheduler:
    def __init__(self):
        self.ready = deque()
    def spawn(self, coroutine):
        self.ready.append(coroutine)
    def run(self):
        while self.ready:
            coroutine = self.ready.popleft()
            try:
                coroutine.send(None)
            except StopIteration as stop:
                print(stop.value)
            except LookupError as error:
                print(repr(error))
            else:
                self.ready.append(coroutine)

scheduler = Scheduler()
for name, rounds in (("one", 2), ("two", 4), ("fails", 3)):
    scheduler.spawn(compute(name, rounds))
scheduler.run()
print(stamps)
"""


def test_round_robin_scheduler_shows_its_generators_one_at_a_time(python: str) -> None:
    timeline = run_program(ROUND_ROBIN, python)
    printed = timeline.text_of("stdout").splitlines()
    assert printed[:3] == ["one", "LookupError('fails')", "two"]
    tracks = coroutines(timeline)
    assert set(tracks) == {"compute", "compute #2", "compute #3"}
    assert {track.parent for track in tracks.values()} == {timeline.root().id}
    by_name = dict(zip(("one", "two", "fails"), sorted(tracks), strict=True))
    ends = {name: tracks[track].end for name, track in by_name.items()}
    assert {cause(tracks[by_name[name]]) for name in ("one", "two")} == {Cause.RETURNED}
    assert ends["fails"] is not None
    assert (ends["fails"].cause, ends["fails"].exception) == (Cause.RAISED, "LookupError")
    # Each span that the program measured lies in a running slice of that generator.
    start = timeline.run["start_monotonic_ns"]
    for name, before, after in ast.literal_eval(printed[-1]):
        assert any(
            since <= before - start and after - start <= until
            for since, until in steps(timeline, tracks[by_name[name]])
        ), name
    every = sorted(step for track in tracks.values() for step in steps(timeline, track))
    assert all(one[1] <= other[0] for one, other in pairwise(every))
    turn = ROUND_ROBIN[: ROUND_ROBIN.index("  # turn")].count("\n") + 1
    for track in tracks.values():
        waits = timeline.of(track, State.AWAITING)
        assert {(row.reason, row.line) for row in waits} == {(Reason.YIELD, turn)}
        assert len(waits) == len(timeline.of(track, State.RUNNING)) - 1
    assert timeline.dropped == 0
    others = {finding.kind for finding in timeline.findings.values()} - {"competed"}
    assert not others


CHAIN = """
def inner():
    yield 1
    yield 2
    return 3
def outer():
    result = yield from inner()
    yield result
def sink():
    while True:
        yield
def pipe(target):
    while True:
        value = yield
        target.send(value)
one = outer()
print(list(iter(lambda: next(one, None), None)))
last = sink()
next(last)
first = pipe(last)
next(first)
for value in range(3):
    first.send(value)
first.close()
for number in (number for number in range(3)):
    pass
print(sum(outer()))
"""


def test_generator_awaits_the_one_that_it_delegates_or_sends_to(python: str) -> None:
    timeline = run_program(CHAIN, python)
    assert timeline.text_of("stdout") == "[1, 2, 3]\n6\n"
    tracks = coroutines(timeline)
    assert set(tracks) == {"inner", "outer", "pipe", "sink"}
    for waiter, awaited in (("outer", "inner"), ("pipe", "sink")):
        rows = [row for row in timeline.of(tracks[waiter]) if row.reason is Reason.TASK]
        assert rows
        assert {row.holder for row in rows} == {tracks[awaited].id}
    assert cause(tracks["inner"]) is cause(tracks["outer"]) is Cause.RETURNED
    assert cause(tracks["pipe"]) is Cause.CANCELLED
    assert cause(tracks["sink"]) is Cause.WITH_PROCESS
    spawned = {
        flow.to_track: flow.from_track for flow in timeline.flows if flow.kind is FlowKind.SPAWN
    }
    assert spawned[tracks["outer"].id] == timeline.root().id
    assert timeline.dropped == 0


THREADS = """
import threading
def work(name):
    for _ in range(5):
        yield
def drive(coroutine, rounds):
    for _ in range(rounds):
        next(coroutine, None)
coroutines = [work(name) for name in "ab"]
threads = [
    threading.Thread(target=drive, args=(each, 4), name=f"driver-{number}")
    for number, each in enumerate(coroutines)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
last = threading.Thread(target=drive, args=(coroutines[0], 2), name="last")
last.start()
last.join()
print("done")
"""


def test_generators_lie_under_the_threads_that_drive_them(python: str) -> None:
    timeline = run_program(THREADS, python)
    assert timeline.text_of("stdout") == "done\n"
    threads = {track.id: track.name for track in timeline.of_kind(TrackKind.THREAD)}
    found = {threads[track.parent]: cause(track) for track in coroutines(timeline).values()}
    assert found == {"driver-1": Cause.WITH_PROCESS, "last": Cause.RETURNED}
    assert timeline.dropped == 0


CALCULATIONS = """
import contextlib
def count(n):
    for number in range(n):
        yield number
@contextlib.contextmanager
def managed():
    yield
for number in count(100):
    pass
rows = count(10)
next(rows)
with managed():
    print(sum(rows), list(count(3)), sum(number for number in count(5)))
"""


def test_generator_in_a_plain_loop_makes_no_track(python: str) -> None:
    timeline = run_program(CALCULATIONS, python)
    assert timeline.text_of("stdout") == "45 [0, 1, 2] 10\n"
    assert coroutines(timeline) == {}
