"""What other tools are given."""

from __future__ import annotations

import csv
import io
import json

import pytest

from app.errors import UnknownFormat
from app.runs.export import FORMATS, export
from app.timeline.frames import decode
from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Flow, ObjectRow, Slice, Track
from app.timeline.states import Evidence, FlowKind, ObjectKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline
from tests.runs.make import whole_run


def timeline() -> Timeline:
    tracks = [
        Track(1, TrackKind.PROCESS, "=cmd()", 40, 40, 0, False, 0),
        Track(2, TrackKind.THREAD, "Ann", 40, 41, 1, True, 1000),
        Track(3, TrackKind.COROUTINE, "task", 40, 0, 2, False, 1500),
    ]
    rows = [
        Slice(1, 0, OPEN, State.RUNNING, cpu=1, evidence=Evidence.KERNEL),
        Slice(
            2, 1000, 4500, State.BLOCKED, Reason.LOCK, 1, 1, line=7,
            evidence=Evidence.KERNEL, reason_evidence=Evidence.PROBE,
        ),
        Slice(3, 1500, 2000, State.AWAITING, evidence=Evidence.PROBE),
    ]  # fmt: skip
    flows = [Flow(FlowKind.RELEASE, 1, 4400, 2, 4500, 1), Flow(FlowKind.SPAWN, 9, 0, 2, 0)]
    batch = Batch(tracks, [ObjectRow(1, ObjectKind.LOCK, "fork", 1, 3)], rows, flows)
    return Timeline([frame_of(batch, 0, 9000, run={"id": "r"})])


def test_export_chrome_has_every_track_slice_and_arrow() -> None:
    events = json.loads(export(timeline(), "chrome"))["traceEvents"]
    spans = [event for event in events if event["ph"] == "X"]
    assert [(e["name"], e["ts"], e["dur"], e["tid"]) for e in spans] == [
        ("running", 0.0, 9.0, 40),
        ("blocked: lock fork", 1.0, 3.5, 41),
        ("awaiting", 1.5, 0.5, (1 << 23) + 3),
    ]
    assert spans[1]["args"] == {
        "reason": "lock",
        "object": "fork",
        "holder": "=cmd()",
        "line": 7,
        "evidence": "kernel",
        "reason_evidence": "probe",
    }
    begin, end = (event for event in events if event["ph"] in "sf")
    assert begin["id"] == end["id"] and (begin["ts"], end["ts"]) == (4.4, 4.5)
    names = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == {"=cmd()", "Ann (daemon)", "task"}


def test_export_csv_is_a_table_of_slices_without_formulas() -> None:
    lines = list(csv.DictReader(io.StringIO(export(timeline(), "csv").decode())))
    assert len(lines) == 3
    assert lines[0]["name"] == "'=cmd()" and lines[0]["end_ns"] == "9000"
    assert lines[1]["object"] == "fork" and lines[1]["holder"] == "'=cmd()"


def test_export_json_is_the_timeline() -> None:
    whole = Timeline(map(decode, whole_run(5)))
    assert json.loads(export(whole, "json")) == whole.to_json()


def test_export_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UnknownFormat, match=r"'png'; there are json, chrome, csv"):
        export(timeline(), "png")
    assert list(FORMATS) == ["json", "chrome", "csv"]


@pytest.mark.parametrize(
    "name",
    ["=1", "+1", "-1", "@x", "\n=1", " \t\r\n=1", "\x00=1", "\u200b@x", "\uff1d1", "\nx", "\tx"],
)
def test_export_csv_quotes_whatever_a_spreadsheet_would_compute(name: str) -> None:
    from app.runs.export import _plain

    assert _plain(name) == f"'{name}"


def test_export_csv_leaves_other_values_alone() -> None:
    from app.runs.export import _plain

    for value in ("Ann", " Ann", "a=1", "死锁", "", 7, -7, None):
        assert _plain(value) == value
