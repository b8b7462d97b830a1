"""Threads where the kernel's switches are refused, and /proc is all there is."""

from __future__ import annotations

from app.timeline import wire
from app.timeline.records import StatSample, ThreadBorn, ThreadGone
from app.timeline.states import Evidence, Reason, State
from tests.fusion.world import MS, ROOT, World, assert_whole, at, row_at, rows, track_of


class Proc(World):
    """A world that is looked into now and then."""

    def __init__(self) -> None:
        super().__init__("procfs")
        self.total = [0.0, 0.0]
        self.told = False
        self.letter = "S"
        self.slices = 0

    def look(self, ms: float, letter: str, run: float = 0, wait: float = 0) -> None:
        """A look at the main thread that ran and waited so long since the look before."""
        self.add(StatSample(at(ms), ROOT, ROOT, letter, 1))
        self.total[0] += run
        self.total[1] += wait
        # It got a CPU where it had waited for one, or stood still before.
        self.slices += wait > 0 or (run > 0 and self.letter != "R")
        self.letter = letter
        if run or wait or not self.told:
            self.told = True
            self.account(ms + 0.01, ROOT, self.total[1], self.slices, self.total[0])


def test_busy_thread_is_running_and_a_crowded_one_ready() -> None:
    world = Proc()
    world.look(0, "R")
    world.look(10, "R", run=10)
    world.look(20, "R", run=10)
    world.look(30, "R")
    world.look(40, "R", run=9, wait=11)
    timeline = world.timeline(50)
    assert_whole(timeline)
    assert [row for row in rows(timeline, timeline.root()) if row[1] >= 0][-3:] == [
        ("running", 0, 20),
        ("ready", 20, 31),
        ("running", 31, 50),
    ]
    assert row_at(timeline, timeline.root(), 25).evidence is Evidence.SAMPLED


def test_thread_that_stopped_between_two_looks_ran_first() -> None:
    world = Proc()
    world.look(0, "R")
    world.look(10, "R", run=10)
    world.look(20, "S", run=4)
    world.look(30, "S")
    world.look(40, "R", run=3)
    timeline = world.timeline(50)
    assert rows(timeline, timeline.root())[-3:] == [
        ("running", 0, 14),
        ("blocked", 14, 34),  # it ran for 3 ms at least, and for 9 at most
        ("running", 34, 50),
    ]


def test_boundaries_of_a_wait_are_the_probes_where_it_tells_them() -> None:
    world = Proc()
    world.hello(1)
    world.look(5, "R", run=5)
    world.enter(12, ROOT, Reason.SLEEP, line=4)
    world.look(15, "S", run=7)
    world.look(25, "S")
    world.leave(33, ROOT, Reason.SLEEP)
    world.look(35, "R", run=2)
    timeline = world.timeline(40)
    assert_whole(timeline)
    assert ("blocked", 12, 33) in rows(timeline, timeline.root())
    row = row_at(timeline, timeline.root(), 20)
    assert (row.evidence, row.reason_evidence) == (Evidence.PROBE, Evidence.PROBE)


def test_sampled_births_and_deaths_are_merged_with_what_the_probe_said() -> None:
    world = Proc()
    world.hello(1)
    world.thread(5, 101, "worker")
    world.add(ThreadBorn(at(9), ROOT, 101, ROOT, 0, True))
    world.say(20, 101, 3)
    world.add(ThreadGone(at(28), ROOT, 101, True))
    timeline = world.timeline(40)
    assert_whole(timeline)
    track = track_of(timeline, 101)
    assert (track.name, track.start_ns, track.end_ns) == ("worker", 5 * MS, 20 * MS)


def test_sampled_zombie_and_stop_are_shown() -> None:
    world = Proc()
    world.look(0, "R")
    world.look(10, "T")
    world.look(20, "T")
    world.look(30, "R", run=5)
    world.look(40, "Z")
    world.reaped(45)
    timeline = world.timeline(60)
    assert_whole(timeline)
    states = [state for state, _, _ in rows(timeline, timeline.root())]
    assert states[-3:] == ["stopped", "running", "zombie"]


