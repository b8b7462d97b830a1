"""What the numbers of a frame's columns may be."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import BadFrame
from app.timeline import ranges
from app.timeline.frames import encode, read
from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Flow, Slice
from app.timeline.states import FlowKind, Reason, State

LAWFUL = [
    Slice(1, 0, 5, State.RUNNING, cpu=3),
    Slice(1, 5, 5, State.BLOCKED, Reason.LOCK, line=0xFFFF_FFFF),
    Slice(2, 7, OPEN, State.READY),
]
ARROWS = [Flow(FlowKind.WAKE, 1, 3, 2, 1)]


def columns() -> tuple[dict[str, Any], dict[str, Any]]:
    _, slices, flows = read(encode(frame_of(Batch(slices=LAWFUL, flows=ARROWS), 0, 9)))
    return dict(slices), dict(flows)


def test_ranges_let_a_run_pass() -> None:
    ranges.check(*columns())
    _, slices, flows = read(encode(frame_of(Batch(), 0, 9)))
    ranges.check(slices, flows)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("start_ns", float("nan"), "start_ns"),
        ("start_ns", float("inf"), "start_ns"),
        ("start_ns", -1.0, "start_ns"),
        ("start_ns", 2.0**54, "start_ns"),
        ("end_ns", float("nan"), "end_ns"),
        ("end_ns", float("-inf"), "end_ns"),
        ("end_ns", 2.0**60, "end_ns"),
        ("end_ns", 4.0, "before its start"),
        ("end_ns", -2.0, "before its start"),
        ("cpu", -2, "cpu"),
        ("cpu", 8192, "cpu"),
        ("state", len(State), "state"),
        ("reason", 255, "reason"),
        ("evidence", 5, "evidence"),
        ("reason_evidence", 9, "reason_evidence"),
    ],
)
def test_ranges_refuse_what_no_slice_can_say(column: str, value: float, said: str) -> None:
    slices, flows = columns()
    slices[column][1] = value
    with pytest.raises(BadFrame, match=said):
        ranges.check(slices, flows)


@pytest.mark.parametrize(
    ("column", "value"), [("from_ns", float("nan")), ("to_ns", -1.0), ("kind", len(FlowKind))]
)
def test_ranges_refuse_what_no_arrow_can_say(column: str, value: float) -> None:
    slices, flows = columns()
    flows[column][0] = value
    with pytest.raises(BadFrame, match=column):
        ranges.check(slices, flows)
