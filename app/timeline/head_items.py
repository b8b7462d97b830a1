"""The items of a head's lists, written as JSON and read back into the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from app.timeline.model import OPEN, Ending, Finding, ObjectRow, Track, Wait
from app.timeline.states import Cause, ObjectKind, TrackKind


class Codec(NamedTuple):
    """How an item is written as a JSON value and read back.

    ``write`` is None for named tuples, which JSON has as arrays: items of which there are many.
    """

    write: Callable[[Any], dict[str, Any]] | None
    read: Callable[[Any], Any]

    @property
    def as_array(self) -> bool:
        return self.write is None

    def written(self, values: list[Any]) -> list[Any]:
        return values if self.write is None else [self.write(value) for value in values]


def members(kind: type[Any]) -> Codec:
    """Items of a named tuple as objects that have its fields as members."""
    return Codec(lambda item: item._asdict(), lambda value: kind(**value))


def array(kind: type[Any]) -> Codec:
    """Items of a named tuple as arrays in the order of its fields."""
    return Codec(None, lambda value: kind(*value))


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


TRACK = Codec(track_json, track_from)
OBJECT = Codec(object_json, object_from)
FINDING = Codec(finding_json, finding_from)