def test_without_a_scheduler_only_waits_are_known() -> None:
    world = World("none")
    world.hello(1)
    world.enter(5, ROOT, Reason.QUEUE, ROOT << 32 | 1, line=3)
    world.leave(9, ROOT, Reason.QUEUE, ROOT << 32 | 1)
    timeline = world.timeline(20)
    assert_whole(timeline)
    assert rows(timeline, timeline.root()) == [
        ("new", 0, 1),
        ("unknown", 1, 5),
        ("blocked", 5, 9),
        ("unknown", 9, 20),
    ]
    assert row_at(timeline, timeline.root(), 6).evidence is Evidence.PROBE
    assert {row.state for row in timeline.rows()} == {State.NEW, State.UNKNOWN, State.BLOCKED}


def test_thread_not_looked_at_for_long_before_its_end_is_unknown_meanwhile() -> None:
    world = Proc()
    world.look(0, "R")
    world.look(10, "R", run=10)
    world.add(ThreadGone(at(300), ROOT, ROOT, True))
    world.reaped(301)
    timeline = world.timeline(310)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[-3:] == [
        ("running", 0, 10),
        ("unknown", 10, 300),
        ("zombie", 300, 301),
    ]


def test_ready_thread_that_then_waits_for_the_gil_ran_in_between() -> None:
    world = Proc()
    world.hello(0.5)
    world.thread(0.6, 101, "other")
    world.look(5, "R", run=4.5)
    world.look(10, "R")
    world.look(20, "S", run=1, wait=10)
    timeline = world.timeline(30)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[-3:] == [
        ("ready", 5, 15),
        ("running", 15, 16),
        ("gil", 16, 30),
    ]


def test_sums_of_slices_are_those_of_the_account_though_their_order_is_not_known() -> None:
    world = Proc()
    world.look(0, "R")
    for n in range(1, 11):
        world.look(10 * n, "R", run=7, wait=3)
    timeline = world.timeline(100)
    assert_whole(timeline)
    root = timeline.root()
    assert timeline.total_ns(root, State.RUNNING) == 70 * MS + 10_000  # the account's reading
    assert timeline.total_ns(root, State.READY) == 30 * MS


def test_wait_on_a_run_queue_is_shown_once_though_it_is_counted_when_it_is_over() -> None:
    world = Proc()
    world.look(0, "R")
    world.look(10, "R", run=10)
    world.look(20, "R")  # it waits since 10 ms; the account says so only when it runs again
    world.look(30, "R")
    world.look(40, "R", run=8, wait=22)
    timeline = world.timeline(50)
    assert rows(timeline, timeline.root())[-3:] == [
        ("running", 0, 10),
        ("ready", 10, 32),
        ("running", 32, 50),
    ]


def test_statistics_go_by_the_kernels_account() -> None:
    world = Proc()
    world.hello(0.5)
    world.look(1, "R")
    world.enter(5, ROOT, Reason.LOCK, ROOT << 32 | 1)
    world.leave(6, ROOT, Reason.LOCK, ROOT << 32 | 1)
    world.enter(9, ROOT, Reason.LOCK, ROOT << 32 | 1)
    world.look(10, "S", run=6, wait=2)  # shown running: 4 ms to the first wait, 3 ms after it
    timeline = world.timeline(10.02)
    stats = timeline.stats[timeline.root().id]
    assert (stats.running_ns, stats.ready_ns) == (6 * MS, 2 * MS)


def test_end_of_a_wait_that_the_probe_told_is_ready_as_long_as_the_account_says() -> None:
    world = Proc()
    world.hello(0.5)
    world.look(1, "R")
    world.enter(5, ROOT, Reason.SLEEP, line=4)
    world.leave(33, ROOT, Reason.SLEEP)
    world.look(35, "R", run=5, wait=4)
    timeline = world.timeline(40)
    assert_whole(timeline)
    assert {("blocked", 5, 29), ("ready", 29, 33)} <= set(rows(timeline, timeline.root()))
    assert row_at(timeline, timeline.root(), 31).evidence is Evidence.INFERRED


