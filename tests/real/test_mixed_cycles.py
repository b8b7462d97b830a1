"""Cycles that go through threads and coroutines, and whose waits they are, on every CPython."""

from __future__ import annotations

import asyncio

import pytest

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import NOTHING, Finding
from app.timeline.states import Reason, State
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

pytestmark = pytest.mark.real

#: Long enough for a cycle to be told, and to be seen to end before the run does.
PATIENCE = 0.6


def watched(program: str, python: str) -> Timeline:
    text = program.replace("PATIENCE", str(PATIENCE))
    spec = RunSpec(run_id=new_id(), program=text, python=python)
    timeline = asyncio.run(run(LocalLauncher(), spec)).timeline
    assert timeline.state == "ended" and timeline.dropped == 0
    return timeline


def deadlocks(timeline: Timeline) -> list[Finding]:
    return [item for item in timeline.findings.values() if item.kind == "deadlock"]


def circle(timeline: Timeline) -> list[tuple[str, str, str]]:
    """The one cycle: who waits for what of whom, from the first track on; it ended in time."""
    (found,) = deadlocks(timeline)
    assert found.start_ns < found.end_ns < timeline.now_ns
    names = {thing.id: thing.name for thing in timeline.objects.values()}

    def plain(track: int) -> str:
        return timeline.tracks[track].name.partition(" (")[0]

    return [
        (plain(wait.track), names.get(wait.object, ""), plain(wait.holder)) for wait in found.cycle
    ]


def test_task_that_holds_a_lock_over_an_await_and_the_thread_that_wants_it(python: str) -> None:
    """The loop's own thread stays free to do other things."""
    timeline = watched(
        """
import asyncio, threading
lock = threading.Lock()
def wants():
    with lock:  # waits
        pass
async def hold():
    with lock:  # takes
        await asyncio.get_running_loop().run_in_executor(None, wants)
async def main():
    task = asyncio.create_task(hold())
    await asyncio.wait({task}, timeout=PATIENCE)
    task.cancel()
asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [("hold", "wants", "asyncio_0"), ("asyncio_0", "lock", "hold")]
    (found,) = deadlocks(timeline)
    assert [(wait.line, wait.held_line) for wait in found.cycle] == [(9, 0), (5, 8)]
    (worker,) = timeline.named("asyncio_0")
    waits = [row for row in timeline.of(worker, State.BLOCKED) if row.reason is Reason.LOCK]
    wait = max(waits, key=lambda row: row.end_ns - row.start_ns)
    assert timeline.tracks[wait.holder].name.startswith("hold")


def test_thread_that_waits_for_a_task_which_wants_its_lock(python: str) -> None:
    timeline = watched(
        """
import asyncio, threading
lock = threading.Lock()
async def needs():
    with lock:
        pass
def work(loop):
    with lock:
        future = asyncio.run_coroutine_threadsafe(needs(), loop)
        try:
            future.result(PATIENCE)
        except Exception:
            pass
async def main():
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, work, loop)
asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [
        ("program.py", "lock", "asyncio_0"),
        ("asyncio_0", "needs", "needs"),
        ("needs", "", "program.py"),
    ]


