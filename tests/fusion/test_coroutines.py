"""Coroutines: every change of state as the probe told it, and loops that were kept waiting."""

from __future__ import annotations

import random

from app.fusion import Fusion
from app.fusion.facts import Scheduler
from app.timeline import wire
from app.timeline.model import OPEN, Ending
from app.timeline.records import Wakeup
from app.timeline.states import (
    Cause,
    Evidence,
    FlowKind,
    ObjectKind,
    Reason,
    State,
    TrackKind,
)
from app.timeline.timeline import Timeline
from tests.fusion.world import MS, ROOT, World, assert_whole, at, row_at, rows

MAIN, FETCH, OTHER = (ROOT << 32 | number for number in (11, 12, 13))


class Loop(World):
    """A program whose main thread runs an event loop."""

    def __init__(self, scheduler: Scheduler = "perf") -> None:
        super().__init__(scheduler)
        self.on(0.5, ROOT)
        self.hello(0.6)

    def task(self, ms: float, obj: int, text: str = "Task-1\0fetch", parent: int = 0) -> None:
        self.say(ms, ROOT, wire.TASK_NEW, a=4, b=obj, c=parent, text=text)

    def ready(self, ms: float, obj: int) -> None:
        self.say(ms, ROOT, wire.TASK_READY, b=obj)

    def run(self, ms: float, obj: int) -> None:
        self.say(ms, ROOT, wire.TASK_RUN, b=obj)

    def pause(
        self, ms: float, obj: int, reason: Reason = Reason.SLEEP, on: int = 0, line: int = 0
    ) -> None:
        self.say(ms, ROOT, wire.TASK_PAUSE, reason, line, obj, on)

    def done(self, ms: float, obj: int, how: int = 0, text: str = "") -> None:
        self.say(ms, ROOT, wire.TASK_DONE, how, b=obj, text=text)


def coroutine(timeline: Timeline, name: str) -> int:
    (track,) = [track for track in timeline.named(name) if track.kind is TrackKind.COROUTINE]
    return track.id


def test_coroutine_passes_through_all_its_states() -> None:
    loop = Loop()
    loop.task(1, FETCH)
    loop.ready(2, FETCH)
    loop.run(3, FETCH)
    loop.pause(4, FETCH, Reason.SLEEP, line=9)
    loop.ready(8, FETCH)
    loop.run(9, FETCH)
    loop.done(10, FETCH)
    timeline = loop.timeline(20, [3.5, 6, 9.5])
    assert_whole(timeline)
    track = coroutine(timeline, "fetch (Task-1)")
    assert rows(timeline, track) == [
        ("new", 1, 2),
        ("ready", 2, 3),
        ("running", 3, 4),
        ("awaiting", 4, 8),
        ("ready", 8, 9),
        ("running", 9, 10),
    ]
    row = row_at(timeline, track, 5)
    assert (row.reason, row.line, row.evidence) == (Reason.SLEEP, 9, Evidence.PROBE)
    assert timeline.tracks[track].end == Ending(Cause.RETURNED)
    assert timeline.tracks[track].parent == timeline.root().id


def test_coroutine_made_ready_in_its_own_step_goes_straight_to_ready() -> None:
    loop = Loop()
    loop.task(1, FETCH)
    loop.run(3, FETCH)
    loop.ready(3.5, FETCH)
    loop.pause(4, FETCH)
    loop.run(5, FETCH)
    loop.done(6, FETCH)
    timeline = loop.timeline(20)
    assert [state for state, _, _ in rows(timeline, coroutine(timeline, "fetch (Task-1)"))] == [
        "new", "running", "ready", "running",
    ]  # fmt: skip


def test_ready_told_before_the_birth_still_gets_the_name() -> None:
    loop = Loop()
    loop.ready(1, FETCH)
    loop.task(1.1, FETCH, "grab\0main.<locals>.fetch")
    timeline = loop.timeline(20)
    assert rows(timeline, coroutine(timeline, "grab")) == [("ready", 1, 20)]


def test_coroutine_that_is_named_later_keeps_its_one_birth() -> None:
    loop = Loop()
    loop.task(1, FETCH, "Task-7\0fetch")
    loop.task(1.1, FETCH, "grab\0fetch")
    timeline = loop.timeline(20)
    assert rows(timeline, coroutine(timeline, "grab")) == [("new", 1, 20)]
    assert len(timeline.flows) == 1


