"""How tracks end, who started them, and the arrows of that."""

from __future__ import annotations

import signal

import pytest

from app.timeline import wire
from app.timeline.model import Ending
from app.timeline.records import Limit, SignalSent, StatSample
from app.timeline.states import Cause, Evidence, Reason, State
from tests.fusion.world import ROOT, World, assert_whole, at, row_at, rows, track_of

CHILD = 200
OBJ = ROOT << 32 | 5


def family(daemon: bool = False) -> World:
    """The program and a child process that multiprocessing started."""
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    world.say(2, ROOT, wire.PROCESS_SPAWN, int(daemon), 7, OBJ, text="Process-1")
    world.new(2.5, CHILD, pid=CHILD)
    world.say(2.6, ROOT, wire.PROCESS_SPAWNED, a=CHILD, b=OBJ)
    world.on(3, CHILD, cpu=1, pid=CHILD)
    world.hello(3.1, CHILD, pid=CHILD, parent=ROOT)
    world.say(3.2, CHILD, wire.PROCESS_NAME, int(daemon), b=OBJ, text="Process-1", pid=CHILD)
    return world


def test_child_process_has_its_name_parent_and_an_arrow_from_start() -> None:
    timeline = family(daemon=True).timeline(10)
    child = track_of(timeline, CHILD)
    assert (child.name, child.daemon, child.parent) == ("Process-1", True, timeline.root().id)
    (flow,) = timeline.flows
    assert (flow.kind.word, flow.from_ns, flow.to_ns) == ("spawn", 2_000_000, 2_500_000)
    assert timeline.root().name == "program.py"
    assert timeline.root().python == "CPython 3.11"


def test_child_of_a_fork_server_keeps_its_kernel_parent_and_gets_the_arrow_of_its_starter() -> None:
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    world.new(1.5, 150, pid=150)
    world.say(2, ROOT, wire.PROCESS_SPAWN, 0, 7, OBJ, text="Process-1")
    world.new(2.5, CHILD, pid=CHILD, by=150, of=150)
    world.say(3, ROOT, wire.PROCESS_SPAWNED, a=CHILD, b=OBJ)
    timeline = world.timeline(10)
    child = track_of(timeline, CHILD)
    assert child.parent == track_of(timeline, 150).id
    froms = [flow.from_track for flow in timeline.flows if flow.to_track == child.id]
    assert froms == [track_of(timeline, 150).id, timeline.root().id]


def test_process_is_a_zombie_from_its_exit_to_its_reaping() -> None:
    world = family()
    world.exit(20, CHILD, pid=CHILD)
    world.reaped(35, CHILD, status=0)
    timeline = world.timeline(40)
    assert_whole(timeline)
    child = track_of(timeline, CHILD)
    assert rows(timeline, child)[-1] == ("zombie", 20, 35)
    assert child.end == Ending(Cause.RETURNED, 0)


def test_process_exit_codes_signals_and_exceptions_are_told() -> None:
    cases = [
        (None, 3 << 8, Ending(Cause.EXIT, 3)),
        ((wire.PROCESS_END, 1, "ValueError"), 1 << 8, Ending(Cause.RAISED, 1, None, "ValueError")),
        ((wire.PROCESS_END, 2, ""), 0, Ending(Cause.EXIT, 0)),
        (None, signal.SIGKILL, Ending(Cause.SIGNAL, None, "SIGKILL")),
        (None, signal.SIGSEGV | 0x80, Ending(Cause.SIGNAL, None, "SIGSEGV")),
        (None, None, Ending(Cause.UNKNOWN)),
    ]
    for told, status, ending in cases:
        world = family()
        if told:
            world.say(15, CHILD, told[0], told[1], text=told[2], pid=CHILD)
        world.exit(20, CHILD, pid=CHILD)
        world.reaped(25, CHILD, status=status)
        assert track_of(world.timeline(40), CHILD).end == ending


