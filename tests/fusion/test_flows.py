"""Items and messages: which put fed which get."""

from __future__ import annotations

from app.fusion import Fusion
from app.timeline import wire
from app.timeline.states import FlowKind, ObjectKind, Reason
from app.timeline.timeline import Timeline
from tests.fusion.world import MS, ROOT, World, at, track_of

PIPE, POOL, FUTURE = (ROOT << 32 | number for number in (2, 3, 4))
QUEUE = 1 << 63 | 1  # shared by processes
CHILD = 200


def arrows(timeline: Timeline, kind: FlowKind) -> list[tuple[int, float, int, float]]:
    """(tid, ms) at both ends."""
    tids = {track.id: track.tid for track in timeline.tracks.values()}
    return [
        (tids[flow.from_track], flow.from_ns / MS, tids[flow.to_track], flow.to_ns / MS)
        for flow in timeline.flows
        if flow.kind is kind
    ]


def world_with(*tids: int) -> World:
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    for tid in tids:
        world.new(2, tid, pid=CHILD if tid >= CHILD else ROOT)
    return world


def test_items_of_a_queue_are_matched_by_key_in_order() -> None:
    world = world_with(101, 102)
    world.object(3, ROOT, ObjectKind.QUEUE, QUEUE, name="jobs")
    world.say(4, 101, wire.PUT, b=QUEUE, c=77)
    world.say(5, 101, wire.PUT, b=QUEUE, c=88)
    world.say(6, 101, wire.PUT, b=QUEUE, c=77)
    for ms, key in ((7, 77), (8, 88), (9, 77), (10, 99)):
        world.say(ms, 102, wire.GET, b=QUEUE, c=key)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.PUT_GET) == [
        (101, 4, 102, 7),
        (101, 5, 102, 8),
        (101, 6, 102, 9),
    ]
    assert timeline.objects[timeline.flows[-1].object].name == "jobs"


def test_items_of_a_process_queue_are_matched_through_its_pipe() -> None:
    world = world_with(101, CHILD)
    world.say(4, ROOT, wire.PUT, b=QUEUE, c=1)
    world.say(5, ROOT, wire.PUT, b=QUEUE, c=2)
    world.say(5.5, CHILD, wire.PUT, b=QUEUE, c=1, pid=CHILD)
    world.say(6, CHILD, wire.SEND, b=PIPE, c=10, pid=CHILD)
    world.say(7, 101, wire.SEND, b=PIPE, c=10)
    world.say(8, 101, wire.SEND, b=PIPE, c=10)
    for ms in (10, 11, 12):
        world.say(ms, CHILD, wire.RECV, b=PIPE, c=10, pid=CHILD)
        world.leave(ms + 0.05, CHILD, Reason.QUEUE, QUEUE, pid=CHILD)
        world.say(ms + 0.1, CHILD, wire.GET, b=QUEUE, c=500, pid=CHILD)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.PUT_GET) == [
        (CHILD, 5.5, CHILD, 10.1),
        (ROOT, 4, CHILD, 11.1),
        (ROOT, 5, CHILD, 12.1),
    ]
    assert not arrows(timeline, FlowKind.SEND_RECV)


def test_item_that_is_through_the_pipe_before_its_put_was_told_shifts_no_other() -> None:
    world = world_with(101, CHILD)
    for ms in (4, 6):
        world.say(ms, 101, wire.SEND, b=QUEUE, c=10)
        world.say(ms + 0.1, CHILD, wire.RECV, b=QUEUE, c=10, pid=CHILD)
        world.say(ms + 0.2, CHILD, wire.GET, b=QUEUE, pid=CHILD)
        world.say(ms + 0.3, ROOT, wire.PUT, b=QUEUE)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.PUT_GET) == [(ROOT, 4.2, CHILD, 4.2), (ROOT, 6.2, CHILD, 6.2)]


