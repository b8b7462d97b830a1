"""Waits for several, for results of a pool, and for another's end: each names what it can."""

from __future__ import annotations

import pytest

from app.timeline.model import Slice
from app.timeline.states import Reason, State
from app.timeline.timeline import Timeline
from tests.real.test_mixed_cycles import circle, watched

pytestmark = pytest.mark.real


def waits_at(timeline: Timeline, program: str, mark: str) -> list[Slice]:
    """The waits of main at the line with this mark, in order, those for nothing left out."""
    line = next(
        number for number, text in enumerate(program.split("\n"), 1) if text.endswith("# " + mark)
    )
    tracks = [timeline.root(), *(t for t in timeline.tracks.values() if t.name.startswith("main"))]
    rows = [row for track in tracks for row in timeline.of(track, State.BLOCKED, State.AWAITING)]
    return sorted(
        (row for row in rows if row.line == line and row.reason is not Reason.POLL),
        key=lambda row: row.start_ns,
    )


def told(timeline: Timeline, program: str, mark: str) -> tuple[Reason, str, str]:
    """The longest of these waits: its reason, object and holder."""
    row = max(waits_at(timeline, program, mark), key=lambda row: row.end_ns - row.start_ns)
    thing = timeline.objects[row.object].name if row.object else ""
    return row.reason, thing, timeline.tracks[row.holder].name if row.holder else ""


THREADS = """
import concurrent.futures as futures, queue, threading, time
def slow(): time.sleep(0.1)
def slower(): time.sleep(0.2)
def work():
    items.get()
    slow()
    items.task_done()
items = queue.Queue()
worker = threading.Thread(target=work, name="worker")
worker.start()
items.put("one")
items.join()  # joins a queue
worker.join()
with futures.ThreadPoolExecutor(2, "pool") as pool:
    futures.wait([pool.submit(slow), pool.submit(slower)])  # waits for two
    futures.wait([pool.submit(slow)])  # waits for one
    for done in futures.as_completed([pool.submit(slow), pool.submit(slower)]):  # both in turn
        pass
    futures.wait([pool.submit(slow) for _ in range(7)])  # waits for many
sleeper = threading.Thread(target=slow, name="sleeper")
sleeper.start()
sleeper.join(0.05)  # joins in vain
sleeper.join()
"""


def test_threads_that_wait_for_results_name_them_and_who_computes_the_only_one(
    python: str,
) -> None:
    timeline = watched(THREADS, python)
    assert told(timeline, THREADS, "joins a queue") == (Reason.QUEUE, "items", "")
    assert told(timeline, THREADS, "waits for two") == (Reason.FUTURE, "slow, slower", "")
    reason, name, holder = told(timeline, THREADS, "waits for one")
    assert (reason, name.partition(" #")[0], holder[:5]) == (Reason.FUTURE, "slow", "pool_")
    names = [
        timeline.objects[row.object].name for row in waits_at(timeline, THREADS, "both in turn")
    ]
    assert "slow, slower" in names
    assert any(name.startswith("slower") for name in names), "one is left"
    assert told(timeline, THREADS, "waits for many")[1] == "slow, slow, slow +4"
    assert told(timeline, THREADS, "joins in vain") == (Reason.JOIN, "sleeper", "sleeper")


TASKS = """
import asyncio
async def nap(length): await asyncio.sleep(length)
def tasks(*names):
    return [asyncio.create_task(nap(0.05 * n), name=name) for n, name in enumerate(names, 1)]
async def main():
    await asyncio.gather(*tasks("a", "b", "c", "d", "e"))  # gathers
    await asyncio.wait(tasks("f", "g"))  # waits
    for each in asyncio.as_completed(tasks("h", "i")):
        await each  # each in turn
    if hasattr(asyncio, "TaskGroup"):
        async with asyncio.TaskGroup() as group:  # groups
            made = [group.create_task(nap(0.05 * n), name=name) for n, name in enumerate("jk", 1)]
    if hasattr(asyncio, "timeout"):
        async with asyncio.timeout(5):
            await tasks("l")[0]  # within a time
asyncio.run(main())
"""


def test_task_that_awaits_several_names_them(python: str) -> None:
    timeline = watched(TASKS, python)
    assert told(timeline, TASKS, "gathers") == (Reason.TASK, "a, b, c +2", "")
    assert told(timeline, TASKS, "waits") == (Reason.TASK, "f, g", "")
    assert {row.reason for row in waits_at(timeline, TASKS, "each in turn")} == {Reason.TASK}
    if timeline.named("j"):
        assert told(timeline, TASKS, "groups") == (Reason.TASK, "j, k", "")
        assert told(timeline, TASKS, "within a time") == (Reason.TASK, "", "l")


POOL = """
import concurrent.futures, multiprocessing
def slow(event): event.wait(0.1)
def wants(lock): return lock.acquire(timeout=PATIENCE)
def begin(lock_, event_):
    global lock, event
    lock, event = lock_, event_
def run(name):
    return wants(lock) if name == "wants" else event.wait(0.2)
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    shared = context.Lock(), context.Event()
    with concurrent.futures.ProcessPoolExecutor(1, context, begin, shared) as pool:
        pool.submit(run, "waits").result()  # waits for a process
        with shared[0]:
            pool.submit(run, "wants").result()  # waits in a circle
"""


def test_result_of_a_pool_of_processes_names_the_one_that_computes_it(python: str) -> None:
    timeline = watched(POOL, python)
    reason, name, holder = told(timeline, POOL, "waits for a process")
    assert (reason, name.partition(" #")[0]) == (Reason.FUTURE, "run")
    assert "Process-1" in holder
    assert circle(timeline) == [
        ("program.py", "run #2", holder),
        (holder, "shared[0]", "program.py"),
    ]