def test_states_of_a_thousand_coroutines_are_the_loops_own_to_the_nanosecond() -> None:
    luck, loop = random.Random(7), Loop()
    expected: dict[str, list[tuple[str, int]]] = {}
    waiting: list[int] = []
    queue: list[int] = []
    t = 1.0

    def moved(obj: int, state: str) -> None:
        expected.setdefault(f"t{obj}", []).append((state, round(t * MS)))

    for number in range(1000):
        t += 0.001
        loop.task(t, number + 1, f"t{number + 1}\0work")
        moved(number + 1, "new")
        waiting.append(number + 1)
    while waiting or queue:
        t += 0.001
        if waiting and (not queue or luck.random() < 0.5):
            obj = waiting.pop(luck.randrange(len(waiting)))
            loop.ready(t, obj)
            moved(obj, "ready")
            queue.append(obj)
            continue
        obj = queue.pop(0)
        loop.run(t, obj)
        moved(obj, "running")
        t += 0.001
        if luck.random() < 0.4:
            loop.done(t, obj)
            moved(obj, "end")
        else:
            loop.pause(t, obj)
            moved(obj, "awaiting")
            waiting.append(obj)
    timeline = loop.timeline(t + 10, [t / 3, t / 2])
    for track in timeline.of_kind(TrackKind.COROUTINE):
        told = [(row.state.word, row.start_ns) for row in timeline.slices[track.id]]
        assert [*told, ("end", track.end_ns)] == expected.pop(track.name)
    assert not expected


def test_awaited_task_is_the_holder_and_a_lock_is_the_object() -> None:
    loop = Loop()
    lock = ROOT << 32 | 50
    loop.object(0.9, ROOT, ObjectKind.LOCK, lock, name="door")
    loop.task(1, MAIN, "Task-1\0main")
    loop.run(1.5, MAIN)
    loop.task(2, FETCH, "Task-2\0fetch", parent=MAIN)
    loop.pause(3, MAIN, Reason.TASK, on=FETCH)
    loop.run(4, FETCH)
    loop.pause(5, FETCH, Reason.LOCK, on=lock)
    timeline = loop.timeline(20)
    main, fetch = coroutine(timeline, "main (Task-1)"), coroutine(timeline, "fetch (Task-2)")
    assert row_at(timeline, main, 4).holder == fetch
    waiting = row_at(timeline, fetch, 6)
    assert timeline.objects[waiting.object].name == "door"
    assert [(f.from_track, f.to_track) for f in timeline.flows if f.to_track == fetch] == [
        (main, fetch)
    ]


LEFT, RIGHT = ROOT << 32 | 50, ROOT << 32 | 51


def locked_loop() -> Loop:
    """Two coroutines, ``Ann`` and ``Bob``, and the locks ``left`` and ``right`` of their loop."""
    loop = Loop()
    loop.object(0.8, ROOT, ObjectKind.LOCK, LEFT, name="left")
    loop.object(0.9, ROOT, ObjectKind.LOCK, RIGHT, name="right")
    loop.task(1, FETCH, "Ann\0work")
    loop.task(1, OTHER, "Bob\0work")
    return loop


def lock(loop: Loop, ms: float, lock: int, holder: int, line: int = 0) -> None:
    loop.say(ms, ROOT, wire.TASK_ACQUIRED, a=line, b=lock, c=holder)


def let(loop: Loop, ms: float, lock: int) -> None:
    loop.say(ms, ROOT, wire.TASK_RELEASED, b=lock)


def test_lock_of_the_loop_names_its_holder_and_its_release_is_an_arrow() -> None:
    loop = locked_loop()
    loop.run(2, FETCH)
    lock(loop, 2.5, LEFT, FETCH)
    loop.pause(3, FETCH, Reason.SLEEP)
    loop.run(4, OTHER)
    loop.pause(5, OTHER, Reason.LOCK, on=LEFT, line=7)
    loop.ready(8, FETCH)
    loop.run(9, FETCH)
    let(loop, 9.5, LEFT)
    loop.ready(9.6, OTHER)
    loop.pause(10, FETCH, Reason.SLEEP)
    loop.run(11, OTHER)
    lock(loop, 11.5, LEFT, OTHER)
    timeline = loop.timeline(20, [6])
    ann, bob = coroutine(timeline, "Ann"), coroutine(timeline, "Bob")
    waiting = row_at(timeline, bob, 6)
    assert (timeline.objects[waiting.object].name, waiting.holder, waiting.line) == ("left", ann, 7)
    (flow,) = [flow for flow in timeline.flows if flow.kind is FlowKind.RELEASE]
    assert (flow.from_track, flow.from_ns, flow.to_track, flow.to_ns) == (
        ann, round(9.5 * MS), bob, round(9.6 * MS),
    )  # fmt: skip


def test_waiter_that_was_cancelled_got_no_release() -> None:
    loop = locked_loop()
    lock(loop, 2, LEFT, FETCH)
    loop.run(4, OTHER)
    loop.pause(5, OTHER, Reason.LOCK, on=LEFT)
    loop.ready(9, OTHER)
    loop.run(10, OTHER)
    loop.done(11, OTHER, 2)
    assert not [flow for flow in loop.timeline(20).flows if flow.kind is FlowKind.RELEASE]