def test_messages_of_a_pipe_are_matched_in_order_even_when_the_send_is_told_late() -> None:
    world = world_with(CHILD)
    world.say(4, ROOT, wire.SEND, b=PIPE, c=10)
    world.say(6, CHILD, wire.RECV, b=PIPE, c=10, pid=CHILD)
    world.say(7, CHILD, wire.RECV, b=PIPE, c=10, pid=CHILD)
    world.say(7.1, ROOT, wire.SEND, b=PIPE, c=10)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.SEND_RECV) == [(ROOT, 4, CHILD, 6), (ROOT, 7, CHILD, 7)]


def test_message_of_a_plain_pipe_is_told_at_once() -> None:
    world = world_with(CHILD)
    world.object(3, ROOT, ObjectKind.PIPE, PIPE, name="ping")
    world.say(4, ROOT, wire.SEND, b=PIPE, c=10)
    world.say(6, CHILD, wire.RECV, b=PIPE, c=10, pid=CHILD)
    fusion = Fusion(world.facts)
    fusion.feed(world.log)
    assert [flow.to_ns for flow in fusion.advance(at(6)).flows][-1] == 6 * MS


def test_submitted_call_leads_to_the_worker_and_its_result_to_the_waiter() -> None:
    world = world_with(101)
    world.object(3, ROOT, ObjectKind.POOL, POOL, name="pool")
    world.say(4, ROOT, wire.SUBMIT, a=9, b=FUTURE, c=POOL, text="work")
    world.say(5, 101, wire.FUTURE_RUN, b=FUTURE)
    world.enter(6, ROOT, Reason.FUTURE, FUTURE, line=10)
    world.say(9, 101, wire.FUTURE_DONE, b=FUTURE)
    world.leave(9.5, ROOT, Reason.FUTURE, FUTURE)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.PUT_GET) == [(ROOT, 4, 101, 5)]
    assert arrows(timeline, FlowKind.RELEASE) == [(101, 9, ROOT, 9.5)]


def test_event_set_releases_every_waiter() -> None:
    world = world_with(101, 102)
    event = ROOT << 32 | 9
    for tid in (101, 102):
        world.enter(3, tid, Reason.EVENT, event)
    world.say(5, ROOT, wire.NOTIFY, b=event, c=2)
    for tid in (101, 102):
        world.leave(6, tid, Reason.EVENT, event)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.RELEASE) == [(ROOT, 5, 101, 6), (ROOT, 5, 102, 6)]


def test_each_notify_lets_those_go_on_who_have_waited_longest() -> None:
    world = world_with(101, 102, 103, 104)
    condition = ROOT << 32 | 9
    for n, tid in enumerate((102, 101, 104, 103)):
        world.enter(2 + n / 10, tid, Reason.CONDITION, condition)
    world.say(5, ROOT, wire.NOTIFY, b=condition, c=1)
    world.say(6, ROOT, wire.NOTIFY, b=condition, c=2)
    world.leave(7, 101, Reason.CONDITION, condition)  # who gets the lock first is another matter
    world.leave(8, 102, Reason.CONDITION, condition)
    world.leave(9, 104, Reason.CONDITION, condition)
    world.say(10, ROOT, wire.NOTIFY, b=condition, c=1)
    world.leave(11, 103, Reason.CONDITION, condition)
    timeline = world.timeline(20)
    assert sorted(arrows(timeline, FlowKind.RELEASE)) == [
        (ROOT, 5, 102, 8),
        (ROOT, 6, 101, 7),
        (ROOT, 6, 104, 9),
        (ROOT, 10, 103, 11),
    ]


def test_thread_start_without_a_kernel_witness_still_has_its_arrow() -> None:
    world = World("none")
    thread = ROOT << 32 | 9
    world.hello(1)
    world.say(2, ROOT, wire.THREAD_SPAWN, a=4, b=thread)
    world.thread(3, 101, "worker", obj=thread)
    timeline = world.timeline(20)
    assert arrows(timeline, FlowKind.SPAWN) == [(ROOT, 2, 101, 3)]
    assert track_of(timeline, 101).name == "worker"
