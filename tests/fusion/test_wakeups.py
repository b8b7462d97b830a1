"""Wake-ups told by tracepoints: when a thread became ready, and who woke it."""

from __future__ import annotations

from app.timeline import wire
from app.timeline.records import Wakeup, Waking
from app.timeline.states import Evidence, FlowKind, Reason, State
from tests.fusion.world import ROOT, World, assert_whole, at, row_at, rows

OTHER = 101


def woken_world() -> World:
    """Main blocks at 5 ms and is woken at 12 ms by the other thread; it runs at 15 ms."""
    world = World("tracepoints")
    world.add(Wakeup(at(0.5), ROOT))
    world.on(1, ROOT)
    world.hello(1.1)
    world.new(2, OTHER)
    world.on(3, OTHER, cpu=1)
    world.enter(4, ROOT, Reason.SLEEP, line=9)
    world.off(5, ROOT)
    world.add(Waking(at(11.9), ROOT, ROOT, OTHER), Wakeup(at(12), ROOT), Wakeup(at(12.001), ROOT))
    world.on(15, ROOT)
    world.leave(16, ROOT, Reason.SLEEP)
    world.exit(20, OTHER)
    world.exit(30, ROOT)
    world.reaped(31)
    return world


def test_woken_thread_is_ready_from_its_wakeup_by_the_kernel() -> None:
    timeline = woken_world().timeline(40)
    assert_whole(timeline)
    root = timeline.root()
    assert rows(timeline, root) == [
        ("new", 0, 0.5),
        ("ready", 0.5, 1),
        ("running", 1, 5),
        ("blocked", 5, 12),
        ("ready", 12, 15),
        ("running", 15, 30),
        ("zombie", 30, 31),
    ]
    assert row_at(timeline, root, 13).evidence is Evidence.KERNEL
    assert row_at(timeline, root, 6).reason is Reason.SLEEP
    stats = timeline.stats[root.id]
    assert (stats.voluntary, stats.involuntary) == (1, 0)
    assert stats.ready_ns == 3_500_000


def test_wake_arrow_points_from_the_waker_to_the_ready_thread() -> None:
    timeline = woken_world().timeline(40)
    other = next(track for track in timeline.tracks.values() if track.tid == OTHER)
    wakes = [flow for flow in timeline.flows if flow.kind is FlowKind.WAKE]
    assert [(flow.from_track, flow.from_ns, flow.to_track, flow.to_ns) for flow in wakes] == [
        (other.id, 11_900_000, timeline.root().id, 12_000_000)
    ]


def test_waker_outside_the_run_leaves_no_arrow() -> None:
    world = World("tracepoints")
    world.on(1, ROOT)
    world.hello(2)
    world.off(5, ROOT)
    world.add(Waking(at(8), ROOT, 7, 7), Wakeup(at(8), ROOT))
    world.on(9, ROOT)
    timeline = world.timeline(10)
    assert not [flow for flow in timeline.flows if flow.kind is FlowKind.WAKE]
    assert row_at(timeline, timeline.root(), 8.5).state is State.READY


def test_wakeup_of_a_running_thread_changes_nothing() -> None:
    world = World("tracepoints")
    world.on(1, ROOT)
    world.hello(2)
    world.add(Wakeup(at(4), ROOT), Waking(at(4), ROOT, ROOT, ROOT))
    world.off(5, ROOT, preempted=True)
    world.add(Wakeup(at(6), ROOT))
    world.on(7, ROOT)
    timeline = world.timeline(10)
    assert rows(timeline, timeline.root())[1:4] == [
        ("running", 1, 5),
        ("ready", 5, 7),
        ("running", 7, 10),
    ]


def test_woken_thread_is_not_taken_for_one_that_holds_the_gil() -> None:
    world = World("tracepoints")
    world.on(1, ROOT)
    world.hello(1.1)
    world.say(2, ROOT, wire.THREAD_SPAWN, b=OTHER)
    world.new(2, OTHER)
    world.on(2.1, OTHER, cpu=1)
    world.off(2.2, OTHER, cpu=1)
    world.add(Waking(at(7.2), OTHER, 0, 0), Wakeup(at(7.2), OTHER))  # and asks for the GIL
    world.on(7.21, OTHER, cpu=1)
    world.thread(7.25, OTHER, "other")
    world.off(7.3, ROOT)  # in Python code, and was asked for the GIL: it wants it
    world.off(7.6, OTHER, cpu=1)  # in Python code too, and nobody executes: no GIL wait
    world.add(Wakeup(at(8), ROOT))
    world.on(12, OTHER, cpu=1)
    world.on(13, ROOT)
    timeline = world.timeline(20)
    other = next(track for track in timeline.tracks.values() if track.tid == OTHER)
    assert row_at(timeline, timeline.root(), 7.5).state is State.GIL
    assert row_at(timeline, other, 9).state is State.BLOCKED


def test_waker_of_a_wakeup_that_was_lost_is_not_taken_for_the_next_one() -> None:
    world = woken_world()
    world.log = [r for r in world.log if not isinstance(r, Wakeup) or r.t < at(1)]
    world.off(17, ROOT)
    world.add(Wakeup(at(18), ROOT))
    world.on(19, ROOT)
    timeline = world.timeline(40)
    assert not [flow for flow in timeline.flows if flow.kind is FlowKind.WAKE]
    assert row_at(timeline, timeline.root(), 18.5).state is State.READY
