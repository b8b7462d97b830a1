"""What tasks wait for in asyncio's own objects, and who holds them, on every CPython."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.timeline.model import Slice
from app.timeline.states import FlowKind, Reason, State
from app.timeline.timeline import Timeline
from tests.real.test_mixed_cycles import circle, deadlocks, watched

pytestmark = pytest.mark.real


def longest(timeline: Timeline, name: str, state: State = State.AWAITING) -> Slice:
    (track,) = timeline.named(name)
    return max(timeline.of(track, state), key=lambda row: row.end_ns - row.start_ns)


def told(timeline: Timeline, name: str, state: State = State.AWAITING) -> tuple[Reason, str, str]:
    """The longest wait of this track: its reason, object and holder."""
    row = longest(timeline, name, state)
    thing = timeline.objects[row.object].name if row.object else ""
    return row.reason, thing, timeline.tracks[row.holder].name if row.holder else ""


def holders(timeline: Timeline, name: str, reason: Reason) -> list[str]:
    """Who had what this track waited for, in their order: the wait is cut where that changes."""
    (track,) = timeline.named(name)
    rows = [row for row in timeline.of(track) if row.reason is reason]
    assert all(one.end_ns == two.start_ns for one, two in pairwise(rows)), "one wait"
    return [timeline.tracks[row.holder].name for row in rows]


def arrow(timeline: Timeline, by: str, to: str, reason: Reason) -> None:
    """The wait of ``to`` was ended by ``by``."""
    (giver,), (taker,) = timeline.named(by), timeline.named(to)
    ends = {(row.object, row.end_ns) for row in timeline.of(taker) if row.reason is reason}
    found = [
        flow
        for flow in timeline.flows
        if (flow.kind, flow.from_track, flow.to_track) == (FlowKind.RELEASE, giver.id, taker.id)
        and (flow.object, flow.to_ns) in ends
    ]
    assert len(found) == 1, (by, to, timeline.flows)


def test_semaphore_names_who_has_all_its_permits_and_the_line_for_it(python: str) -> None:
    timeline = watched(
        """
import asyncio
async def use(semaphore, length):
    async with semaphore:
        await asyncio.sleep(length)
async def main():
    one, two = asyncio.Semaphore(1), asyncio.BoundedSemaphore(2)
    signal = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(use(one, 0.04), name=f"one{n}") for n in (1, 2, 3)]
    tasks += [asyncio.create_task(use(two, 0.03), name=f"two{n}") for n in (1, 2, 3)]
    tasks += [asyncio.create_task(signal.acquire(), name="signalled")]
    await asyncio.sleep(0.05)
    signal.release()
    for task in tasks:
        await task
asyncio.run(main())
""",
        python,
    )
    assert holders(timeline, "one2", Reason.SEMAPHORE) == ["one1"]
    assert holders(timeline, "one3", Reason.SEMAPHORE) == ["one1", "one2"]
    arrow(timeline, "one2", "one3", Reason.SEMAPHORE)
    assert told(timeline, "signalled") == (Reason.SEMAPHORE, "signal", "")
    levels = {timeline.objects[thing].name: found for thing, found in timeline.levels.items()}
    assert [level.value for level in levels["one"]][:2] == [1, 0]
    assert {(level.value, level.most) for level in levels["two"]} >= {(2, 2), (0, 2)}
    assert levels["one"][-1].value == 1 and levels["two"][-1].value == 2
    (third,) = timeline.named("two3")
    wait = next(row for row in timeline.of(third) if row.reason is Reason.SEMAPHORE)
    assert (timeline.objects[wait.object].name, wait.holder) == ("two", 0)


def test_deadlock_through_semaphores_and_locks_is_found(python: str) -> None:
    timeline = watched(
        """
import asyncio
async def work(mine, other, both):
    async with mine:
        await both.wait()
        async with other:
            pass
async def main():
    permit, lock, both = asyncio.Semaphore(1), asyncio.Lock(), asyncio.Event()
    ann = asyncio.create_task(work(permit, lock, both), name="Ann")
    bob = asyncio.create_task(work(lock, permit, both), name="Bob")
    await asyncio.sleep(0)
    both.set()
    await asyncio.wait({ann, bob}, timeout=PATIENCE)
    ann.cancel()
    await bob
asyncio.run(main())
""",
        python,
    )
    assert circle(timeline) == [("Ann", "lock", "Bob"), ("Bob", "permit", "Ann")]
    (found,) = deadlocks(timeline)
    assert [(wait.line, wait.held_line) for wait in found.cycle] == [(6, 4), (6, 4)]


def test_event_condition_and_queue_are_waited_for_by_their_own_names(python: str) -> None:
    timeline = watched(
        """
import asyncio
async def wait(event): await event.wait()
async def sleep(condition):
    async with condition:
        await condition.wait()
async def eat(queue):
    await queue.get()
    await asyncio.sleep(0.05)
    queue.task_done()
async def join(queue): await queue.join()
async def wake(event, condition, queue):
    await asyncio.sleep(0.05)
    event.set()
    async with condition:
        condition.notify()
    await queue.put("something")
async def main():
    event, condition, queue = asyncio.Event(), asyncio.Condition(), asyncio.Queue()
    await queue.put("first")
    tasks = [asyncio.create_task(wait(event), name="waiter"),
             asyncio.create_task(sleep(condition), name="sleeper"),
             asyncio.create_task(join(queue), name="joiner"),
             asyncio.create_task(eat(queue), name="one"),
             asyncio.create_task(eat(queue), name="other"),
             asyncio.create_task(wake(event, condition, queue), name="waker")]
    for task in tasks:
        await task
asyncio.run(main())
""",
        python,
    )
    assert told(timeline, "waiter") == (Reason.EVENT, "event", "")
    assert told(timeline, "sleeper") == (Reason.CONDITION, "condition", "")
    assert told(timeline, "joiner") == (Reason.QUEUE, "queue", "")
    (other,) = timeline.named("other")
    first = next(row for row in timeline.of(other, State.AWAITING))
    assert (first.reason, timeline.objects[first.object].name) == (Reason.QUEUE, "queue")
    arrow(timeline, "waker", "waiter", Reason.EVENT)
    arrow(timeline, "waker", "sleeper", Reason.CONDITION)


def test_barrier_is_no_condition(python: str) -> None:
    timeline = watched(
        """
import asyncio
async def come(barrier, after):
    await asyncio.sleep(after)
    await barrier.wait()
async def main():
    if not hasattr(asyncio, "Barrier"):
        return
    barrier = asyncio.Barrier(3)
    names = ("first", "second", "third")
    tasks = [asyncio.create_task(come(barrier, n / 30), name=name) for n, name in enumerate(names)]
    for task in tasks:
        await task
asyncio.run(main())
""",
        python,
    )
    if not timeline.named("first"):
        pytest.skip("asyncio's barriers came with CPython 3.11")
    assert told(timeline, "first") == (Reason.BARRIER, "barrier", "")
    reasons = {row.reason for row in timeline.rows()}
    assert not reasons & {Reason.CONDITION, Reason.LOCK}
    assert {row.reason for row in timeline.of(timeline.named("second")[0])} >= {Reason.BARRIER}
