"""A run in the formats of other tools."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from app.errors import UnknownFormat
from app.timeline.model import OPEN, Slice, Track
from app.timeline.places import file_of, line_of
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Format(NamedTuple):
    write: Callable[[Timeline, str], bytes]  # the text of claims is in this language
    media_type: str
    suffix: str


def export(timeline: Timeline, format: str, language: str = "en") -> bytes:
    """The timeline in ``format``. Raises UnknownFormat, which names the known ones."""
    return format_named(format).write(timeline, language)


def format_named(name: str) -> Format:
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownFormat(
            "There is no export format {format!r}; there are {formats}.",
            format=name,
            formats=", ".join(FORMATS),
        ) from None


def _json(timeline: Timeline, language: str) -> bytes:
    return json.dumps(
        timeline.to_json(language), ensure_ascii=False, separators=(",", ":")
    ).encode()


# --- Trace Event Format: chrome://tracing, Perfetto, Speedscope --------------------------------
# "Trace Event Format", docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU:
# ts and dur are microseconds, and may have a fraction.

#: Coroutines of one thread would seem nested in its row: so each has a row of its own, with a
#: number above any thread id of the kernel (PID_MAX_LIMIT is 2**22).
_COROUTINE_ROWS = 1 << 23


def _chrome(timeline: Timeline, _: str) -> bytes:
    rows = {track.id: _row(track) for track in timeline.tracks.values()}
    events = [
        *_names(timeline, rows),
        *_slices(timeline, rows),
        *_flows(timeline, rows),
        *_output(timeline, rows),
    ]
    document = {
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": {"run": timeline.run, "dropped": timeline.dropped},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _row(track: Track) -> tuple[int, int]:
    """(pid, tid). The track's id keeps rows apart when the kernel reuses a number."""
    own = _COROUTINE_ROWS + track.id
    return track.pid, own if track.kind is TrackKind.COROUTINE else track.tid or own


def _names(timeline: Timeline, rows: dict[int, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for order, track in enumerate(timeline.of_kind(*TrackKind)):
        pid, tid = rows[track.id]
        if track.kind is TrackKind.PROCESS:
            yield _meta("process_name", pid, tid, {"name": track.name})
        name = f"{track.name} (daemon)" if track.daemon else track.name
        yield _meta("thread_name", pid, tid, {"name": name})
        yield _meta("thread_sort_index", pid, tid, {"sort_index": order})


def _meta(name: str, pid: int, tid: int, args: dict[str, Any]) -> dict[str, Any]:
    return {"ph": "M", "name": name, "pid": pid, "tid": tid, "args": args}


def _slices(timeline: Timeline, rows: dict[int, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for row in timeline.rows():
        if row.track not in rows:
            continue
        pid, tid = rows[row.track]
        end_ns = timeline.now_ns if row.end_ns == OPEN else row.end_ns
        yield {
            "ph": "X",
            "name": _said(timeline, row),
            "cat": row.state.word,
            "ts": row.start_ns / 1000,
            "dur": max(0, end_ns - row.start_ns) / 1000,
            "pid": pid,
            "tid": tid,
            "args": _facts(timeline, row),
        }


def _said(timeline: Timeline, row: Slice) -> str:
    obj = timeline.objects.get(row.object)
    if row.state not in (State.BLOCKED, State.AWAITING) or not row.reason:
        return row.state.word
    return f"{row.state.word}: {row.reason.word}{f' {obj.name}' if obj else ''}"


def _facts(timeline: Timeline, row: Slice) -> dict[str, Any]:
    obj, holder = timeline.objects.get(row.object), timeline.tracks.get(row.holder)
    facts = {
        "reason": row.reason.word if row.reason else None,
        "object": obj and obj.name,
        "holder": holder and holder.name,
        "cpu": row.cpu if row.cpu >= 0 else None,
        "line": line_of(row.line) or None,
        "file": file_of(row.line, timeline.files),
        "evidence": row.evidence.word,
        "reason_evidence": row.reason_evidence.word if row.reason else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _flows(timeline: Timeline, rows: dict[int, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for number, flow in enumerate(timeline.flows, 1):
        if flow.from_track not in rows or flow.to_track not in rows:
            continue
        obj = timeline.objects.get(flow.object)
        common = {
            "name": flow.kind.word,
            "cat": "flow",
            "id": number,
            "args": {"object": obj.name} if obj else {},
        }
        (pid, tid), (to_pid, to_tid) = rows[flow.from_track], rows[flow.to_track]
        yield {"ph": "s", "ts": flow.from_ns / 1000, "pid": pid, "tid": tid, **common}
        yield {
            "ph": "f",
            "bp": "e",
            "ts": flow.to_ns / 1000,
            "pid": to_pid,
            "tid": to_tid,
            **common,
        }


def _output(timeline: Timeline, rows: dict[int, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for item in timeline.output:
        if item.track in rows:
            pid, tid = rows[item.track]
            yield {
                "ph": "i",
                "s": "t",
                "name": item.text.strip() or item.stream,
                "cat": item.stream,
                "ts": item.ns / 1000,
                "pid": pid,
                "tid": tid,
            }


# --- a table of slices -------------------------------------------------------------------------

_COLUMNS = (
    "track", "name", "kind", "pid", "tid", "start_ns", "end_ns", "state", "reason", "object",
    "holder", "cpu", "line", "file", "evidence", "reason_evidence",
)  # fmt: skip


def _csv(timeline: Timeline, _: str) -> bytes:
    """One line per slice (RFC 4180). A field that looks like a formula is marked as text."""
    out = io.StringIO()
    table = csv.DictWriter(out, _COLUMNS)
    table.writeheader()
    for track in timeline.of_kind(*TrackKind):
        for row in timeline.of(track):
            line = {
                "track": track.id,
                "name": track.name,
                "kind": track.kind.word,
                "pid": track.pid,
                "tid": track.tid or None,
                "start_ns": row.start_ns,
                "end_ns": row.end_ns,
                "state": row.state.word,
                **_facts(timeline, row),
            }
            table.writerow({name: _plain(value) for name, value in line.items()})
    return out.getvalue().encode()


#: Spreadsheets skip blanks and control characters before the sign that begins a formula, and also
#: accept the wide signs of Chinese and Japanese.
_SKIPPED = r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]*"
_FORMULA = re.compile(_SKIPPED + r"[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def _plain(value: Any) -> Any:
    """``value`` as text if it begins like a formula: names come from the program."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


FORMATS: dict[str, Format] = {
    "json": Format(_json, "application/json", ".json"),
    "chrome": Format(_chrome, "application/json", ".trace.json"),
    "csv": Format(_csv, "text/csv; charset=utf-8", ".csv"),
}
