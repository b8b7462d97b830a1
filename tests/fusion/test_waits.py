"""Who holds what, who waits for whom, and cycles of that while they last."""

from __future__ import annotations

import pytest

from app.fusion import Fusion
from app.timeline import wire
from app.timeline.model import NOTHING, OPEN, Finding
from app.timeline.states import ObjectKind, Reason, State
from app.timeline.timeline import Timeline
from tests.fusion.world import ROOT, World, assert_whole, at, row_at, track_of

A, B = ROOT << 32 | 1, ROOT << 32 | 2
ANN, BOB = 101, 102


def table() -> World:
    """Ann and Bob, both running, and two locks, ``fork`` and ``knife``."""
    world = World(program="import threading\nfork = threading.Lock()\nknife = threading.Lock()\n")
    world.on(1, ROOT)
    world.hello(1.1)
    world.object(1.2, ROOT, ObjectKind.LOCK, A, line=2)
    world.object(1.3, ROOT, ObjectKind.LOCK, B, line=3)
    for tid, name in ((ANN, "Ann"), (BOB, "Bob")):
        world.new(2, tid)
        world.on(3, tid, cpu=tid - 100)
        world.thread(3.1, tid, name)
    world.off(3.5, ROOT)
    return world


def crossed(kind: Reason = Reason.LOCK) -> World:
    """At 21 ms each holds what the other waits for."""
    world = table()
    world.acquired(10, ANN, A, line=5)
    world.acquired(11, BOB, B, line=8)
    world.enter(20, ANN, kind, B, line=6)
    world.off(20.1, ANN, cpu=1)
    world.enter(21, BOB, kind, A, line=9)
    world.off(21.1, BOB, cpu=2)
    return world


def deadlocks(timeline: Timeline) -> list[Finding]:
    return [item for item in timeline.findings.values() if item.kind == "deadlock"]


def test_waiter_names_the_lock_and_its_holder() -> None:
    world = table()
    world.acquired(10, BOB, A, line=8)
    world.enter(12, ANN, Reason.LOCK, A, line=5)
    world.off(12.1, ANN, cpu=1)
    timeline = world.timeline(20, [15])
    row = row_at(timeline, track_of(timeline, ANN), 13)
    assert timeline.objects[row.object].name == "fork"
    assert timeline.objects[row.object].line == 2
    assert row.holder == track_of(timeline, BOB).id
    assert row.line == 5


def test_release_that_lets_a_waiter_go_is_an_arrow() -> None:
    world = table()
    world.acquired(10, BOB, A)
    world.enter(12, ANN, Reason.LOCK, A, line=5)
    world.off(12.1, ANN, cpu=1)
    world.released(18, BOB, A)
    world.on(18.2, ANN, cpu=1)
    world.leave(18.3, ANN, Reason.LOCK, A)
    world.acquired(18.4, ANN, A)
    timeline = world.timeline(20)
    (flow,) = [flow for flow in timeline.flows if flow.kind.word == "release"]
    assert (flow.from_track, flow.to_track) == (
        track_of(timeline, BOB).id, track_of(timeline, ANN).id,
    )  # fmt: skip
    assert (flow.from_ns, flow.to_ns) == (18_000_000, 18_300_000)


def test_wait_that_timed_out_has_no_release_arrow() -> None:
    world = table()
    world.acquired(10, BOB, A)
    world.enter(12, ANN, Reason.LOCK, A, line=5)
    world.released(18, BOB, A)
    world.leave(18.3, ANN, Reason.LOCK, A, got=0)
    assert not [flow for flow in world.timeline(20).flows if flow.kind.word == "release"]


def handed_on(at_ms: float, until_ms: float) -> Timeline:
    """Ann waits from 12.1 ms on; Bob gives the lock to Cyd, who gives it to her."""
    world = table()
    world.new(4, 103)
    world.on(4.1, 103, cpu=3)
    world.thread(4.2, 103, "Cyd")
    world.acquired(10, BOB, A)
    world.enter(12, ANN, Reason.LOCK, A, line=5)
    world.off(12.1, ANN, cpu=1)
    world.released(at_ms, BOB, A)
    world.acquired(at_ms + 0.1, 103, A)
    world.released(until_ms, 103, A)
    world.on(until_ms + 0.2, ANN, cpu=1)
    return world.timeline(20, [16])


def test_blocked_slice_is_cut_where_the_lock_changes_hands() -> None:
    live = handed_on(14, 18)
    ann, bob, cyd = (track_of(live, tid) for tid in (ANN, BOB, 103))
    first, second = row_at(live, ann, 13), row_at(live, ann, 17)
    assert (first.holder, second.holder) == (bob.id, cyd.id)
    assert first.end_ns == second.start_ns == 14_100_000
    assert (first.object, first.line) == (second.object, second.line)
    assert_whole(live)