def test_call_that_blocks_the_loop_for_a_thread_which_waits_for_the_loop(python: str) -> None:
    timeline = watched(
        """
import asyncio, concurrent.futures
async def answer():
    return 42
def work(loop):
    try:
        asyncio.run_coroutine_threadsafe(answer(), loop).result(PATIENCE)
    except concurrent.futures.TimeoutError:
        pass
async def main():
    with concurrent.futures.ThreadPoolExecutor(1, "pool") as pool:
        pool.submit(work, asyncio.get_running_loop()).result()
asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [
        ("program.py", "work", "pool_0"),
        ("pool_0", "answer", "program.py"),
    ]


def test_lock_that_was_taken_before_the_loop_began(python: str) -> None:
    timeline = watched(
        """
import asyncio, threading
lock = threading.Lock()
def wants():
    lock.acquire(timeout=PATIENCE)
async def main():
    await asyncio.get_running_loop().run_in_executor(None, wants)
with lock:
    asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [
        ("program.py", "", "main"),
        ("main", "wants", "asyncio_0"),
        ("asyncio_0", "lock", "program.py"),
    ]


def test_lock_of_a_suspended_task_that_blocks_its_own_loop(python: str) -> None:
    """Whatever the task awaits comes; its thread never does."""
    timeline = watched(
        """
import asyncio, threading
lock = threading.Lock()
async def first():
    with lock:
        await asyncio.sleep(0.01)
async def second():
    await asyncio.sleep(0)
    lock.acquire(timeout=PATIENCE)
async def main():
    await asyncio.gather(first(), second())
asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [("program.py", "lock", "first"), ("first", "", "program.py")]


def test_loop_that_waits_for_itself(python: str) -> None:
    timeline = watched(
        """
import asyncio, concurrent.futures
async def answer():
    return 42
async def main():
    loop = asyncio.get_running_loop()
    try:
        asyncio.run_coroutine_threadsafe(answer(), loop).result(PATIENCE)
    except concurrent.futures.TimeoutError:
        pass
asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [("program.py", "answer", "program.py")]


def test_waits_that_only_look_like_a_circle_are_none(python: str) -> None:
    """The loop is busy while a thread waits for it; a task is ready while its loop sleeps; a
    thread holds a lock that a task waits for, and waits for that task no longer."""
    timeline = watched(
        """
import asyncio, concurrent.futures, threading, time
lock = threading.Lock()
async def answer():
    await asyncio.sleep(0)
async def wants():
    await asyncio.get_running_loop().run_in_executor(None, lock.acquire, True, 5)
def work(loop):
    with lock:
        future = asyncio.run_coroutine_threadsafe(wants(), loop)
        try:
            future.result(0.02)
        except concurrent.futures.TimeoutError:
            pass
        asyncio.run_coroutine_threadsafe(answer(), loop).result()
        time.sleep(0.2)
async def main():
    loop = asyncio.get_running_loop()
    working = loop.run_in_executor(None, work, loop)
    others = [asyncio.create_task(answer()) for _ in range(3)]
    time.sleep(0.25)
    await asyncio.gather(*others)
    await working
asyncio.run(main())
""",
        python,
    )
    assert not deadlocks(timeline)


def test_loop_that_is_only_busy_is_no_part_of_a_circle(python: str) -> None:
    """Main awaits a thread, which waits for a coroutine that its loop has not come to begin; and
    a callback took a lock that another callback gives back."""
    timeline = watched(
        """
import asyncio, threading, time
lock = threading.Lock()
async def answer():
    pass
async def busy():
    time.sleep(0.4)
def work(loop):
    asyncio.run_coroutine_threadsafe(answer(), loop).result()
    loop.call_soon_threadsafe(lock.acquire)
    loop.call_soon_threadsafe(loop.call_later, 0.4, lock.release)
    while not lock.locked():
        time.sleep(0.001)
    with lock:
        pass
async def main():
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(busy())
    await loop.run_in_executor(None, work, loop)
    await task
asyncio.run(main())
""",
        python,
    )
    assert not deadlocks(timeline)
    (worker,) = timeline.named("asyncio_0")
    for reason in (Reason.FUTURE, Reason.LOCK):
        rows = [row for row in timeline.of(worker, State.BLOCKED) if row.reason is reason]
        assert sum(row.end_ns - row.start_ns for row in rows) > 200_000_000, reason


def test_task_that_awaits_a_thread_names_it_and_gets_its_arrow(python: str) -> None:
    timeline = watched(
        """
import asyncio, time
def slow():
    time.sleep(0.05)
async def main():
    await asyncio.get_running_loop().run_in_executor(None, slow)
asyncio.run(main())
""",
        python,
    )
    main = next(track for track in timeline.tracks.values() if track.name.startswith("main"))
    (worker,) = timeline.named("asyncio_0")
    wait = max(timeline.of(main, State.AWAITING), key=lambda row: row.end_ns - row.start_ns)
    assert (wait.reason, wait.holder) == (Reason.FUTURE, worker.id)
    assert timeline.objects[wait.object].name == "slow"
    (flow,) = [
        flow for flow in timeline.flows if (flow.from_track, flow.to_track) == (worker.id, main.id)
    ]
    assert wait.start_ns < flow.from_ns <= flow.to_ns <= wait.end_ns
    assert flow.object == wait.object != NOTHING
