"""Threads by context switches: what is shown, and how it is known."""

from __future__ import annotations

import pytest

from app.timeline import wire
from app.timeline.states import Evidence, ObjectKind, Reason, State
from tests.fusion.world import MS, ROOT, World, assert_whole, row_at, rows, track_of

LOCK = ROOT << 32 | 7


def two_threads(other: int = 101) -> World:
    """The program's main thread, and one more Python thread born at 2 ms."""
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    world.new(2, other)
    return world


def test_thread_passes_through_new_running_ready_blocked_and_zombie() -> None:
    world = World()
    world.on(1, ROOT, cpu=0)
    world.hello(2)
    world.off(5, ROOT, preempted=True)
    world.on(7, ROOT, cpu=1)
    world.enter(8, ROOT, Reason.SLEEP, line=3)
    world.off(9, ROOT, cpu=1)
    world.on(20, ROOT)
    world.leave(21, ROOT, Reason.SLEEP)
    world.exit(30, ROOT)
    world.reaped(33)
    timeline = world.timeline(40)
    assert_whole(timeline)
    root = timeline.root()
    assert rows(timeline, root) == [
        ("new", 0, 1),
        ("running", 1, 5),
        ("ready", 5, 7),
        ("running", 7, 9),
        ("blocked", 9, 20),
        ("running", 20, 30),
        ("zombie", 30, 33),
    ]
    sleep = row_at(timeline, root, 10)
    assert (sleep.reason, sleep.line) == (Reason.SLEEP, 3)
    assert (sleep.evidence, sleep.reason_evidence) == (Evidence.KERNEL, Evidence.PROBE)
    assert [row.cpu for row in timeline.of(root, State.RUNNING)] == [0, 1, 0]
    stats = timeline.stats[root.id]
    assert (stats.voluntary, stats.involuntary) == (1, 1)
    assert (stats.running_ns, stats.ready_ns, stats.blocked_ns) == (
        16_000_000,
        2_000_000,
        11_000_000,
    )


def test_blocked_thread_without_any_evidence_has_a_missing_reason() -> None:
    world = World()
    world.on(1, ROOT)
    world.hello(2)
    world.off(5, ROOT)
    world.on(8, ROOT)
    timeline = world.timeline(10)
    row = row_at(timeline, timeline.root(), 6)
    assert (row.state, row.reason) == (State.BLOCKED, Reason.OTHER)
    assert row.reason_evidence is Evidence.MISSING
    assert row.object == 0


def test_blocked_thread_of_a_foreign_program_shows_its_system_call() -> None:
    world = World()
    world.on(1, ROOT)
    world.off(5, ROOT)
    world.syscall(6, ROOT, "read", "pipe")
    world.on(8, ROOT)
    world.off(9, ROOT)
    timeline = world.timeline(10)
    row = row_at(timeline, timeline.root(), 6)
    assert (row.state, row.reason, row.reason_evidence) == (
        State.BLOCKED, Reason.PIPE, Evidence.SAMPLED,
    )  # fmt: skip
    assert timeline.objects[row.object].name == "read"
    later = row_at(timeline, timeline.root(), 9.5)
    assert (later.reason, later.object) == (Reason.OTHER, 0)


def test_python_thread_stopped_beside_a_running_one_waits_for_the_gil() -> None:
    world = two_threads()
    world.on(2.5, 101, cpu=1)
    world.thread(3, 101, "worker")
    world.off(4, 101, cpu=1)
    world.on(9, 101, cpu=1)
    timeline = world.timeline(12)
    assert_whole(timeline)
    worker = track_of(timeline, 101)
    row = row_at(timeline, worker, 5)
    assert (row.state, row.evidence) == (State.GIL, Evidence.INFERRED)
    assert row.holder == timeline.root().id


def test_thread_of_a_build_without_gil_never_waits_for_it() -> None:
    world = World()
    world.on(1, ROOT)
    world.say(1.1, ROOT, 1, 3 << 8 | 13, b=1, text="CPython")
    world.new(2, 101)
    world.on(2.5, 101, cpu=1)
    world.thread(3, 101, "worker")
    world.off(4, 101, cpu=1)
    world.on(9, 101, cpu=1)
    timeline = world.timeline(12)
    assert row_at(timeline, track_of(timeline, 101), 5).state is State.BLOCKED


