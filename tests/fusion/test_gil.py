"""Who holds the GIL, who waits for it, and who only comes to ask."""

from __future__ import annotations

import pytest

from app.fusion.lives import gil_rules as rules
from app.timeline import wire
from app.timeline.model import NOTHING, Slice
from app.timeline.records import Wakeup, Waking
from app.timeline.states import Evidence, FlowKind, ObjectKind, Reason, State
from app.timeline.timeline import Timeline
from tests.fusion.world import ROOT, World, assert_whole, at, row_at, track_of

A, B = 101, 102


def three_threads(flags: int = 0) -> World:
    """The main thread has run since 1 ms; A and B start at 2 ms and wait for the GIL at once.

    A waiter asks for it each 4 ms.
    """
    world = World("tracepoints")
    world.on(1, ROOT)
    world.say(1.1, ROOT, wire.HELLO, 3 << 8 | 11, b=flags, text="CPython")
    world.say(1.2, ROOT, wire.INTERVAL, a=4_000_000)
    for tid in (A, B):
        world.say(2, ROOT, wire.THREAD_SPAWN, b=tid)
        world.new(2, tid)
        world.on(2.5, tid, cpu=1)
        world.off(2.52, tid, cpu=1)
    return world


def a_waits_in(reason: Reason, obj: int = 0) -> World:
    """The three threads; A has got the GIL, entered an operation, and left its CPU at 3.03 ms."""
    world = three_threads()
    world.on(3, A, cpu=1)
    world.say(3.01, A, wire.THREAD_START, text="a")
    world.enter(3.02, A, reason, obj)
    world.off(3.03, A, cpu=1)
    return world


def hand_over(world: World, ms: float, giver: int, taker: int) -> None:
    """The giver drops the lock because the taker asks, and waits until that one has it."""
    world.on(ms - 0.05, taker, cpu=int(taker != ROOT))
    world.off(ms - 0.04, taker, cpu=int(taker != ROOT))
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
    thing = timeline.objects[waits(timeline, A)[0].object]
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
    world.on(6.53, B, cpu=1)
    world.off(6.54, B, cpu=1)
    hand_over(world, 7, ROOT, A)
    world.on(10.6, B, cpu=1)
    world.off(10.61, B, cpu=1)
    world.on(14.7, B, cpu=1)
    timeline = world.timeline(18)
    assert told(timeline, B)[1:] == [(6.54, 10.6, NOTHING), (10.61, 14.7, A)]


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


@pytest.mark.parametrize(
    ("flags", "build"), [(1, " free-threading"), (2, "")], ids=["free-threaded", "PyPy"]
)
def test_nothing_waits_for_a_gil_that_is_not_cpythons(flags: int, build: str) -> None:
    world = three_threads(flags)
    world.syscall(5, A, "futex", "gil")
    timeline = world.timeline(9)
    assert not waits(timeline, A)
    assert (timeline.root().python or "").endswith(f".11{build}")
    assert all(thing.kind is not ObjectKind.GIL for thing in timeline.objects.values())
    assert all(not stats.gil_held_ns + stats.gil_wanted_ns for stats in timeline.stats.values())


def test_reader_that_a_clock_wakes_had_its_bytes_and_wanted_the_gil() -> None:
    world = a_waits_in(Reason.SOCKET, 7)
    world.add(Waking(at(7.1), A, 0, 0), Wakeup(at(7.1), A))
    timeline = world.timeline(9)
    assert told(timeline, A)[-1][:2] == (3.03, 7.1)


def test_reader_whose_timeout_is_over_waited_for_its_bytes() -> None:
    world = a_waits_in(Reason.SOCKET, 7)
    world.add(Waking(at(503), A, 0, 0), Wakeup(at(503), A))
    timeline = world.timeline(504)
    assert row_at(timeline, track_of(timeline, A), 400).reason is Reason.SOCKET


def test_sleeper_that_a_thread_wakes_was_not_asleep_yet() -> None:
    world = a_waits_in(Reason.SLEEP)
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
    assert stats.gil_ns == pytest.approx((7 - 2.52 - 0.01) * 1e6)  # for so long it asked
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


def interval(world: World, ms: float) -> None:
    world.say(2.9, ROOT, wire.INTERVAL, a=round(ms * 1e6))


def test_holder_that_was_asked_and_preempted_while_it_gives_the_lock_waits_for_it() -> None:
    world = three_threads()
    world.on(7.5, A, cpu=1)
    world.off(7.51, A, cpu=1)
    world.add(Waking(at(8), B, ROOT, ROOT), Wakeup(at(8), B))
    world.off(8.01, ROOT, preempted=True)
    timeline = world.timeline(9)
    gives = row_at(timeline, timeline.root(), 8.5)
    gil = timeline.objects[waits(timeline, A)[0].object]
    assert (gives.state, gives.object) == (State.READY, gil.id)
    assert gives.holder != timeline.root().id


