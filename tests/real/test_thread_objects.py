"""threading's and multiprocessing's events and barriers are waited for as what they are."""

from __future__ import annotations

import pytest

from app.timeline.states import Reason, State
from tests.real.test_asyncio_objects import told
from tests.real.test_mixed_cycles import watched

pytestmark = pytest.mark.real

#: What stands inside an event, a barrier and a semaphore.
INNER = frozenset({Reason.LOCK, Reason.RLOCK, Reason.CONDITION})

THREADS = """
import threading, time
event, barrier = threading.Event(), threading.Barrier(2, action=lambda: time.sleep(0.1))
semaphore = threading.Semaphore(0)
reached = threading.Barrier(4)
def waits():
    reached.wait()
    event.wait()
def comes():
    reached.wait()
    barrier.wait()
def late():
    reached.wait()
    time.sleep(0.15)
    barrier.wait(0.05)
def acquires():
    semaphore.acquire()
threads = [threading.Thread(target=target, name=target.__name__)
           for target in (waits, comes, late, acquires)]
for thread in threads: thread.start()
reached.wait()
time.sleep(0.1)
barrier.wait()
event.set()
semaphore.release()
try:
    for thread in threads: thread.join()
except threading.BrokenBarrierError:
    pass
"""


def test_inner_locks_and_conditions_of_threading_are_not_told(python: str) -> None:
    timeline = watched(THREADS, python)
    assert told(timeline, "waits", State.BLOCKED) == (Reason.EVENT, "event", "")
    assert told(timeline, "comes", State.BLOCKED) == (Reason.BARRIER, "barrier", "")
    assert told(timeline, "acquires", State.BLOCKED) == (Reason.SEMAPHORE, "semaphore", "")
    (late,) = timeline.named("late")
    names = {timeline.objects[row.object].name for row in timeline.of(late) if row.object}
    assert "barrier" in names, "who comes while the action runs waits for the barrier"
    levels = {timeline.objects[thing].name: told for thing, told in timeline.levels.items()}
    assert (levels["barrier"][0].value, levels["barrier"][0].most) == (1, 2)
    assert (levels["reached"][-1].value, levels["reached"][-1].most) == (0, 4)
    assert {level.value for level in levels["semaphore"]} <= {0, 1}
    assert not {row.reason for row in timeline.rows()} & INNER


PROCESSES = """
import multiprocessing, time
def waits(event): event.wait()
def comes(barrier): barrier.wait()
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    event, barrier = context.Event(), context.Barrier(2)
    children = [context.Process(target=waits, args=(event,), name="waits"),
                context.Process(target=comes, args=(barrier,), name="comes")]
    for child in children: child.start()
    time.sleep(0.2)
    event.set()
    barrier.wait()
    for child in children: child.join()
"""


def test_inner_locks_of_multiprocessing_are_not_told(python: str) -> None:
    timeline = watched(PROCESSES, python)
    assert told(timeline, "waits", State.BLOCKED) == (Reason.EVENT, "event", "")
    assert told(timeline, "comes", State.BLOCKED) == (Reason.BARRIER, "barrier", "")
    assert not {row.reason for row in timeline.rows()} & INNER
    (levels,) = [told for thing, told in timeline.levels.items()
                 if timeline.objects[thing].name == "barrier"]  # fmt: skip
    assert (1, 2) in {(level.value, level.most) for level in levels}


LEFT = """
import threading, time
for n in range({}):
    threading.Thread(target=time.sleep, args=(0.2 + n / 10,), name="left-" + str(n)).start()
"""


@pytest.mark.parametrize("count", [1, 2])
def test_wait_at_the_end_of_main_names_the_only_thread_left(python: str, count: int) -> None:
    timeline = watched(LEFT.format(count), python)
    left = timeline.named("left-0")[0].id
    waits = [row for row in timeline.of(timeline.root()) if row.reason is Reason.JOIN]
    assert waits
    assert {row.holder for row in waits} == ({left} if count == 1 else {0})
