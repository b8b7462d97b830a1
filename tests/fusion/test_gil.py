"""Who holds the GIL, who waits for it, and who only comes to ask."""

from __future__ import annotations

import pytest

from app.fusion import gil as rules
from app.timeline import wire
from app.timeline.model import NOTHING, Slice
from app.timeline.records import Wakeup, Waking
from app.timeline.states import Evidence, ObjectKind, Reason, State
from app.timeline.timeline import Timeline
from tests.fusion.world import ROOT, World, assert_whole, at, row_at, track_of

A, B = 101, 102


def three_threads(flags: int = 0) -> World:
    """The main thread has run since 1 ms; A and B start at 2 ms and wait for the GIL at once."""
    world = World("tracepoints")
    world.on(1, ROOT)
    world.say(1.1, ROOT, wire.HELLO, 3 << 8 | 11, b=flags, text="CPython")
    for tid in (A, B):
        world.say(2, ROOT, wire.THREAD_SPAWN, b=tid)
        world.new(2, tid)
        world.on(2.5, tid, cpu=1)
        world.off(2.52, tid, cpu=1)
    return world


def hand_over(world: World, ms: float, giver: int, taker: int) -> None:
    """The giver drops the lock because the taker asked, and waits until that one has it."""
    world.add(Waking(at(ms), taker, ROOT, giver), Wakeup(at(ms), taker))
    world.off(ms + 0.01, giver, cpu=int(giver != ROOT))
    world.on(ms + 0.03, taker, cpu=int(taker != ROOT))
    world.add(Waking(at(ms + 0.035), giver, ROOT, taker), Wakeup(at(ms + 0.035), giver))
    world.on(ms + 0.04, giver, cpu=int(giver != ROOT))
    world.off(ms + 0.05, giver, cpu=int(giver != ROOT))


def waits(timeline: Timeline, tid: int) -> list[Slice]:
    rows = timeline.of(track_of(timeline, tid))
    return [row for row in rows if row.state is State.GIL]


def told(timeline: Timeline, tid: int) -> list[tuple[float, float, int]]:
    """The thread's waits: start and end in ms, and the tid of who holds the lock, or 0."""
    tids = {track.id: track.tid for track in timeline.tracks.values()}
    return [
        (round(row.start_ns / 1e6, 2), round(row.end_ns / 1e6, 2), tids.get(row.holder, 0))
        for row in waits(timeline, tid)
    ]


def test_wait_names_the_thread_that_executes_as_holder_and_the_lock_as_object() -> None:
    timeline = three_threads().timeline(9)
    assert_whole(timeline)
    assert told(timeline, A) == [(2.52, 9, ROOT)]
    thing = timeline.things[waits(timeline, A)[0].object]
    assert (thing.kind, thing.name, thing.track) == (ObjectKind.GIL, "GIL", timeline.root().id)
    holding = row_at(timeline, timeline.root(), 8)
    assert (holding.state, holding.object, holding.holder) == (
        State.RUNNING, thing.id, timeline.root().id,
    )  # fmt: skip


def test_wait_is_cut_where_the_lock_changes_hands() -> None:
    world = three_threads()
    hand_over(world, 7, ROOT, A)
    timeline = world.timeline(12)
    assert_whole(timeline)
    assert told(timeline, B) == [(2.52, 7.03, ROOT), (7.03, 12, A)]
    assert told(timeline, ROOT)[-1] == (7.05, 12, A)


def test_waits_of_a_crowd_are_not_cut_and_name_a_sole_holder_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "CROWD", 0)
    world = three_threads()
    hand_over(world, 7, ROOT, A)
    world.on(12, B, cpu=1)
    world.off(12.01, B, cpu=1)
    world.on(17, B, cpu=1)
    timeline = world.timeline(18)
    assert told(timeline, B) == [(2.52, 12, NOTHING), (12.01, 17, A)]


def test_waiter_that_comes_to_ask_does_not_hold_the_lock() -> None:
    world = three_threads()
    world.on(7.5, A, cpu=1)
    world.off(7.51, A, cpu=1)
    timeline = world.timeline(9)
    asks = row_at(timeline, track_of(timeline, A), 7.505)
    assert (asks.state, asks.holder) == (State.RUNNING, timeline.root().id)
    assert told(timeline, A) == [(2.52, 7.5, ROOT), (7.51, 9, ROOT)]
    assert told(timeline, B) == [(2.52, 9, ROOT)]


def test_sample_of_the_wait_itself_makes_it_the_kernels_word() -> None:
    world = three_threads()
    world.syscall(5, A, "futex", "gil")
    timeline = world.timeline(9)
    assert [row.evidence for row in waits(timeline, A)] == [Evidence.KERNEL]
    assert [row.evidence for row in waits(timeline, B)] == [Evidence.INFERRED]