def test_holder_that_blocks_unasked_and_is_preempted_wants_nothing() -> None:
    world = three_threads()
    world.enter(7, ROOT, Reason.LOCK, 7)
    world.add(Waking(at(8), B, ROOT, ROOT), Wakeup(at(8), B))
    world.off(8.01, ROOT, preempted=True)
    world.on(8.02, B)
    gives = row_at(world.timeline(9), track_of(world.timeline(9), ROOT), 8.5)
    assert (gives.state, gives.object) == (State.READY, NOTHING)


def test_waiter_that_runs_on_while_nobody_holds_the_lock_has_it() -> None:
    world = three_threads()
    world.enter(7, ROOT, Reason.SLEEP)
    world.on(7.01, A, cpu=1)
    world.on(7.02, B, cpu=2)
    world.off(7.03, ROOT)
    world.off(7.1, B, cpu=2)
    world.off(8, A, cpu=1, preempted=True)
    timeline = world.timeline(9)
    a = track_of(timeline, A)
    assert row_at(timeline, a, 7.5).holder == row_at(timeline, a, 8.5).holder == a.id


@pytest.mark.parametrize("waker", [(0, 0), (999, 999)], ids=["a device", "another process"])
def test_wait_that_nothing_of_the_process_ends_is_none_for_the_gil(waker: tuple[int, int]) -> None:
    world = three_threads()
    interval(world, 5)
    world.on(3, A, cpu=1)
    world.say(3.01, A, wire.THREAD_START, text="a")
    world.off(3.02, A, cpu=1)
    world.add(Waking(at(6), A, *waker), Wakeup(at(6), A))
    timeline = world.timeline(9)
    waited = row_at(timeline, track_of(timeline, A), 5)
    assert (waited.state, waited.reason) == (State.BLOCKED, Reason.OTHER)


def test_wait_that_the_clock_ends_after_the_switch_interval_is_for_the_gil() -> None:
    world = three_threads()
    interval(world, 1)
    world.on(3, A, cpu=1)
    world.say(3.01, A, wire.THREAD_START, text="a")
    world.off(3.02, A, cpu=1)
    world.add(Waking(at(4.03), A, 0, 0), Wakeup(at(4.03), A))
    timeline = world.timeline(9)
    assert row_at(timeline, track_of(timeline, A), 4).state is State.GIL


@pytest.mark.parametrize("sends", [True, False], ids=["sends", "takes"])
def test_reader_that_a_sender_woke_waits_for_the_gil_and_one_that_a_reader_woke_does_not(
    sends: bool,
) -> None:
    world = a_waits_in(Reason.SOCKET, 7)
    world.on(3.1, B, cpu=1)
    world.say(3.11, B, wire.THREAD_START, text="b")
    world.enter(3.12, B, Reason.SOCKET, 8, target=wire.SENDS if sends else 0)
    world.add(Waking(at(3.13), A, ROOT, B), Wakeup(at(3.13), A))
    world.off(3.14, B, cpu=1)
    world.on(3.15, A, cpu=1)
    world.off(3.16, A, cpu=1)
    world.add(Waking(at(30), A, ROOT, B), Wakeup(at(30), A))
    timeline = world.timeline(31)
    assert row_at(timeline, track_of(timeline, A), 3.05).reason is Reason.SOCKET
    assert row_at(timeline, track_of(timeline, A), 9).state is (
        State.GIL if sends else State.BLOCKED
    )


def test_waiter_of_an_event_that_was_set_waits_for_the_gil_though_nobody_had_it_at_once() -> None:
    world = a_waits_in(Reason.EVENT, ROOT << 32 | 7)
    world.say(4, ROOT, wire.NOTIFY, b=ROOT << 32 | 7, c=1)
    world.add(Waking(at(4.01), A, ROOT, ROOT), Wakeup(at(4.01), A))
    world.enter(4.02, ROOT, Reason.SLEEP)
    world.off(4.03, ROOT)
    world.on(4.04, A, cpu=1)
    world.off(4.05, A, cpu=1)
    world.on(4.06, B, cpu=1)
    world.off(5, B, cpu=1)
    world.on(5.01, A, cpu=1)
    timeline = world.timeline(6)
    a = track_of(timeline, A)
    assert row_at(timeline, a, 3.5).reason is Reason.EVENT
    assert row_at(timeline, a, 4.5).state is State.GIL


def runs_python(world: World, ms: float, tid: int) -> None:
    """The thread comes on a CPU of its own, with the lock, and its records begin."""
    world.on(ms, tid, cpu=tid)
    world.say(ms + 0.01, tid, wire.THREAD_START, text="")


def test_wait_that_nobody_is_told_to_have_ended_was_ended_by_an_interrupt() -> None:
    world = three_threads()
    runs_python(world, 3, A)
    world.off(3.02, A, cpu=A)
    world.on(5, A, cpu=A)  # before the switch interval is over
    timeline = world.timeline(6)
    assert row_at(timeline, track_of(timeline, A), 4).state is State.BLOCKED


