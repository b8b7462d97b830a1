"""A small timeline, made by hand: a process, two threads in a deadlock, one coroutine."""

from __future__ import annotations

from typing import Any

from app.timeline.heads import frame_of
from app.timeline.model import Batch, Ending, Finding, ObjectRow, Output, Slice, Stats, Track, Wait
from app.timeline.states import (
    Cause,
    Evidence,
    ObjectKind,
    Reason,
    State,
    TrackKind,
)
from app.timeline.timeline import Timeline

MS = 1_000_000
END_NS = 100 * MS


def row(track: int, start_ms: int, end_ms: int, state: State, **more: Any) -> Slice:
    row = Slice(track, start_ms * MS, end_ms * MS, state, evidence=Evidence.KERNEL)
    return row._replace(**more)


def timeline(*more_tracks: Track) -> Timeline:
    ended = Ending(Cause.WITH_PROCESS)
    tracks = [
        Track(1, TrackKind.PROCESS, "dinner", 10, 10, 0, False, 0, END_NS, Ending(Cause.EXIT, 3)),
        Track(2, TrackKind.THREAD, "Ann", 10, 11, 1, True, 10 * MS, END_NS, ended),
        Track(3, TrackKind.THREAD, "Bob", 10, 12, 1, True, 20 * MS, END_NS, ended),
        Track(4, TrackKind.COROUTINE, "waiter", 10, 0, 1, False, 50 * MS, END_NS, ended),
        *more_tracks,
    ]
    slices = [
        row(1, 0, 50, State.RUNNING, cpu=0),
        row(1, 50, 100, State.BLOCKED, reason=Reason.SLEEP),
        row(2, 10, 30, State.RUNNING, cpu=1),
        row(2, 30, 100, State.BLOCKED, reason=Reason.LOCK, object=2, holder=3, line=9),
        row(3, 20, 40, State.GIL),
        row(3, 40, 100, State.BLOCKED, reason=Reason.LOCK, object=1, holder=2, line=15),
        row(4, 50, 100, State.AWAITING),
    ]
    batch = Batch(
        tracks=tracks,
        objects=[
            ObjectRow(1, ObjectKind.LOCK, "fork", 1, 2),
            ObjectRow(2, ObjectKind.LOCK, "noodles", 1, 3),
        ],
        slices=slices,
        output=[Output(1, 5 * MS, "stdout", "the table is laid [bold]\n")],
        findings=[
            Finding(
                "deadlock-1",
                "deadlock",
                40 * MS,
                cycle=[
                    Wait(2, 2, 3, 9, 21 * MS, 14),
                    Wait(3, 1, 2, 15, 11 * MS, 8),
                ],
            )
        ],
        stats=[Stats(1, 50 * MS, 0, 50 * MS, 0, 7, 2)],
    )
    run = {"id": "x", "scenario": "deadlock", "python": "CPython 3.11.7", "duration_ns": END_NS}
    run["witnesses"] = {"scheduler": "perf", "probe": True}
    claims = [
        {
            "id": "cycle",
            "text": {"en": "Crosswise locks end in a deadlock.", "zh": "交叉加锁会死锁。"},
            "verdict": verdict,
            "why": {"en": f"It was seen: {verdict}.", "zh": "看到了。"},
            "evidence": [],
        }
        for verdict in ("holds",)
    ]
    return Timeline([frame_of(batch, 0, END_NS, run=run, claims=claims, state="ended")])