def test_thread_stopped_while_all_others_wait_is_not_said_to_want_the_gil() -> None:
    world = two_threads()
    world.enter(2.1, ROOT, Reason.JOIN, line=9, target=101)
    world.off(2.2, ROOT)
    world.on(2.5, 101, cpu=1)
    world.thread(3, 101, "worker")
    world.off(4, 101, cpu=1)
    world.on(9, 101, cpu=1)
    timeline = world.timeline(12)
    row = row_at(timeline, track_of(timeline, 101), 5)
    assert (row.state, row.reason_evidence) == (State.BLOCKED, Evidence.MISSING)


def test_sampled_futex_of_the_runtime_makes_it_a_wait_for_the_gil_inside_an_operation() -> None:
    world = two_threads()
    world.on(2.5, 101, cpu=1)
    world.thread(3, 101, "worker")
    world.enter(4, 101, Reason.QUEUE, LOCK, line=5)
    world.off(4.1, 101, cpu=1)
    world.syscall(6, 101, "futex", "gil")
    world.on(9, 101, cpu=1)
    timeline = world.timeline(12)
    row = row_at(timeline, track_of(timeline, 101), 5)
    assert (row.state, row.evidence, row.reason_evidence) == (
        State.GIL, Evidence.KERNEL, Evidence.SAMPLED,
    )  # fmt: skip


def test_sleeper_that_woke_and_stops_again_wants_the_gil() -> None:
    world = two_threads()
    world.on(2.5, 101, cpu=1)
    world.thread(3, 101, "worker")
    world.enter(4, 101, Reason.SLEEP, line=5)
    world.off(4.1, 101, cpu=1)
    world.on(9, 101, cpu=1)
    world.off(9.1, 101, cpu=1)
    world.on(11, 101, cpu=1)
    world.leave(11.1, 101, Reason.SLEEP)
    timeline = world.timeline(12)
    assert rows(timeline, track_of(timeline, 101))[1:] == [
        ("running", 2.5, 4.1),
        ("blocked", 4.1, 9),
        ("running", 9, 9.1),
        ("gil", 9.1, 11),
        ("running", 11, 12),
    ]


def test_blocked_slice_is_split_where_the_run_queue_says_that_it_was_ready() -> None:
    world = World()
    world.on(1, ROOT)
    world.account(2, ROOT, wait=0.5, slices=1)
    world.off(5, ROOT)
    world.on(20, ROOT)
    world.account(21, ROOT, wait=3.5, slices=2)
    timeline = world.timeline(30)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[2:4] == [("blocked", 5, 17), ("ready", 17, 20)]
    assert row_at(timeline, timeline.root(), 18).evidence is Evidence.INFERRED


def test_split_leaves_out_the_preemptions_that_were_seen() -> None:
    world = World()
    world.on(1, ROOT)
    world.account(2, ROOT, wait=0, slices=1)
    world.off(3, ROOT, preempted=True)
    world.on(5, ROOT)
    world.off(6, ROOT)
    world.on(20, ROOT)
    world.account(21, ROOT, wait=3, slices=3)
    timeline = world.timeline(30)
    assert ("ready", 19, 20) in rows(timeline, timeline.root())


def test_unknown_waits_between_readings_share_what_the_account_tells() -> None:
    world = World()
    world.on(1, ROOT)
    world.account(2, ROOT, wait=0, slices=1)
    world.off(5, ROOT)
    world.on(20, ROOT)
    world.off(21, ROOT)
    world.on(27, ROOT)
    world.account(28, ROOT, wait=11, slices=3)
    timeline = world.timeline(30)
    assert_whole(timeline)
    # Both stopped for 5 ms; the rest, 11 ms in sum, they were ready.
    assert rows(timeline, timeline.root())[2:] == [
        ("blocked", 5, 10), ("ready", 10, 20), ("running", 20, 21),
        ("blocked", 21, 26), ("ready", 26, 27), ("running", 27, 30),
    ]  # fmt: skip
    assert timeline.stats[timeline.root().id].ready_ns == 11 * MS


