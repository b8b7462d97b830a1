"""Servers outside the run: shown by messages alone, and only when nobody of the run can be it."""

from __future__ import annotations

from app.timeline import wire
from app.timeline.model import Flow
from app.timeline.states import Evidence, FlowKind, State, TrackKind
from app.timeline.timeline import Timeline
from tests.fusion.world import MS, ROOT, World

CHILD = 200
SERVER = 1 << 63 | 7


def talking() -> World:
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    return world


def messages(timeline: Timeline) -> list[tuple[TrackKind, float, TrackKind, float]]:
    def ends(flow: Flow) -> tuple[TrackKind, float, TrackKind, float]:
        one, other = timeline.tracks[flow.from_track], timeline.tracks[flow.to_track]
        return one.kind, flow.from_ns / MS, other.kind, flow.to_ns / MS

    return [ends(flow) for flow in timeline.flows if flow.kind is FlowKind.SEND_RECV]


def test_a_server_outside_is_a_track_of_messages_whose_state_nobody_knows() -> None:
    world = talking()
    world.say(3, ROOT, wire.PEER, b=SERVER, text="redis 127.0.0.1:6379")
    world.say(3, ROOT, wire.TO_PEER, b=SERVER)
    world.say(5, ROOT, wire.FROM_PEER, b=SERVER)
    timeline = world.timeline(20)
    (track,) = timeline.of_kind(TrackKind.EXTERNAL)
    assert (track.name, track.pid, track.tid, track.parent) == ("redis 127.0.0.1:6379", 0, 0, 0)
    (row,) = timeline.of(track)
    assert (row.state, row.evidence) == (State.UNKNOWN, Evidence.MISSING)
    assert (row.start_ns, row.end_ns) == (3 * MS, 20 * MS) and track.end_ns == 20 * MS
    assert messages(timeline) == [
        (TrackKind.PROCESS, 3, TrackKind.EXTERNAL, 3),
        (TrackKind.EXTERNAL, 5, TrackKind.PROCESS, 5),
    ]


def test_processes_that_talk_to_the_same_server_share_its_track() -> None:
    world = talking()
    world.new(2, CHILD, pid=CHILD)
    world.hello(2.5, CHILD, CHILD, ROOT)
    for ms, tid in ((3, ROOT), (4, CHILD)):
        world.say(ms, tid, wire.PEER, b=SERVER, text="127.0.0.1:6379", pid=tid)
        world.say(ms, tid, wire.TO_PEER, b=SERVER, pid=tid)
    timeline = world.timeline(20)
    assert len(timeline.of_kind(TrackKind.EXTERNAL)) == 1
    assert len(messages(timeline)) == 2


def test_a_process_that_does_not_record_could_be_the_server_itself() -> None:
    world = talking()
    world.new(2, CHILD, pid=CHILD)
    world.say(3, ROOT, wire.PEER, b=SERVER, text="127.0.0.1:6379")
    world.say(3, ROOT, wire.TO_PEER, b=SERVER)
    timeline = world.timeline(20)
    assert not timeline.of_kind(TrackKind.EXTERNAL) and not messages(timeline)


def test_messages_are_kept_until_the_last_process_has_begun_to_record() -> None:
    world = talking()
    world.new(2, CHILD, pid=CHILD)
    world.say(3, ROOT, wire.PEER, b=SERVER, text="127.0.0.1:6379")
    world.say(3, ROOT, wire.TO_PEER, b=SERVER)
    world.hello(4, CHILD, CHILD, ROOT)
    world.say(5, ROOT, wire.FROM_PEER, b=SERVER)
    timeline = world.timeline(20)
    (track,) = timeline.of_kind(TrackKind.EXTERNAL)
    assert track.start_ns == 3 * MS
    assert [(start, end) for _, start, _, end in messages(timeline)] == [(3, 3), (5, 5)]


def test_messages_of_a_server_whose_name_was_lost_are_left_out() -> None:
    world = talking()
    world.say(3, ROOT, wire.TO_PEER, b=SERVER)
    assert not messages(world.timeline(20))