def test_sender_of_the_signal_that_killed_is_told_by_the_kernel_where_it_saw_it() -> None:
    for sender, pid, expected in ((101, ROOT, 101), (77, 7, 0), (0, 0, None), (101, 7, 0)):
        world = family()
        world.thread(2, 101, "killer")
        world.add(SignalSent(at(17), CHILD, signal.SIGTERM, ROOT, ROOT))  # it has a handler
        world.add(SignalSent(at(18), CHILD, signal.SIGKILL, pid, sender))
        world.exit(20, CHILD, pid=CHILD)
        world.reaped(25, CHILD, status=signal.SIGKILL)
        timeline = world.timeline(40)
        known = track_of(timeline, expected).id if expected else expected
        assert track_of(timeline, CHILD).end == Ending(Cause.SIGNAL, None, "SIGKILL", None, known)
        arrows = [flow for flow in timeline.flows if flow.kind.word == "signal"]
        assert [(flow.from_track, flow.from_ns) for flow in arrows] == (
            [(known, 18_000_000)] if expected else []
        )


def test_daemon_process_ended_by_its_parent_is_told_apart_from_a_plain_signal() -> None:
    for flag, cause in ((1, Cause.DAEMON), (0, Cause.SIGNAL)):
        world = family(daemon=True)
        world.say(18, ROOT, wire.KILL, signal.SIGTERM, CHILD, flag)
        world.exit(20, CHILD, pid=CHILD)
        world.reaped(25, CHILD, status=signal.SIGTERM)
        timeline = world.timeline(40)
        sender = timeline.root().id if cause is Cause.SIGNAL else None
        assert track_of(timeline, CHILD).end == Ending(cause, signal="SIGTERM", sender=sender)
        (flow,) = [flow for flow in timeline.flows if flow.kind.word == "signal"]
        assert (flow.from_ns, flow.to_ns) == (18_000_000, 20_000_000)


def test_join_of_a_process_draws_an_arrow_from_its_exit() -> None:
    world = family()
    world.enter(10, ROOT, Reason.JOIN, OBJ, line=9, target=CHILD)
    world.off(10.1, ROOT)
    world.exit(20, CHILD, pid=CHILD)
    world.on(20.5, ROOT)
    world.say(21, ROOT, wire.REAPED, a=CHILD, b=0)
    world.leave(21.1, ROOT, Reason.JOIN, OBJ)
    timeline = world.timeline(30)
    child = track_of(timeline, CHILD)
    (flow,) = [flow for flow in timeline.flows if flow.kind.word == "join"]
    assert (flow.from_track, flow.from_ns, flow.to_ns) == (child.id, 20_000_000, 21_100_000)
    assert child.end_ns == 21_000_000
    blocked = row_at(timeline, timeline.root(), 15)
    assert timeline.objects[blocked.object].name == "Process-1"


def test_thread_returned_raised_or_vanished_with_its_process() -> None:
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    for tid in (101, 102, 103):
        world.new(2, tid)
        world.on(2.5, tid, cpu=1)
        world.thread(3, tid, f"t{tid}", daemon=tid == 103)
    world.say(5, 101, wire.THREAD_END, 0)
    world.exit(6, 101)
    world.say(5, 102, wire.THREAD_END, 1, text="KeyError")
    world.exit(6, 102)
    world.exit(9, 103)
    world.exit(10, ROOT)
    world.reaped(11)
    timeline = world.timeline(20)
    assert_whole(timeline)
    assert track_of(timeline, 101).end == Ending(Cause.RETURNED)
    assert track_of(timeline, 102).end == Ending(Cause.RAISED, exception="KeyError")
    assert track_of(timeline, 103).end == Ending(Cause.WITH_PROCESS)
    assert track_of(timeline, 103).daemon


def test_thread_without_a_told_end_long_before_its_process_has_an_unknown_one() -> None:
    world = World()
    world.on(1, ROOT)
    world.new(2, 101)
    world.exit(9, 101)
    world.exit(500, ROOT)
    assert track_of(world.timeline(600), 101).end == Ending(Cause.UNKNOWN)


def test_tid_that_is_used_again_is_another_track() -> None:
    world = World()
    world.on(1, ROOT)
    for start in (10, 20):
        world.new(start, 101)
        world.on(start + 1, 101, cpu=1)
        world.exit(start + 5, 101)
    timeline = world.timeline(30)
    assert_whole(timeline)
    assert [(t.start_ns, t.end_ns) for t in timeline.tracks.values() if t.tid == 101] == [
        (10_000_000, 15_000_000),
        (20_000_000, 25_000_000),
    ]


def test_end_of_the_run_closes_every_track() -> None:
    world = family()
    world.off(5, ROOT)
    timeline = world.timeline(50, [4, 6, 30])
    assert_whole(timeline)
    assert {track.end_ns for track in timeline.tracks.values()} == {50_000_000}