#: The pipe of ``world_with_sender``.
PIPE = ROOT << 32 | 5


def world_with_sender() -> World:
    """The main thread runs since 1 ms, its account is known, and another one sends to it."""
    world = World()
    world.on(1, ROOT)
    world.hello(1.5)
    world.account(2, ROOT, wait=0, slices=1)
    world.new(3, 101)
    world.thread(3.5, 101, "sender")
    world.object(3.6, 101, ObjectKind.PIPE, PIPE)
    return world


def test_wait_that_a_message_ended_was_ready_no_longer_than_since() -> None:
    world = world_with_sender()
    world.off(5, ROOT)
    world.say(19, 101, wire.SEND, b=PIPE)
    world.on(20, ROOT)
    world.say(20.5, ROOT, wire.RECV, b=PIPE)
    world.off(21, ROOT)
    world.on(27, ROOT)
    world.account(28, ROOT, wait=4, slices=3)
    timeline = world.timeline(30)
    ready = [row for row in rows(timeline, timeline.root()) if row[0] == "ready"]
    # The message is told a little after it was written.
    assert ready == [("ready", 18.99, 20), ("ready", 24.01, 27)]


def test_waits_for_messages_that_are_told_late_share_what_the_account_tells() -> None:
    """Each message is told 4 us after it woke its reader, by when some readers run already."""
    world = world_with_sender()
    woken = [0.020, 0.002, 0.030, 0.001]  # ms on the run queue
    for n, ready in enumerate(woken):
        came = 10 + n
        world.off(came - 0.5, ROOT)
        world.on(came, ROOT)
        world.say(came - ready + 0.004, 101, wire.SEND, b=PIPE)
        world.say(came + 0.006, ROOT, wire.RECV, b=PIPE)
    world.account(20, ROOT, wait=sum(woken), slices=1 + len(woken))
    timeline = world.timeline(30)
    waits = [row for row in rows(timeline, timeline.root()) if row[0] == "ready"]
    assert [start for _, start, _ in waits[::2]] == pytest.approx([9.98, 11.97], abs=0.002)
    # Of a message that is told when its reader runs, it is known that the wait was short.
    assert all(end - start < 0.005 for _, start, end in waits[1::2])


def test_reading_that_raced_with_a_switch_splits_nothing() -> None:
    world = World()
    world.on(1, ROOT)
    world.account(2, ROOT, wait=0, slices=1)
    world.off(5, ROOT)
    world.on(20, ROOT)
    world.account(21, ROOT, wait=3, slices=3)
    timeline = world.timeline(30)
    assert ("blocked", 5, 20) in rows(timeline, timeline.root())


def test_reading_after_one_that_raced_tells_what_that_could_not() -> None:
    world = World()
    world.on(1, ROOT)
    world.account(2, ROOT, wait=0, slices=1)
    world.off(5, ROOT)
    world.on(20, ROOT)
    world.account(21, ROOT, wait=3, slices=3)
    world.account(23, ROOT, wait=3, slices=2)
    timeline = world.timeline(30)
    assert {("blocked", 5, 17), ("ready", 17, 20)} <= set(rows(timeline, timeline.root()))


def test_held_slices_are_let_go_when_no_reading_comes() -> None:
    world = World()
    world.on(1, ROOT)
    world.account(2, ROOT, wait=0, slices=1)
    world.off(5, ROOT)
    world.on(20, ROOT)
    early = world.timeline(200, [21])
    assert ("blocked", 5, 20) in rows(early, early.root())


def test_impossible_switch_becomes_a_gap_and_is_counted() -> None:
    world = World()
    world.on(1, ROOT)
    world.off(5, ROOT)
    world.off(9, ROOT)
    world.on(12, ROOT)
    timeline = world.timeline(15)
    assert_whole(timeline)
    assert rows(timeline, timeline.root()) == [
        ("new", 0, 1),
        ("running", 1, 5),
        ("unknown", 5, 9),
        ("blocked", 9, 12),
        ("running", 12, 15),
    ]
    assert row_at(timeline, timeline.root(), 6).evidence is Evidence.MISSING