def test_coroutines_that_hold_each_others_locks_are_a_deadlock() -> None:
    loop = locked_loop()
    lock(loop, 2, LEFT, FETCH, line=5)
    lock(loop, 3, RIGHT, OTHER, line=5)
    loop.run(4, FETCH)
    loop.pause(5, FETCH, Reason.LOCK, on=RIGHT, line=6)
    loop.run(6, OTHER)
    loop.pause(7, OTHER, Reason.LOCK, on=LEFT, line=6)
    loop.ready(300, OTHER)
    timeline = loop.timeline(400)
    (finding,) = timeline.findings.values()
    ann, bob = coroutine(timeline, "Ann"), coroutine(timeline, "Bob")
    assert (finding.kind, finding.start_ns, finding.end_ns) == ("deadlock", 7 * MS, 300 * MS)
    names = {thing.id: thing.name for thing in timeline.objects.values()}
    assert [
        (wait.track, names[wait.object], wait.holder, wait.line, wait.held_since_ns, wait.held_line)
        for wait in finding.cycle
    ] == [(ann, "right", bob, 6, 3 * MS, 5), (bob, "left", ann, 6, 2 * MS, 5)]


def test_awaiting_one_who_waits_for_ones_own_lock_is_a_deadlock() -> None:
    loop = locked_loop()
    lock(loop, 2, LEFT, FETCH)
    loop.run(4, FETCH)
    loop.pause(5, FETCH, Reason.TASK, on=OTHER, line=9)
    loop.run(6, OTHER)
    loop.pause(7, OTHER, Reason.LOCK, on=LEFT, line=6)
    (finding,) = loop.timeline(400).findings.values()
    assert [(wait.line, wait.object != 0) for wait in finding.cycle] == [(9, False), (6, True)]


def test_end_of_the_awaited_is_an_arrow_to_the_one_that_awaited_it() -> None:
    loop = locked_loop()
    loop.run(2, FETCH)
    loop.pause(3, FETCH, Reason.TASK, on=OTHER)
    loop.run(4, OTHER)
    loop.ready(4.5, FETCH)
    loop.done(5, OTHER)
    timeline = loop.timeline(20)
    ann, bob = coroutine(timeline, "Ann"), coroutine(timeline, "Bob")
    assert [
        (flow.from_track, flow.to_track) for flow in timeline.flows if flow.kind is FlowKind.JOIN
    ] == [(bob, ann)]


def test_item_of_a_queue_goes_from_coroutine_to_coroutine() -> None:
    loop = Loop()
    queue = ROOT << 32 | 50
    loop.object(0.9, ROOT, ObjectKind.QUEUE, queue, name="items")
    loop.task(1, FETCH, "giver\0x")
    loop.task(1, OTHER, "taker\0x")
    loop.run(2, FETCH)
    loop.say(3, ROOT, wire.PUT, b=queue, c=77)
    loop.done(4, FETCH)
    loop.run(5, OTHER)
    loop.say(6, ROOT, wire.GET, b=queue, c=77)
    timeline = loop.timeline(20)
    assert [
        (flow.from_track, flow.to_track) for flow in timeline.flows if flow.kind is FlowKind.PUT_GET
    ] == [(coroutine(timeline, "giver"), coroutine(timeline, "taker"))]


def test_coroutine_endings_are_told() -> None:
    loop = Loop()
    for number, how, text in ((1, 1, "KeyError"), (2, 2, "")):
        loop.task(number, ROOT << 32 | number, f"t{number}\0x")
        loop.run(number + 0.1, ROOT << 32 | number)
        loop.done(number + 0.2, ROOT << 32 | number, how, text)
    loop.task(5, FETCH, "left\0x")
    loop.exit(8, ROOT)
    loop.reaped(9)
    timeline = loop.timeline(20)
    assert_whole(timeline)
    ends = {track.name: track.end for track in timeline.of_kind(TrackKind.COROUTINE)}
    assert ends == {
        "t1": Ending(Cause.RAISED, exception="KeyError"),
        "t2": Ending(Cause.CANCELLED),
        "left": Ending(Cause.WITH_PROCESS),
    }


def test_coroutine_that_was_never_awaited_is_a_track_and_a_finding() -> None:
    loop = Loop()
    loop.say(3, ROOT, wire.NEVER_AWAITED, a=12, text="main.<locals>.fetch")
    timeline = loop.timeline(20)
    track = timeline.tracks[coroutine(timeline, "fetch")]
    assert (track.start_ns, track.end_ns, track.end) == (
        3 * MS, 3 * MS, Ending(Cause.NEVER_AWAITED),
    )  # fmt: skip
    (finding,) = timeline.findings.values()
    assert finding.facts == {"track": track.id, "name": "fetch", "line": 12}


