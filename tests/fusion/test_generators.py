"""Generators that are driven by hand: told late, awaited by their drivers, and lost from sight."""

from __future__ import annotations

from app.timeline import wire
from app.timeline.model import Ending
from app.timeline.states import Cause, Evidence, FlowKind, Reason, State
from app.timeline.timeline import Timeline
from tests.fusion.test_coroutines import Loop, coroutine
from tests.fusion.world import MS, ROOT, assert_whole, at, row_at, rows

WORK, INNER = (ROOT << 32 | number for number in (11, 12))
NEW, LOST = 2, 3


class Driver(Loop):
    """A program that drives generators in its main thread."""

    def generator(self, ms: float, obj: int, name: str, parent: int = 0) -> None:
        self.say(ms, ROOT, wire.TASK_NEW, NEW, 7, obj, parent, "\0" + name)

    def late(
        self, ms: float, obj: int, name: str, began: float, paused: float, on: int = 0
    ) -> None:
        """At ``ms`` it is known to be a coroutine, having made one step."""
        self.say(ms, ROOT, wire.TASK_BEGAN, 0, 7, obj, at(began))
        self.generator(ms, obj, name)
        reason = Reason.TASK if on else Reason.YIELD
        text = str(on) if on else ""
        self.say(ms, ROOT, wire.TASK_PAUSED, reason, 9, obj, at(paused), text)

    def stop(self, ms: float, obj: int, line: int) -> None:
        self.pause(ms, obj, Reason.YIELD, line=line)


def starts(timeline: Timeline) -> list[tuple[int, float]]:
    return [
        (flow.to_track, flow.to_ns / MS) for flow in timeline.flows if flow.kind is FlowKind.SPAWN
    ]


def test_first_step_of_a_generator_is_told_when_it_is_known_to_be_a_coroutine() -> None:
    driver = Driver()
    driver.late(10, WORK, "work", 2, 3)
    driver.run(10, WORK)
    driver.stop(11, WORK, 12)
    driver.run(15, WORK)
    driver.done(16, WORK)
    # The past is told after frames of that time were sent.
    timeline = driver.timeline(20, [2.5, 5, 10.5, 12])
    assert_whole(timeline)
    track = coroutine(timeline, "work")
    assert rows(timeline, track) == [
        ("running", 2, 3),
        ("awaiting", 3, 10),
        ("running", 10, 11),
        ("awaiting", 11, 15),
        ("running", 15, 16),
    ]
    assert [row.line for row in timeline.slices[track]] == [7, 9, 9, 12, 12]
    waits = [row for row in timeline.slices[track] if row.state is State.AWAITING]
    assert {(row.reason, row.reason_evidence) for row in waits} == {(Reason.YIELD, Evidence.PROBE)}
    assert timeline.tracks[track].end == Ending(Cause.RETURNED)
    assert (track, 2) in starts(timeline)
    assert not timeline.findings


def test_generator_that_delegates_awaits_the_inner_one() -> None:
    driver = Driver()
    driver.late(10, INNER, "inner", 3, 4)
    driver.late(10, WORK, "work", 2, 3.5, INNER)
    driver.run(10.5, INNER)
    driver.done(11, INNER)
    driver.run(11, WORK)
    driver.stop(12, WORK, 9)
    timeline = driver.timeline(20, [5, 10.2, 12])
    assert_whole(timeline)
    work, inner = coroutine(timeline, "work"), coroutine(timeline, "inner")
    row = row_at(timeline, work, 5)
    assert (row.state, row.reason, row.holder) == (State.AWAITING, Reason.TASK, inner)
    assert rows(timeline, work) == [
        ("running", 2, 3.5),
        ("awaiting", 3.5, 11),
        ("running", 11, 12),
        ("awaiting", 12, 20),
    ]


def test_generator_that_is_seen_no_more_is_unknown_until_its_process_ends() -> None:
    driver = Driver()
    driver.generator(2, WORK, "work")
    driver.run(2, WORK)
    driver.stop(3, WORK, 9)
    driver.done(5, WORK, LOST)
    driver.exit(10, ROOT)
    driver.reaped(11)
    timeline = driver.timeline(20, [4, 6])
    track = coroutine(timeline, "work")
    assert rows(timeline, track) == [("running", 2, 3), ("awaiting", 3, 5), ("unknown", 5, 10)]
    assert timeline.slices[track][-1].evidence is Evidence.MISSING
    assert timeline.tracks[track].end == Ending(Cause.WITH_PROCESS)


def test_long_step_of_a_generator_blocks_no_loop() -> None:
    driver = Driver()
    for number, obj in enumerate((WORK, INNER)):
        driver.generator(2 + number, obj, "work")
        driver.run(2 + number, obj)
        driver.stop(2.5 + number, obj, 9)
    driver.run(10, WORK)
    driver.ready(11, INNER)
    driver.stop(200, WORK, 9)
    assert not driver.timeline(300, [20, 100, 250]).findings
