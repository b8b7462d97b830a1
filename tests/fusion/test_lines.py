"""What a line that was seen says, and of which slice."""

from __future__ import annotations

from app.fusion.threads.operations import SEEN_NS
from app.timeline import wire
from app.timeline.model import Seen
from app.timeline.records import LineSample
from app.timeline.states import Reason
from app.timeline.timeline import Timeline
from tests.fusion.world import MS, ROOT, World, assert_whole, at, row_at


class Looked(World):
    """A world whose threads' lines are looked at; a look takes ``took`` ms."""

    def line(
        self, ms: float, line: int, tid: int = ROOT, took: float = 0.02, file: str = ""
    ) -> None:
        path = f"/home/{file or 'program.py'}"
        self.add(LineSample(at(ms), at(ms - took), ROOT, tid, path, line))

    def running(self) -> None:
        self.on(0, ROOT)
        self.hello(0.1)


def seen(timeline: Timeline) -> list[tuple[float, int]]:
    return [(item.ns / MS, item.line) for item in timeline.seen.get(timeline.root().id, [])]


def test_line_of_a_running_thread_is_told_of_that_instant_alone() -> None:
    world = Looked()
    world.running()
    world.line(5, 12)
    world.line(8, 13)
    timeline = world.timeline(10)
    assert_whole(timeline)
    assert seen(timeline) == [(5, 12), (8, 13)]
    assert row_at(timeline, timeline.root(), 5).line == 0


def test_line_of_a_thread_that_changed_meanwhile_is_not_told() -> None:
    world = Looked()
    world.running()
    world.off(5, ROOT, preempted=True)
    world.line(5.01, 12)
    world.on(6, ROOT)
    world.line(6.01, 13)
    timeline = world.timeline(10)
    assert seen(timeline) == []
    assert row_at(timeline, timeline.root(), 5.5).line == 0


def test_preempted_thread_stands_at_its_line_and_goes_on_there() -> None:
    world = Looked()
    world.running()
    world.off(2, ROOT, preempted=True)
    world.line(3, 12)
    world.on(4, ROOT)
    world.off(6, ROOT, preempted=True)
    timeline = world.timeline(10)
    root = timeline.root()
    assert [row_at(timeline, root, ms).line for ms in (1, 3, 5, 8)] == [0, 12, 12, 0]
    assert seen(timeline) == []


def test_wait_begins_where_the_probe_says_and_the_thread_goes_on_there() -> None:
    world = Looked()
    world.running()
    world.enter(1, ROOT, Reason.SLEEP, line=7)
    world.off(1.1, ROOT)
    world.on(3, ROOT)
    world.leave(3.1, ROOT, Reason.SLEEP)
    world.off(4, ROOT, preempted=True)
    world.on(5, ROOT)
    timeline = world.timeline(10)
    root = timeline.root()
    assert [row_at(timeline, root, ms).line for ms in (2, 3.5, 4.5, 6)] == [7, 7, 0, 0]


def test_thread_preempted_inside_of_a_wait_is_at_its_line() -> None:
    world = Looked()
    world.running()
    world.enter(1, ROOT, Reason.SLEEP, line=7)
    world.off(2, ROOT, preempted=True)
    world.on(3, ROOT)
    timeline = world.timeline(10)
    assert [row_at(timeline, timeline.root(), ms).line for ms in (2.5, 4)] == [7, 7]


def test_coroutine_goes_on_where_it_was_suspended_and_is_seen_with_its_thread() -> None:
    task = ROOT << 32 | 1
    world = Looked()
    world.running()
    world.say(1, ROOT, wire.TASK_NEW, a=3, b=task, text="Task-1\0work")
    world.say(1.1, ROOT, wire.TASK_READY, b=task)
    world.say(2, ROOT, wire.TASK_RUN, b=task)
    world.line(2.5, 4)
    world.say(3, ROOT, wire.TASK_PAUSE, Reason.SLEEP, a=5, b=task)
    world.say(5, ROOT, wire.TASK_READY, b=task)
    world.say(6, ROOT, wire.TASK_RUN, b=task)
    world.line(6.01, 6)
    world.line(6.5, 6)
    timeline = world.timeline(10)
    (track,) = [one for one in timeline.tracks.values() if one.name.startswith("work")]
    assert [row_at(timeline, track, ms).line for ms in (1.5, 2.5, 4, 5.5, 7)] == [0, 0, 5, 5, 5]
    assert timeline.seen[track.id] == [
        Seen(track.id, int(2.5 * MS), 4),
        Seen(track.id, int(6.5 * MS), 6),
    ]
    assert seen(timeline) == [(2.5, 4), (6.01, 6), (6.5, 6)]


def test_line_of_another_file_is_told_with_its_name() -> None:
    world = Looked()
    world.running()
    world.line(5, 12, file="helper.py")
    timeline = world.timeline(10)
    assert timeline.to_json()["seen"] == [
        {"track": timeline.root().id, "ns": 5 * MS, "line": 12, "file": "helper.py"}
    ]


def test_sampled_slices_keep_no_line_that_was_seen_in_them() -> None:
    world = Looked("procfs")
    world.hello(0.1)
    world.line(5, 12)
    timeline = world.timeline(10)
    assert seen(timeline) == [(5, 12)]
    assert not any(row.line for row in timeline.rows())


def test_record_of_a_running_thread_tells_its_line_now_and_then() -> None:
    world = Looked()
    world.running()
    for ms in range(1, 200):
        world.acquired(ms, ROOT, 1, line=ms)
        world.released(ms + 0.5, ROOT, 1)
    timeline = world.timeline(210)
    every = SEEN_NS // MS
    assert seen(timeline) == [(ms, ms) for ms in (1, 1 + every, 1 + 2 * every, 1 + 3 * every)]
    assert not any(row.line for row in timeline.rows())


def test_record_of_a_coroutine_tells_its_line_and_its_threads() -> None:
    task = ROOT << 32 | 1
    world = Looked()
    world.running()
    world.say(1, ROOT, wire.TASK_NEW, a=3, b=task, text="Task-1\0work")
    world.say(2, ROOT, wire.TASK_RUN, b=task)
    world.enter(3, ROOT, Reason.SLEEP, line=7)
    world.off(3.1, ROOT)
    timeline = world.timeline(10)
    (track,) = [one for one in timeline.tracks.values() if one.name.startswith("work")]
    assert timeline.seen[track.id] == [Seen(track.id, 3 * MS, 7)]
    assert seen(timeline) == [(3, 7)]