def test_blocked_slice_is_not_cut_into_the_shortest_pieces() -> None:
    live = handed_on(12.3, 18)
    ann, cyd = (track_of(live, tid) for tid in (ANN, 103))
    row = row_at(live, ann, 17)
    assert (row.holder, row.start_ns) == (cyd.id, 12_100_000)


def test_reentrant_lock_is_held_until_its_last_release() -> None:
    world = World()
    lock = ROOT << 32 | 9
    world.on(1, ROOT)
    world.hello(1.1)
    world.object(1.2, ROOT, ObjectKind.RLOCK, lock)
    world.acquired(2, ROOT, lock)
    world.acquired(3, ROOT, lock)
    world.released(4, ROOT, lock)
    world.new(5, ANN)
    world.on(5.1, ANN, cpu=1)
    world.enter(6, ANN, Reason.RLOCK, lock)
    world.off(6.1, ANN, cpu=1)
    world.released(8, ROOT, lock)
    world.on(8.1, ANN, cpu=1)
    world.leave(8.2, ANN, Reason.RLOCK, lock)
    timeline = world.timeline(10)
    row = row_at(timeline, track_of(timeline, ANN), 7)
    assert row.holder == timeline.root().id
    assert timeline.objects[row.object].name == "RLock 1"
    assert [flow.from_ns for flow in timeline.flows if flow.kind.word == "release"] == [8_000_000]


def waits_for_semaphore(permits: int | None) -> World:
    """Bob acquired a semaphore of so many permits at 10 ms, and Ann waits for it from 11 ms on."""
    world = table()
    semaphore = ROOT << 32 | 9
    world.object(4, ROOT, ObjectKind.SEMAPHORE, semaphore)
    if permits is not None:
        world.say(4.1, ROOT, wire.VALUE, b=semaphore, c=permits)
    world.acquired(10, BOB, semaphore)
    world.enter(11, ANN, Reason.SEMAPHORE, semaphore)
    world.off(11.1, ANN, cpu=1)
    return world


@pytest.mark.parametrize(("permits", "held"), [(1, True), (2, False), (0, False), (None, False)])
def test_semaphore_names_who_has_all_its_permits(permits: int | None, held: bool) -> None:
    timeline = waits_for_semaphore(permits).timeline(20)
    holder = track_of(timeline, BOB).id if held else NOTHING
    assert row_at(timeline, track_of(timeline, ANN), 12).holder == holder


def test_semaphore_that_others_release_is_a_signal_and_held_by_nobody() -> None:
    world = waits_for_semaphore(1)
    world.released(5, ROOT, ROOT << 32 | 9)
    timeline = world.timeline(20)
    assert row_at(timeline, track_of(timeline, ANN), 12).holder == NOTHING


def test_waiter_learns_when_one_thread_gets_all_permits() -> None:
    world = waits_for_semaphore(2)
    world.acquired(13, BOB, ROOT << 32 | 9)
    timeline = world.timeline(20)
    assert row_at(timeline, track_of(timeline, ANN), 15).holder == track_of(timeline, BOB).id


def test_deadlock_through_a_semaphore_of_one_permit_is_told() -> None:
    world = waits_for_semaphore(1)
    world.acquired(9, ANN, A, line=5)
    world.enter(12, BOB, Reason.LOCK, A, line=9)
    world.off(12.1, BOB, cpu=2)
    (found,) = world.timeline(150).findings.values()
    assert {wait.line for wait in found.cycle} == {0, 9}
    other = waits_for_semaphore(2)
    other.acquired(9, ANN, A, line=5)
    other.enter(12, BOB, Reason.LOCK, A, line=9)
    other.off(12.1, BOB, cpu=2)
    assert not other.timeline(150).findings


def test_deadlock_is_told_while_it_is_stuck_and_not_before_100_ms() -> None:
    world = crossed()
    fusion = Fusion(world.facts)
    fusion.feed(world.log)
    assert not fusion.advance(at(120.9)).findings
    (finding,) = fusion.advance(at(121.5)).findings
    assert (finding.kind, finding.start_ns, finding.end_ns) == ("deadlock", 21_000_000, OPEN)
    assert not fusion.advance(at(500)).findings
    (finding,) = fusion.finish(at(600)).findings
    assert finding.end_ns == 600_000_000


def test_deadlock_names_objects_holders_lines_and_since_when() -> None:
    timeline = crossed().timeline(300)
    assert_whole(timeline)
    (finding,) = deadlocks(timeline)
    ann, bob = track_of(timeline, ANN), track_of(timeline, BOB)
    names = {thing.id: thing.name for thing in timeline.objects.values()}
    assert [
        (wait.track, names[wait.object], wait.holder, wait.line, wait.held_since_ns, wait.held_line)
        for wait in finding.cycle
    ] == [
        (ann.id, "knife", bob.id, 6, 11_000_000, 8),
        (bob.id, "fork", ann.id, 9, 10_000_000, 5),
    ]
    assert finding.id == f"deadlock-{ann.id}-{bob.id}"


