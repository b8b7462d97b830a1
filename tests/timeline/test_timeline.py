"""Folding frames into a timeline, and its public JSON."""

from __future__ import annotations

from app.timeline.frames import Frame, decode, encode
from app.timeline.heads import frame_of
from app.timeline.model import (
    OPEN,
    Batch,
    Ending,
    Finding,
    Flow,
    ObjectRow,
    Output,
    Slice,
    Stats,
    Track,
    Wait,
)
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
from tests.merging import merge


def main_track() -> Track:
    return Track(1, TrackKind.PROCESS, "dinner.py", 100, 100, 0, False, 0)


def dinner() -> list[Frame]:
    """Ann waits for a fork that the main thread holds; then the run ends."""
    main = main_track()
    ann = Track(2, TrackKind.THREAD, "Ann", 100, 101, 1, True, 5)
    wait = Wait(2, 1, 1, 12, 7, 3)
    first = Batch(
        tracks=[main, ann],
        objects=[ObjectRow(1, ObjectKind.LOCK, "fork", 1, 3)],
        slices=[
            Slice(1, 0, OPEN, State.RUNNING, cpu=1, evidence=Evidence.KERNEL),
            Slice(2, 5, 9, State.RUNNING, cpu=0, evidence=Evidence.KERNEL),
            Slice(2, 9, OPEN, State.BLOCKED, Reason.LOCK, 1, 1, -1, 12, Evidence.KERNEL,
                  Evidence.PROBE),
        ],
        output=[Output(2, 6, "stdout", "hungry\n")],
        findings=[Finding("deadlock-1", "deadlock", 9, cycle=[wait])],
    )  # fmt: skip
    ended = main_track()
    ended.end_ns, ended.end = 40, Ending(Cause.EXIT, code=3)
    second = Batch(
        tracks=[ended],
        slices=[Slice(1, 0, 40, State.RUNNING, cpu=1, evidence=Evidence.KERNEL)],
        flows=[Flow(FlowKind.SPAWN, 1, 4, 2, 5)],
        stats=[Stats(1, running_ns=40)],
        dropped=2,
    )
    return [
        frame_of(first, 1, 20, run={"id": "r1", "scenario": "deadlock"}),
        frame_of(second, 2, 50, run={"duration_ns": 50}, state="ended"),
    ]


def test_timeline_folds_frames() -> None:
    timeline = Timeline(decode(encode(frame)) for frame in dinner())
    main, ann = timeline.of_kind(TrackKind.PROCESS, TrackKind.THREAD)
    assert timeline.root() is main
    assert main.end == Ending(Cause.EXIT, code=3)
    assert timeline.children(main) == [ann]
    assert timeline.total_ns(main, State.RUNNING) == 40
    assert [row.end_ns for row in timeline.of(ann, State.BLOCKED)] == [50]
    assert timeline.text_of("stdout") == "hungry\n"
    assert timeline.findings["deadlock-1"].cycle[0].holder == 1
    assert (timeline.state, timeline.dropped) == ("ended", 2)


def test_timeline_of_the_snapshot_equals_the_timeline_of_the_frames() -> None:
    frames = dinner()
    assert Timeline([merge(frames)]).to_json() == Timeline(frames).to_json()


def test_a_snapshot_replaces_what_was_known() -> None:
    frames = dinner()
    timeline = Timeline(frames)
    timeline.apply(merge(frames))
    assert timeline.to_json() == Timeline(frames).to_json()


def test_json_speaks_words_and_names() -> None:
    value = Timeline(dinner()).to_json()
    blocked = value["slices"][-1]
    assert blocked["state"] == "blocked"
    assert (blocked["reason"], blocked["object"], blocked["holder"]) == ("lock", "fork", 1)
    assert (blocked["open"], blocked["end_ns"]) == (True, 50)
    assert value["tracks"][0]["end"] == {
        "cause": "exit",
        "code": 3,
        "signal": None,
        "exception": None,
        "sender": None,
    }
    assert value["flows"][0]["kind"] == "spawn"
    assert value["findings"][0]["cycle"][0]["object"] == "fork"
    assert value["run"] == {
        "id": "r1",
        "scenario": "deadlock",
        "duration_ns": 50,
        "dropped": 2,
        "state": "ended",
    }


def test_claims_are_told_in_the_language_asked_for() -> None:
    claim = {
        "id": "c",
        "text": {"en": "It waits.", "zh": "它在等待。"},
        "verdict": "holds",
        "why": {"en": "Seen.", "zh": "看到了。"},
        "evidence": [],
    }
    timeline = Timeline([Frame(1, 0, {"claims": [claim]})])
    assert timeline.to_json("zh")["claims"][0]["text"] == "它在等待。"
    assert timeline.to_json("fr")["claims"][0]["why"] == "Seen."
