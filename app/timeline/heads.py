"""The JSON values in a frame's head, to and from the model."""

from __future__ import annotations

from typing import Any

from app.timeline.frames import Frame
from app.timeline.model import (
    OPEN,
    Batch,
    Ending,
    Finding,
    Level,
    ObjectRow,
    Output,
    Seen,
    Stats,
    Stolen,
    Track,
    Wait,
)
from app.timeline.states import Cause, ObjectKind, TrackKind


def frame_of(batch: Batch, seq: int, now_ns: int, **head: Any) -> Frame:
    """The frame that carries ``batch``; ``head`` adds entries such as ``run`` or ``claims``."""
    if batch.tracks:
        head["tracks"] = [track_json(track) for track in batch.tracks]
    if batch.objects:
        head["objects"] = [object_json(obj) for obj in batch.objects]
    if batch.output:
        head["output"] = [item._asdict() for item in batch.output]
    if batch.findings:
        head["findings"] = [finding_json(finding) for finding in batch.findings]
    if batch.stats:
        head["stats"] = [item._asdict() for item in batch.stats]
    if batch.files:
        head["files"] = batch.files
    if batch.seen:
        head["seen"] = batch.seen  # an array of arrays: there are many
    if batch.levels:
        head["levels"] = batch.levels
    if batch.stolen:
        head["stolen"] = batch.stolen
    if batch.dropped:
        head["dropped"] = batch.dropped
    return Frame(seq, now_ns, head, batch.slices, batch.flows)


def track_json(track: Track) -> dict[str, Any]:
    end = track.end
    return {
        "id": track.id,
        "kind": track.kind.word,
        "name": track.name,
        "pid": track.pid,
        "tid": track.tid,
        "parent": track.parent or None,
        "daemon": track.daemon,
        "start_ns": track.start_ns,
        "end_ns": None if track.end_ns == OPEN else track.end_ns,
        "end": end
        and {
            "cause": end.cause.word,
            "code": end.code,
            "signal": end.signal,
            "exception": end.exception,
            "sender": end.sender,
            **({"limit": end.limit} if end.limit else {}),
        },
        "python": track.python,
    }


def track_from(value: dict[str, Any]) -> Track:
    end = value["end"]
    return Track(
        id=value["id"],
        kind=TrackKind.from_word(value["kind"]),
        name=value["name"],
        pid=value["pid"],
        tid=value["tid"],
        parent=value["parent"] or 0,
        daemon=value["daemon"],
        start_ns=value["start_ns"],
        end_ns=OPEN if value["end_ns"] is None else value["end_ns"],
        end=end
        and Ending(
            Cause.from_word(end["cause"]),
            end["code"],
            end["signal"],
            end["exception"],
            end.get("sender"),
            end.get("limit"),
        ),
        python=value.get("python"),
    )


def object_json(obj: ObjectRow) -> dict[str, Any]:
    return {**obj._asdict(), "kind": obj.kind.word}


def object_from(value: dict[str, Any]) -> ObjectRow:
    return ObjectRow(**{**value, "kind": ObjectKind.from_word(value["kind"])})


def finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "kind": finding.kind,
        "start_ns": finding.start_ns,
        "end_ns": None if finding.end_ns == OPEN else finding.end_ns,
        "cycle": [wait._asdict() for wait in finding.cycle],
        "facts": finding.facts,
    }


def finding_from(value: dict[str, Any]) -> Finding:
    return Finding(
        id=value["id"],
        kind=value["kind"],
        start_ns=value["start_ns"],
        end_ns=OPEN if value["end_ns"] is None else value["end_ns"],
        cycle=[Wait(**wait) for wait in value["cycle"]],
        facts=value["facts"],
    )


def output_from(value: dict[str, Any]) -> Output:
    return Output(**value)


def seen_from(value: list[int]) -> Seen:
    return Seen(*value)


def level_from(value: list[int]) -> Level:
    return Level(*value)


def stolen_from(value: list[int]) -> Stolen:
    return Stolen(*value)


def stats_from(value: dict[str, Any]) -> Stats:
    return Stats(**value)