def test_limit_of_the_worker_is_a_finding() -> None:
    world = World()
    world.add(Limit(at(30), "wall", 30_000))
    (finding,) = world.timeline(40).findings.values()
    assert (finding.kind, finding.facts) == ("limit", {"name": "wall", "value": 30_000})


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("stopped", Ending(Cause.STOPPED, signal="SIGKILL")),
        ("wall", Ending(Cause.LIMIT, signal="SIGKILL", limit="wall")),
        ("disk", Ending(Cause.LIMIT, signal="SIGKILL", limit="disk")),
    ],
)
def test_what_the_worker_kills_ended_with_the_run(name: str, ending: Ending) -> None:
    world = family()
    world.add(Limit(at(30), name, 1))
    world.add(SignalSent(at(31), CHILD, 9, 77, 77))  # the guard, from outside the run
    for tid in (CHILD, ROOT):
        world.exit(32, tid, pid=tid)
        world.reaped(33, tid, status=9)
    timeline = world.timeline(40)
    assert {track.end for track in timeline.tracks.values()} == {ending}


def test_what_was_killed_before_the_run_was_stopped_has_a_signal_for_its_cause() -> None:
    world = family()
    world.exit(20, CHILD, pid=CHILD)
    world.reaped(21, CHILD, status=9)
    world.add(Limit(at(30), "stopped", 0))
    world.exit(32, ROOT)
    world.reaped(33, ROOT, status=9)
    timeline = world.timeline(40)
    assert track_of(timeline, CHILD).end == Ending(Cause.SIGNAL, signal="SIGKILL")
    assert timeline.root().end == Ending(Cause.STOPPED, signal="SIGKILL")


def test_child_killed_by_its_parent_as_the_run_ends_has_the_parent_for_its_killer() -> None:
    world = family()
    world.add(Limit(at(30), "stopped", 0), SignalSent(at(30.5), CHILD, 9, ROOT, ROOT))
    world.exit(31, CHILD, pid=CHILD)
    world.reaped(32, CHILD, status=9)
    timeline = world.timeline(40)
    end = track_of(timeline, CHILD).end
    assert end == Ending(Cause.SIGNAL, signal="SIGKILL", sender=timeline.root().id)


def test_kernels_kill_for_memory_is_noticed_after_it_happened() -> None:
    world = family()
    world.exit(20, CHILD, pid=CHILD)
    world.reaped(21, CHILD, status=9)
    world.add(Limit(at(500), "memory", 64 << 20))
    end = track_of(world.timeline(600), CHILD).end
    assert end == Ending(Cause.LIMIT, signal="SIGKILL", limit="memory")


def test_program_that_ended_by_itself_as_the_run_was_stopped_keeps_its_own_end() -> None:
    world = family()
    world.add(Limit(at(30), "stopped", 0))
    world.exit(31, ROOT)
    world.reaped(32, ROOT, status=3 << 8)
    end = world.timeline(40).root().end
    assert end is not None
    assert (end.cause, end.code) == (Cause.EXIT, 3)


def test_stopped_process_is_seen_in_proc() -> None:
    world = family()
    world.off(5, CHILD, cpu=1, pid=CHILD)
    world.add(StatSample(at(8), CHILD, CHILD, "T", 0))
    world.on(20, CHILD, cpu=1, pid=CHILD)
    timeline = world.timeline(30)
    assert ("stopped", 5, 20) in rows(timeline, track_of(timeline, CHILD))


def test_stop_that_the_switch_itself_tells_needs_no_look_and_is_the_kernels_word() -> None:
    world = family()
    world.off(5, CHILD, cpu=1, pid=CHILD, stopped=True)
    world.add(StatSample(at(8), CHILD, CHILD, "T", 0))
    world.on(9, CHILD, cpu=1, pid=CHILD)
    world.off(12, CHILD, cpu=1, pid=CHILD)
    world.on(20, CHILD, cpu=1, pid=CHILD)
    timeline = world.timeline(30)
    child = track_of(timeline, CHILD)
    assert ("stopped", 5, 9) in rows(timeline, child)
    assert [row.evidence for row in timeline.of(child, State.STOPPED)] == [Evidence.KERNEL]
    assert ("blocked", 12, 20) in rows(timeline, child)