def test_waiter_that_runs_on_beside_a_preempted_holder_has_the_lock() -> None:
    world = three_threads()
    world.off(7, ROOT, preempted=True)  # on its way to wait, having given the lock up
    world.on(7.01, A)
    world.off(9, A, preempted=True)
    world.on(9.01, ROOT)
    world.off(9.02, ROOT)
    timeline = world.timeline(12)
    a = track_of(timeline, A).id
    assert row_at(timeline, track_of(timeline, A), 8).holder == a
    assert row_at(timeline, timeline.root(), 8).holder == a
    assert told(timeline, ROOT) == [(9.02, 12, A)]


def test_holder_is_not_known_while_two_run_side_by_side() -> None:
    world = three_threads()
    world.enter(3, ROOT, Reason.SLEEP)
    world.off(3.01, ROOT)
    world.on(3.02, A, cpu=1)
    world.thread(3.03, A, "a")
    world.say(3.04, ROOT + 3, wire.THREAD_START, text="c")  # runs C code, or Python: who knows
    world.on(3.05, ROOT + 3)
    world.on(7, B, cpu=2)
    world.off(7.01, B, cpu=2)
    world.off(9, ROOT + 3)
    timeline = world.timeline(12)
    assert (4.0, NOTHING) in [(4.0, holder) for start, end, holder in told(timeline, B)]
    assert row_at(timeline, track_of(timeline, A), 8).holder == NOTHING


def test_record_of_the_probe_proves_who_holds_the_lock() -> None:
    world = three_threads()
    world.on(7, A, cpu=1)
    world.say(7.05, A, wire.NOTIFY, b=1)
    world.off(7.06, ROOT)
    timeline = world.timeline(9)
    assert row_at(timeline, track_of(timeline, A), 8).holder == track_of(timeline, A).id
    assert told(timeline, ROOT) == [(7.06, 9, A)]


@pytest.mark.parametrize("flags", [1, 2], ids=["free-threaded", "PyPy"])
def test_nothing_waits_for_a_gil_that_is_not_cpythons(flags: int) -> None:
    world = three_threads(flags)
    world.syscall(5, A, "futex", "gil")
    timeline = world.timeline(9)
    assert not waits(timeline, A)
    assert all(thing.kind is not ObjectKind.GIL for thing in timeline.things.values())
    assert all(not stats.gil_held_ns + stats.gil_wanted_ns for stats in timeline.stats.values())


def test_reader_that_a_clock_wakes_had_its_bytes_and_wanted_the_gil() -> None:
    world = three_threads()
    world.on(3, A, cpu=1)
    world.say(3.01, A, wire.THREAD_START, text="a")
    world.enter(3.02, A, Reason.SOCKET, 7)
    world.off(3.03, A, cpu=1)
    world.add(Waking(at(8.1), A, 0, 0), Wakeup(at(8.1), A))
    timeline = world.timeline(9)
    assert told(timeline, A)[-1][:2] == (3.03, 8.1)


def test_reader_whose_timeout_is_over_waited_for_its_bytes() -> None:
    world = three_threads()
    world.on(3, A, cpu=1)
    world.say(3.01, A, wire.THREAD_START, text="a")
    world.enter(3.02, A, Reason.SOCKET, 7)
    world.off(3.03, A, cpu=1)
    world.add(Waking(at(503), A, 0, 0), Wakeup(at(503), A))
    timeline = world.timeline(504)
    assert row_at(timeline, track_of(timeline, A), 400).reason is Reason.SOCKET


def test_sleeper_that_a_thread_wakes_was_not_asleep_yet() -> None:
    world = three_threads()
    world.on(3, A, cpu=1)
    world.say(3.01, A, wire.THREAD_START, text="a")
    world.enter(3.02, A, Reason.SLEEP)
    world.off(3.03, A, cpu=1)
    world.add(Waking(at(3.04), A, ROOT, ROOT), Wakeup(at(3.04), A))
    world.on(3.05, A, cpu=1)
    world.off(3.06, A, cpu=1)
    timeline = world.timeline(9)
    assert row_at(timeline, track_of(timeline, A), 8).reason is Reason.SLEEP


def test_stats_tell_how_long_a_thread_held_and_wanted_the_lock() -> None:
    world = three_threads()
    hand_over(world, 7, ROOT, A)
    timeline = world.timeline(12)
    stats = timeline.stats[track_of(timeline, A).id]
    assert stats.gil_held_ns == pytest.approx((12 - 7.03) * 1e6)
    assert stats.gil_wanted_ns == pytest.approx((7.03 - 2.52) * 1e6)
    assert stats.gil_ns == pytest.approx((7 - 2.52) * 1e6)
    for other in timeline.stats.values():
        whole = other.running_ns + other.ready_ns + other.blocked_ns + other.gil_ns
        assert other.gil_held_ns + other.gil_wanted_ns <= whole


def test_thread_that_ends_holds_nothing_any_more() -> None:
    world = three_threads()
    hand_over(world, 7, ROOT, A)
    world.exit(9, A)
    world.on(9.1, B, cpu=1)
    world.off(9.12, B, cpu=1)
    timeline = world.timeline(12)
    a = track_of(timeline, A).id
    assert all(row.holder != a for row in timeline.rows() if row.start_ns > 9_000_000)