def test_deadlock_ends_when_one_gives_up_and_a_new_one_is_another_finding() -> None:
    world = crossed()
    world.on(200, ANN, cpu=1)
    world.leave(201, ANN, Reason.LOCK, B, got=0)
    world.enter(210, ANN, Reason.LOCK, B, line=6)
    timeline = world.timeline(400)
    first, second = deadlocks(timeline)
    assert (first.start_ns, first.end_ns) == (21_000_000, 201_000_000)
    assert (second.start_ns, second.end_ns) == (210_000_000, 400_000_000)


def test_crossed_locks_that_come_free_in_time_are_no_deadlock() -> None:
    world = crossed()
    world.leave(90, ANN, Reason.LOCK, B, got=0)
    world.released(90.1, ANN, A)
    assert not deadlocks(world.timeline(300))


def test_waits_without_a_cycle_are_no_deadlock() -> None:
    world = table()
    world.acquired(10, BOB, A)
    world.enter(12, ANN, Reason.LOCK, A)
    world.enter(13, BOB, Reason.SLEEP)
    assert not deadlocks(world.timeline(500))


def test_thread_that_takes_its_own_lock_again_is_a_cycle_of_one() -> None:
    world = table()
    world.acquired(10, ANN, A, line=5)
    world.enter(12, ANN, Reason.LOCK, A, line=6)
    (finding,) = deadlocks(world.timeline(300))
    (wait,) = finding.cycle
    assert wait.track == wait.holder


def test_join_of_a_thread_that_waits_for_the_joiner_is_a_deadlock() -> None:
    world = table()
    world.acquired(10, BOB, A)
    world.enter(12, ANN, Reason.LOCK, A, line=6)
    world.enter(13, BOB, Reason.JOIN, target=ANN, line=9)
    world.off(13.1, BOB, cpu=2)
    timeline = world.timeline(300)
    (finding,) = deadlocks(timeline)
    assert {wait.line for wait in finding.cycle} == {6, 9}
    row = row_at(timeline, track_of(timeline, BOB), 14)
    assert (row.reason, row.holder) == (Reason.JOIN, track_of(timeline, ANN).id)


def test_deadlock_across_processes_is_found_by_the_shared_locks() -> None:
    world = World()
    child = 200
    world.on(1, ROOT)
    world.hello(1.1)
    world.new(2, child, pid=child)
    world.on(2.1, child, cpu=1, pid=child)
    world.hello(3, child, pid=child, parent=ROOT)
    first, second = 1 << 63 | 1, 1 << 63 | 2
    for lock in (first, second):
        world.object(5, ROOT, ObjectKind.LOCK, lock)
    world.acquired(10, ROOT, first)
    world.acquired(10, child, second, pid=child)
    world.enter(12, ROOT, Reason.LOCK, second)
    world.enter(13, child, Reason.LOCK, first, pid=child)
    (finding,) = deadlocks(world.timeline(300))
    assert len(finding.cycle) == 2


def test_lock_that_a_fork_copied_is_another_lock() -> None:
    world = table()
    child = 200
    world.new(4, child, pid=child)
    world.on(4.1, child, cpu=3, pid=child)
    world.acquired(10, BOB, A)
    world.acquired(11, child, A, pid=child)
    world.enter(12, ANN, Reason.LOCK, A)
    world.off(12.1, ANN, cpu=1)
    world.enter(13, child, Reason.LOCK, A, pid=child)
    world.off(13.1, child, cpu=3, pid=child)
    timeline = world.timeline(50)
    row = row_at(timeline, track_of(timeline, ANN), 14)
    assert row.holder == track_of(timeline, BOB).id
    copy = row_at(timeline, track_of(timeline, child), 14)
    assert copy.object != row.object
    assert timeline.objects[copy.object].name == "fork #2"


def test_id_given_to_two_objects_names_neither_and_makes_no_deadlock() -> None:
    world = table()
    both = 1 << 63 | 5
    for ms in (4, 5):
        world.object(ms, ROOT, ObjectKind.LOCK, both, line=2)
    world.acquired(10, ANN, both)
    world.enter(12, ANN, Reason.LOCK, both, line=6)
    world.off(12.1, ANN, cpu=1)
    timeline = world.timeline(300)
    assert not deadlocks(timeline)
    row = row_at(timeline, track_of(timeline, ANN), 14)
    assert (row.reason, row.object, row.holder, row.line) == (Reason.LOCK, 0, 0, 6)


def test_death_of_a_member_ends_the_deadlock() -> None:
    world = crossed()
    world.exit(250, ANN)
    (finding,) = deadlocks(world.timeline(300))
    assert finding.end_ns == 250_000_000


@pytest.mark.parametrize("end", [60.0, 300.0])
def test_lock_wait_is_not_taken_for_a_gil_wait(end: float) -> None:
    timeline = crossed().timeline(end)
    states = {row.state for row in timeline.slices[track_of(timeline, ANN).id]}
    assert State.GIL not in states
