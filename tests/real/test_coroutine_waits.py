"""Whom coroutines wait for, through the whole pipeline: locks of a loop, chains, deadlocks."""

from __future__ import annotations

import pytest

from app.timeline.states import Cause, FlowKind, Reason, State
from tests.real.test_asyncio_truth import run_program

pytestmark = pytest.mark.real

CROSSED = """
import asyncio

async def work(mine, other, both):
    async with mine:
        await both.wait()
        async with other:
            pass

async def main():
    left, right, both = asyncio.Lock(), asyncio.Lock(), asyncio.Event()
    ann = asyncio.create_task(work(left, right, both), name="Ann")
    bob = asyncio.create_task(work(right, left, both), name="Bob")
    await asyncio.sleep(0)
    both.set()
    await asyncio.wait({ann, bob}, timeout=1)
    ann.cancel()
    await bob

asyncio.run(main())
"""


def test_deadlock_of_two_tasks_is_found_and_ends_when_one_is_cancelled() -> None:
    timeline = run_program(CROSSED)
    (ann,), (bob,) = timeline.named("Ann"), timeline.named("Bob")
    (finding,) = [item for item in timeline.findings.values() if item.kind == "deadlock"]
    names = {thing.id: thing.name for thing in timeline.objects.values()}
    assert [(wait.track, names[wait.object], wait.holder) for wait in finding.cycle] == [
        (ann.id, "right", bob.id),
        (bob.id, "left", ann.id),
    ]
    assert (ann.end and ann.end.cause, bob.end and bob.end.cause) == (
        Cause.CANCELLED,
        Cause.RETURNED,
    )
    assert finding.end_ns <= ann.end_ns
    (release,) = [
        flow
        for flow in timeline.flows
        if flow.kind is FlowKind.RELEASE and names[flow.object] != "both"
    ]
    assert (release.from_track, release.to_track) == (ann.id, bob.id)


def test_await_chain_leads_to_the_one_that_is_waited_for() -> None:
    timeline = run_program("""
import asyncio

async def slow(lock):
    async with lock:
        await asyncio.sleep(0.2)

async def wants(lock):
    async with lock:
        pass

async def main():
    lock = asyncio.Lock()
    holder = asyncio.create_task(slow(lock), name="holder")
    waiter = asyncio.create_task(wants(lock), name="waiter")
    await waiter

asyncio.run(main())
""")
    main = next(track for track in timeline.tracks.values() if track.name.startswith("main"))
    (holder,), (waiter,) = timeline.named("holder"), timeline.named("waiter")
    (top,) = timeline.of(main, State.AWAITING)
    (middle,) = timeline.of(waiter, State.AWAITING)
    (bottom,) = timeline.of(holder, State.AWAITING)
    assert (top.reason, top.holder) == (Reason.TASK, waiter.id)
    assert (middle.reason, middle.holder) == (Reason.LOCK, holder.id)
    assert (bottom.reason, bottom.holder) == (Reason.SLEEP, 0)
    joined = [flow for flow in timeline.flows if flow.kind is FlowKind.JOIN]
    assert [(flow.from_track, flow.to_track) for flow in joined] == [(waiter.id, main.id)]
