"""What counts as running by the switches, and not by the kernel's account of CPU time."""

from __future__ import annotations

import pytest

from app.timeline import wire
from app.timeline.frames import Frame, decode, encode
from app.timeline.heads import frame_of
from app.timeline.model import Batch, Stolen
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import CpuStolen, Dropped, SchedStat, ThreadBorn
from app.timeline.timeline import Timeline
from tests.fusion.world import MS, ROOT, START, World, at
from tests.merging import merge

TID = 200


def account(ms: float, run_ms: float, slices: int, tid: int = TID) -> SchedStat:
    return SchedStat(at(ms), ROOT, tid, int(run_ms * MS), 0, slices)


def threads_stats(made: World) -> tuple[int, int | None]:
    timeline = made.timeline(300)
    (track,) = (track for track in timeline.tracks.values() if track.tid == TID)
    stats = timeline.stats[track.id]
    return stats.running_ns, stats.uncounted_ns


def ran(made: World) -> None:
    """A thread that ran from 10 to 40 and from 50 to 70, by its switches."""
    made.add(ThreadBorn(at(10), ROOT, TID, ROOT, ROOT))
    made.on(10, TID)
    made.off(40, TID)
    made.on(50, TID)
    made.off(70, TID)


def test_running_that_the_account_has_not_is_told() -> None:
    made = World()
    ran(made)
    made.add(account(75, 42, 2))
    assert threads_stats(made) == (50 * MS, 8 * MS)


@pytest.mark.parametrize("counted_ms", [50, 49, 51, 60])
def test_account_that_has_it_all_but_for_the_clocks_leaves_nothing(counted_ms: int) -> None:
    made = World()
    ran(made)
    made.add(account(75, counted_ms, 2))
    assert threads_stats(made) == (50 * MS, 0)


def test_thread_that_reads_its_own_account_at_its_end_is_compared() -> None:
    made = World()
    ran(made)
    made.on(80, TID)
    made.add(ProbeRecord(at(100), ROOT, TID, 1, wire.THREAD_END, 0, 0, 0, 30 * MS, ""))
    assert threads_stats(made)[1] == 40 * MS


def test_account_of_a_thread_that_was_there_before_counts_from_its_first_reading() -> None:
    made = World()
    made.on(10, ROOT)
    made.off(40, ROOT)
    made.add(account(45, 1000, 7, tid=ROOT))
    made.on(50, ROOT)
    made.off(90, ROOT)
    made.add(account(95, 1030, 8, tid=ROOT))
    timeline = made.timeline(300)
    assert timeline.stats[timeline.root().id].uncounted_ns == 10 * MS


def test_reading_while_it_runs_or_that_raced_with_a_switch_is_not_taken() -> None:
    made = World()
    ran(made)
    made.add(account(70.05, 20, 2))  # it may be of the time before the switch
    made.on(80, TID)
    made.add(account(85, 20, 3))  # it runs: the kernel counts at ticks
    made.off(90, TID)
    made.add(account(95, 20, 4))  # one switch-in more than we heard of
    assert threads_stats(made) == (60 * MS, None)


def test_lost_switches_leave_nothing_to_compare() -> None:
    made = World()
    ran(made)
    made.add(account(75, 42, 2))
    made.add(Dropped(at(80), "perf", 10, since=at(76)))
    assert threads_stats(made)[1] is None


def test_sampled_running_is_the_accounts_own_and_not_compared() -> None:
    made = World("procfs")
    made.add(ThreadBorn(at(10), ROOT, TID, ROOT, ROOT, sampled=True))
    made.add(account(20, 1, 2), account(40, 15, 9))
    assert threads_stats(made)[1] is None


def test_stolen_time_goes_through_frames_snapshots_and_json() -> None:
    made = World()
    made.on(1, ROOT)
    made.add(CpuStolen(at(100), START - 5, 1, 10 * MS), CpuStolen(at(200), at(100), 0, 30 * MS))
    stolen = [Stolen(1, 0, 100 * MS, 10 * MS), Stolen(0, 100 * MS, 200 * MS, 30 * MS)]
    assert made.timeline(300).stolen == stolen
    frames = [decode(encode(frame_of(Batch(stolen=[item]), seq, seq))) for seq, item in
              enumerate(stolen)]  # fmt: skip
    assert Timeline(frames).stolen == stolen
    snapshot: Frame = decode(encode(merge(frames)))
    assert Timeline([snapshot]).stolen == stolen
    assert Timeline([snapshot]).to_json()["stolen"][1] == {
        "cpu": 0, "start_ns": 100 * MS, "end_ns": 200 * MS, "stolen_ns": 30 * MS,
    }  # fmt: skip


def test_stats_of_an_older_recording_say_nothing_of_the_account() -> None:
    value = {"track": 1, "running_ns": 5, "ready_ns": 0, "blocked_ns": 0, "gil_ns": 0,
             "voluntary": 0, "involuntary": 0}  # fmt: skip
    timeline = Timeline([Frame(0, 0, {"stats": [value]}, [], [])])
    assert timeline.stats[1].uncounted_ns is None