@pytest.mark.parametrize("waker", [ROOT, 0], ids=["a thread", "a clock"])
def test_thread_that_is_woken_on_its_way_off_its_cpu_waits_for_who_wakes_it(waker: int) -> None:
    world = three_threads()
    hand_over(world, 7, ROOT, A)
    world.add(Waking(at(7.999), A, ROOT, waker))
    world.off(8, A, cpu=1)
    world.on(8.05, A, cpu=1)
    arrows = [
        flow for flow in world.timeline(9).flows if flow.kind is FlowKind.WAKE
        and flow.to_ns >= 8_000_000
    ]  # fmt: skip
    assert not arrows  # it was never on a run queue
    state = row_at(world.timeline(9), track_of(world.timeline(9), A), 8.02).state
    assert (state is State.GIL) == (waker == ROOT)


@pytest.mark.parametrize(
    ("reason", "state"), [(Reason.SLEEP, State.GIL), (Reason.SOCKET, State.BLOCKED)]
)
def test_who_is_about_to_sleep_wakes_one_that_waits_for_the_gil(
    reason: Reason, state: State
) -> None:
    world = three_threads()
    interval(world, 50)
    runs_python(world, 3, A)
    world.off(3.02, A, cpu=A)  # in a call that is not the probe's, or after it
    world.enter(4, ROOT, reason, 7)
    world.add(Waking(at(4.01), A, ROOT, ROOT), Wakeup(at(4.01), A))
    timeline = world.timeline(6)
    assert row_at(timeline, track_of(timeline, A), 3.5).state is state


def test_sender_that_a_sender_wakes_waits_for_the_gil() -> None:
    world = three_threads()
    for ms, tid in ((3, A), (3.2, B)):
        runs_python(world, ms, tid)
        world.enter(ms + 0.02, tid, Reason.SOCKET, tid, target=wire.SENDS)
        world.off(ms + 0.03, tid, cpu=tid)
    world.add(Waking(at(4), B, ROOT, ROOT), Wakeup(at(4), B))
    world.on(4.01, B, cpu=B)
    world.add(Waking(at(4.02), A, ROOT, B), Wakeup(at(4.02), A))
    timeline = world.timeline(6)
    assert row_at(timeline, track_of(timeline, A), 3.5).state is State.GIL


def test_sleeper_that_its_clock_woke_and_that_stops_again_waits_for_the_gil() -> None:
    world = three_threads()
    runs_python(world, 3, A)
    world.enter(3.02, A, Reason.SLEEP)
    world.off(3.03, A, cpu=A)
    world.add(Waking(at(4), A, 0, 0), Wakeup(at(4), A))
    world.off(4.01, ROOT, preempted=True)
    world.on(4.02, A)
    world.enter(4.025, ROOT, Reason.SLEEP)  # nobody executes when it stops
    world.off(4.03, A)
    world.on(4.04, B)
    world.say(4.05, B, wire.THREAD_START, text="b")
    world.add(Waking(at(8), A, ROOT, B), Wakeup(at(8), A))
    timeline = world.timeline(9)
    a = track_of(timeline, A)
    assert row_at(timeline, a, 3.5).reason is Reason.SLEEP
    assert row_at(timeline, a, 6).state is State.GIL


@pytest.mark.parametrize(
    ("flag", "waker", "state"),
    [
        (wire.INNER, (0, 0), State.GIL),
        (wire.INNER, (ROOT, ROOT), State.BLOCKED),
        (0, (0, 0), State.BLOCKED),
    ],
    ids=["by the clock", "by a thread", "of the queue itself"],
)
def test_no_clock_ends_the_wait_for_a_lock_inside_an_object(
    flag: int, waker: tuple[int, int], state: State
) -> None:
    world = three_threads()
    runs_python(world, 3, A)
    world.enter(3.02, A, Reason.QUEUE, 7, target=flag)
    world.off(3.03, A, cpu=A)
    world.add(Waking(at(7.1), A, *waker), Wakeup(at(7.1), A))
    timeline = world.timeline(8)
    assert row_at(timeline, track_of(timeline, A), 5).state is state


def test_what_runs_in_a_call_before_it_waits_and_after_does_not_hold_the_lock() -> None:
    world = three_threads()
    world.enter(7, ROOT, Reason.SLEEP)
    world.off(7.01, ROOT)
    world.add(Waking(at(8), ROOT, 0, 0), Wakeup(at(8), ROOT))
    world.on(8.01, ROOT)
    world.leave(8.02, ROOT, Reason.SLEEP)
    world.enter(8.03, ROOT, Reason.SLEEP)
    world.leave(8.04, ROOT, Reason.SLEEP)  # it didn't leave its CPU
    timeline = world.timeline(9)
    root = timeline.root()
    held = [row for row in timeline.of(root, State.RUNNING) if row.holder == root.id]
    assert [(row.start_ns, row.end_ns) for row in held[-2:]] == [
        (1_000_000, 7_000_000),
        (8_020_000, 9_000_000),
    ]