def test_short_thread_ran_as_long_as_it_tells_at_its_end() -> None:
    world = Proc()
    world.hello(0.5)
    world.thread(10, 101, "short")
    world.say(22, 101, wire.THREAD_END, c=4 * MS)
    timeline = world.timeline(30)
    assert_whole(timeline)
    track = track_of(timeline, 101)
    assert rows(timeline, track) == [("running", 10, 14), ("unknown", 14, 22)]
    assert timeline.stats[track.id].running_ns == 4 * MS


def test_thread_that_tells_its_time_is_not_counted_again_by_a_reading_that_lags() -> None:
    world = Proc()
    world.hello(0.5)
    world.look(1, "R")
    world.look(10, "R", run=8)
    world.say(20, ROOT, wire.MAIN_END, c=19 * MS)  # of this, 8 ms are in the account
    world.look(20.5, "R", run=10)
    world.look(24, "R", run=4)
    timeline = world.timeline(24.01)
    stats = timeline.stats[timeline.root().id]
    assert stats.running_ns == 22 * MS


def test_account_of_a_zombie_tells_what_it_did_to_its_end() -> None:
    world = Proc()
    world.look(0, "R")
    world.look(10, "R", run=10)
    world.look(20, "S", run=2)
    world.account(40, ROOT, 3, 0, run=18)
    world.add(ThreadGone(at(40), ROOT, ROOT, True))
    world.reaped(41)
    timeline = world.timeline(50)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[-5:] == [
        ("running", 0, 12),
        ("blocked", 12, 31),
        ("ready", 31, 34),
        ("running", 34, 40),
        ("zombie", 40, 41),
    ]


def test_turns_follow_from_the_account_though_looks_come_at_other_times() -> None:
    world = Proc()
    world.hello(0)
    world.look(1, "R", run=0.5)
    # It runs for 4 ms and waits for 6, again and again; the kernel counts at its ticks.
    world.look(5, "R", run=3.5)
    world.look(8, "R")
    world.look(11, "R", wait=6)
    world.look(13, "R", run=2)
    world.look(17, "R", run=2)
    world.look(19.5, "R")
    world.look(21, "R", wait=6)
    timeline = world.timeline(22)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[-5:] == [
        ("running", 0, 4),
        ("ready", 4, 10),
        ("running", 10, 14),
        ("ready", 14, 20),
        ("running", 20, 22),
    ]


def test_thread_that_is_not_counted_for_longer_than_a_tick_is_ready_since() -> None:
    world = Proc()
    world.hello(0)
    world.look(1, "R", run=0.5)
    world.look(5, "R", run=3.5)
    world.look(10, "R")
    world.look(15, "R")
    world.look(17, "R")
    world.look(19, "R")
    timeline = world.timeline(20)
    assert rows(timeline, timeline.root())[-2:] == [("running", 0, 4), ("ready", 4, 20)]


def test_what_ran_inside_waits_is_taken_from_their_edges() -> None:
    world = Proc()
    world.hello(0)
    world.look(0, "R")
    world.look(0.5, "R", run=0.5)
    for n in range(1, 11):  # 0.5 ms of 1 ms each inside a wait, of which the account knows more
        world.enter(n, ROOT, Reason.PIPE, ROOT << 32 | 1)
        world.leave(n + 0.5, ROOT, Reason.PIPE, ROOT << 32 | 1)
    world.enter(11, ROOT, Reason.PIPE, ROOT << 32 | 1)
    world.look(12, "S", run=5.5 + 0.19)
    timeline = world.timeline(13)
    assert_whole(timeline)
    blocked = [row for row in rows(timeline, timeline.root()) if row[0] == "blocked"]
    assert blocked[1] == ("blocked", 2.01, 2.49)
    ran = timeline.total_ns(timeline.root(), State.RUNNING)
    assert abs(ran - (6 * MS + 190_000)) < 1_000
