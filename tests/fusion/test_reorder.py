"""The reorder window and what advance hands out."""

from __future__ import annotations

import random
from functools import partial

import pytest

from app.fusion import Fusion
from app.fusion.records.reorder import Reorder
from app.timeline.model import OPEN
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import (
    Dropped,
    Limit,
    OutputChunk,
    ProcessReaped,
    Record,
    SwitchIn,
    SwitchOut,
    ThreadNamed,
)
from app.timeline.sealed import Sealed
from app.timeline.states import Reason, State
from tests.fusion.world import MS, ROOT, World, assert_whole, at, rows


def test_reorder_gives_records_up_to_the_watermark_by_time() -> None:
    reorder = Reorder()
    records: list[Record] = [Limit(t, str(n), 0) for n, t in enumerate([30, 10, 20, 10])]
    reorder.feed(records)
    assert [record.t for record in reorder.take(20)] == [10, 10, 20]
    assert len(reorder) == 1
    reorder.feed([Limit(5, "late", 0)])
    assert [record.t for record in reorder.take(40)] == [5, 30]
    assert reorder.late == 1


def test_records_of_one_time_keep_their_order() -> None:
    reorder = Reorder()
    reorder.feed([Limit(10, "a", 0), Limit(10, "b", 0)])
    reorder.feed([Limit(10, "c", 0)])
    assert [record.name for record in reorder.take_all() if isinstance(record, Limit)] == [
        "a", "b", "c",
    ]  # fmt: skip


def test_what_waits_packed_comes_out_as_it_was() -> None:
    text = "Grüße \0 全"
    records: list[Record] = [
        SwitchIn(1 << 62, 1 << 31, 7, 1),
        SwitchOut(10, 3, 7, 0, True),
        ProbeRecord(11, 3, 7, 1, 20, 8, 5, (1 << 64) - 1, 1 << 63, text),
        ProcessReaped(12, 3, None, False),
        OutputChunk(13, "stdout", b"\xff\0"),
        ThreadNamed(14, 3, 7, text, True),
    ]
    reorder = Reorder(unpacked=0)
    reorder.feed(records)
    taken = reorder.take_all()
    assert taken == [*records[1:], records[0]]
    assert [type(record) for record in taken] == [type(r) for r in (*records[1:], records[0])]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_taken_step_by_step_is_what_one_sort_gives(seed: int) -> None:
    luck = random.Random(seed)
    reorder = Reorder(unpacked=luck.randrange(40))
    fed: list[Record] = []
    taken: list[Record] = []
    watermark = 0
    for drain in range(30):
        # Drains of several witnesses: each by time, and never behind the watermark.
        records: list[Record] = []
        for witness in range(3):
            times = sorted(watermark + 1 + luck.randrange(40) for _ in range(luck.randrange(6)))
            records += [Limit(t, f"{drain} {witness} {n}", 0) for n, t in enumerate(times)]
        if records and luck.random() < 0.4:
            run = sorted(records, key=lambda record: record.t)
            reorder.feed_sealed([Sealed(run[0].t, run[-1].t, len(run), partial(list, run))])
        else:
            reorder.feed(records)
        fed += records
        if luck.random() < 0.6:
            watermark += luck.randrange(15)
            taken += reorder.take(watermark)
            assert len(taken) + len(reorder) == len(fed)
    taken += reorder.take_all()
    assert taken == sorted(fed, key=lambda record: record.t)
    assert (reorder.late, len(reorder)) == (0, 0)


def test_advance_shows_an_open_row_that_the_next_one_replaces() -> None:
    world = World()
    world.on(1, ROOT)
    fusion = Fusion(world.facts)
    fusion.feed(world.log)
    batch = fusion.advance(at(5))
    assert [(row.state, row.start_ns, row.end_ns) for row in batch.slices] == [
        (State.NEW, 0, MS),
        (State.RUNNING, MS, OPEN),
    ]
    assert fusion.advance(at(6)).empty()
    fusion.feed([SwitchIn(at(7), ROOT, ROOT, 1)])
    assert [row.end_ns for row in fusion.advance(at(7)).slices] == [7 * MS]
    assert [row.start_ns for row in fusion.advance(at(8)).slices] == [7 * MS]


def test_late_record_is_applied_at_the_time_already_told_and_counted() -> None:
    world = World()
    fusion = Fusion(world.facts)
    fusion.advance(at(10))
    fusion.feed([SwitchIn(at(5), ROOT, ROOT, 0)])
    batch = fusion.advance(at(20))
    assert [(row.state, row.start_ns, row.end_ns) for row in batch.slices] == [
        (State.NEW, 0, 10 * MS),
        (State.RUNNING, 10 * MS, OPEN),
    ]
    assert fusion.late == 1


def test_lost_switches_leave_a_gap_until_the_next_one() -> None:
    world = World()
    world.on(1, ROOT)
    world.add(Dropped(at(5), "perf", 12))
    world.off(9, ROOT)
    world.on(12, ROOT)
    timeline = world.timeline(15)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[1:] == [
        ("running", 1, 5),
        ("unknown", 5, 9),
        ("blocked", 9, 12),
        ("running", 12, 15),
    ]
    assert timeline.dropped == 12


def test_loss_leaves_a_gap_from_the_last_record_before_it() -> None:
    world = World()
    world.on(1, ROOT)
    world.add(Dropped(at(5), "perf", 12, since=at(3)))
    world.off(9, ROOT)
    timeline = world.timeline(15)
    assert_whole(timeline)
    assert rows(timeline, timeline.root())[1:] == [
        ("running", 1, 3),
        ("unknown", 3, 9),
        ("blocked", 9, 15),
    ]


def test_lost_probe_records_leave_the_reason_missing() -> None:
    world = World()
    world.on(1, ROOT)
    world.hello(1.1)
    world.new(1.2, 101)
    world.on(1.3, 101, cpu=1)
    world.thread(1.4, 101, "other")
    world.enter(2, ROOT, Reason.SLEEP)
    world.add(Dropped(at(3), "probe", 5, ROOT, ROOT))
    world.off(4, ROOT)
    timeline = world.timeline(15)
    (blocked,) = timeline.of(timeline.root(), State.BLOCKED)
    assert blocked.reason is Reason.OTHER


def test_unknown_probe_kinds_and_codes_are_passed_over() -> None:
    world = World()
    world.on(1, ROOT)
    world.say(2, ROOT, 999)
    world.say(3, ROOT, 20, aux=250, b=ROOT << 32 | 1)
    world.say(4, ROOT, 40, aux=250, b=ROOT << 32 | 2)
    world.off(5, ROOT)
    assert_whole(world.timeline(10))


def test_finish_can_be_asked_twice() -> None:
    world = World()
    fusion = Fusion(world.facts)
    assert fusion.finish(at(5)).slices
    assert not fusion.finish(at(6)).slices