def blocked_loop(step: float, others: bool, sleeps: bool) -> Timeline:
    """One step of ``step`` ms, with or without a coroutine that waits, with or without a sleep."""
    loop = Loop()
    loop.task(1, FETCH)
    loop.task(1, OTHER, "other\0x")
    if others:
        loop.ready(1.5, OTHER)
    loop.run(2, FETCH)
    if sleeps:
        loop.enter(2.5, ROOT, Reason.SLEEP, line=33)
        loop.off(2.6, ROOT)
        loop.on(1.9 + step, ROOT)
        loop.leave(1.95 + step, ROOT, Reason.SLEEP)
    loop.pause(2 + step, FETCH, line=9)
    return loop.timeline(1000)


def test_sleep_in_a_coroutine_is_found_to_block_the_loop() -> None:
    timeline = blocked_loop(80, others=True, sleeps=True)
    (finding,) = timeline.findings.values()
    assert (finding.kind, finding.start_ns, finding.end_ns) == ("loop-blocked", 2 * MS, 82 * MS)
    assert finding.facts == {
        "track": timeline.root().id,
        "task": coroutine(timeline, "fetch (Task-1)"),
        "line": 33,
        "duration_ns": 80 * MS,
        "reason": "sleep",
        "ran_ns": 700_000,
        "blocked_ns": 79_300_000,
        "gil_ns": 0,
        "ready_ns": 0,
    }


def test_blocked_loop_is_told_while_it_lasts() -> None:
    loop = Loop("tracepoints")
    loop.task(1, FETCH)
    loop.run(2, FETCH)
    loop.enter(3, ROOT, Reason.SLEEP, line=33)
    loop.off(4, ROOT)
    fusion = Fusion(loop.facts)
    fusion.feed(loop.log)
    assert not fusion.advance(at(53)).findings
    (finding,) = fusion.advance(at(55)).findings
    assert (finding.start_ns, finding.end_ns, finding.facts["line"]) == (2 * MS, OPEN, 33)
    loop.log.clear()
    loop.add(Wakeup(at(88), ROOT))
    loop.on(89, ROOT)
    loop.leave(90, ROOT, Reason.SLEEP)
    loop.pause(91, FETCH)
    fusion.feed(loop.log)
    (ended,) = fusion.advance(at(92)).findings
    assert (ended.id, ended.end_ns) == (finding.id, 91 * MS)


def test_blocked_loop_is_told_no_sooner_than_it_is_known_to_be_blocked() -> None:
    """Without wake-ups the thread may be ready by then: a look into /proc tells."""
    loop = Loop()
    loop.task(1, FETCH)
    loop.run(2, FETCH)
    loop.enter(3, ROOT, Reason.SLEEP, line=33)
    loop.off(4, ROOT)
    fusion = Fusion(loop.facts)
    fusion.feed(loop.log)
    assert not fusion.advance(at(300)).findings
    loop.log.clear()
    loop.syscall(310, ROOT, "clock_nanosleep")
    fusion.feed(loop.log)
    (finding,) = fusion.advance(at(330)).findings
    assert (finding.end_ns, finding.facts["line"]) == (OPEN, 33)


def test_long_computation_blocks_the_loop_only_if_another_coroutine_was_ready() -> None:
    (finding,) = blocked_loop(80, others=True, sleeps=False).findings.values()
    assert (finding.facts["reason"], finding.facts["line"]) == ("none", 9)
    assert not blocked_loop(80, others=False, sleeps=False).findings
    assert not blocked_loop(20, others=True, sleeps=True).findings


def test_lost_step_is_a_gap_not_a_guess() -> None:
    loop = Loop()
    loop.task(1, FETCH)
    loop.ready(2, FETCH)
    loop.pause(6, FETCH, Reason.SLEEP)
    timeline = loop.timeline(20)
    assert_whole(timeline)
    assert rows(timeline, coroutine(timeline, "fetch (Task-1)")) == [
        ("new", 1, 2),
        ("unknown", 2, 6),
        ("awaiting", 6, 20),
    ]


def test_what_comes_after_a_coroutines_end_says_nothing() -> None:
    loop = Loop()
    loop.task(1, FETCH)
    loop.run(2, FETCH)
    loop.done(3, FETCH)
    loop.ready(4, FETCH)
    loop.done(5, FETCH)
    timeline = loop.timeline(20)
    assert len(timeline.of_kind(TrackKind.COROUTINE)) == 1
    states = {row.state for row in timeline.rows()}
    assert State.READY not in states
