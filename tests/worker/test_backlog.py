"""Merging what a slow reader has not seen: less rows, the same timeline."""

from __future__ import annotations

import pytest

from app.timeline import heads
from app.timeline.model import OPEN, Batch, Finding, Flow, ObjectRow, Output, Slice, Stats, Track
from app.timeline.states import FlowKind, ObjectKind, State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.backlog import Backlog


def track(number: int, end_ns: int = OPEN) -> Track:
    return Track(number, TrackKind.THREAD, f"t{number}", 1, number, 1, False, 0, end_ns)


def row(number: int, start: int, end: int, state: State = State.RUNNING) -> Slice:
    return Slice(number, start, end, state)


BATCHES = [
    Batch(tracks=[track(1), track(2)], slices=[row(1, 0, OPEN), row(2, 0, OPEN)], dropped=1),
    Batch(
        slices=[row(1, 0, 5), row(1, 5, OPEN, State.BLOCKED)],
        objects=[ObjectRow(1, ObjectKind.LOCK, "a", 1, 3)],
        output=[Output(1, 4, "stdout", "x")],
        findings=[Finding("f", "deadlock", 4)],
        stats=[Stats(1, 5)],
        dropped=1,
    ),
    Batch(slices=[row(1, 5, OPEN, State.GIL)], flows=[Flow(FlowKind.WAKE, 1, 5, 2, 6)], dropped=4),
    Batch(
        tracks=[track(1, 9)],
        slices=[row(1, 5, 9, State.GIL), row(2, 0, 7), row(2, 7, OPEN)],
        findings=[Finding("f", "deadlock", 4, 8)],
        output=[Output(2, 8, "stderr", "y")],
        stats=[Stats(1, 9)],
        dropped=4,
    ),
]


def timeline(batches: list[Batch]) -> Timeline:
    return Timeline(heads.frame_of(batch, seq, 10) for seq, batch in enumerate(batches))


def test_merge_says_what_the_batches_said() -> None:
    merged = heads.join(BATCHES)
    assert timeline([merged]).to_json() == timeline(BATCHES).to_json()
    assert [(r.track, r.start_ns, r.end_ns) for r in merged.slices] == [
        (1, 0, 5),
        (1, 5, 9),
        (2, 0, 7),
        (2, 7, OPEN),
    ]
    assert len(merged.tracks) == 2 and merged.dropped == 4


def test_merge_of_one_is_itself() -> None:
    assert heads.join(BATCHES[:1]) is BATCHES[0]


def test_backlog_gives_frames_of_bounded_size_in_order() -> None:
    backlog = Backlog(rows=3)
    for number, batch in enumerate(BATCHES):
        backlog.add(batch, number)
    taken = []
    times = []
    while backlog:
        batch, now_ns = backlog.take()
        taken.append(batch)
        times.append(now_ns)
    assert times == [1, 3]
    assert timeline(taken).to_json() == timeline(BATCHES).to_json()
    with pytest.raises(IndexError):
        backlog.take()
