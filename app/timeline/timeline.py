"""A whole timeline, folded from frames: what claims check, the CLI prints and JSON exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter, itemgetter
from typing import Any

from app.locale.languages import DEFAULT, LANGUAGES
from app.timeline import head_items, heads, rows
from app.timeline.frames import Frame
from app.timeline.model import (
    OPEN,
    Finding,
    Flow,
    Level,
    ObjectRow,
    Output,
    Seen,
    Slice,
    Stats,
    Stolen,
    Track,
)
from app.timeline.places import file_of, line_of
from app.timeline.states import State, TrackKind


class Timeline:
    """Everything that the frames so far have said. ``apply`` takes them in order.

    ``slices[track_id]`` is in order of time; its last row may be open (``end_ns == OPEN``). So is
    ``seen[track_id]``, the lines at which it was seen, and ``levels[object_id]``.
    ``claims``, ``run`` and ``beside`` hold the head's JSON values.
    """

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self._reset()
        for frame in frames:
            self.apply(frame)

    def _reset(self) -> None:
        self.seq = 0
        self.now_ns = 0
        self.state = "running"
        self.dropped = 0
        self.run: dict[str, Any] = {}
        self.tracks: dict[int, Track] = {}
        self.objects: dict[int, ObjectRow] = {}
        self.slices: dict[int, list[Slice]] = {}
        self.flows: list[Flow] = []
        self.output: list[Output] = []
        self.findings: dict[str, Finding] = {}
        self.claims: dict[str, dict[str, Any]] = {}
        self.beside: dict[str, Any] = {}
        self.stats: dict[int, Stats] = {}
        self.files: list[str] = []
        self.seen: dict[int, list[Seen]] = {}
        self.levels: dict[int, list[Level]] = {}
        self.stolen: list[Stolen] = []

    def apply(self, frame: Frame) -> None:
        """Add what one frame says; a snapshot replaces all that was known."""
        if frame.snapshot:
            self._reset()
        self.seq, self.now_ns = frame.seq, frame.now_ns
        for name, value in frame.head.items():
            entry = heads.HEAD.get(name)
            if entry is not None and entry.kept:
                self._fold(entry, value)
        for row in frame.slices:
            rows.add(self.slices.setdefault(row.track, []), row)
        self.flows += frame.flows

    def _fold(self, entry: heads.Entry, value: Any) -> None:
        kept = getattr(self, entry.name)
        if entry.codec is not None:
            value = map(entry.codec.read, value)
        if entry.apart:
            for item in value:
                kept.setdefault(getattr(item, entry.apart), []).append(item)
            return
        key_of = None
        if entry.key:
            key_of = itemgetter(entry.key) if entry.codec is None else attrgetter(entry.key)
        setattr(self, entry.name, entry.fold(kept, value, key_of))

    # --- looking things up ---------------------------------------------------------------------

    def of_kind(self, *kinds: TrackKind) -> list[Track]:
        """Tracks of these kinds, in order of their start."""
        found = [track for track in self.tracks.values() if track.kind in kinds]
        return sorted(found, key=lambda track: (track.start_ns, track.id))

    def named(self, name: str) -> list[Track]:
        return [track for track in self.tracks.values() if track.name == name]

    def root(self) -> Track:
        """The program's own process: the first process track."""
        return self.of_kind(TrackKind.PROCESS)[0]

    def children(self, track: Track) -> list[Track]:
        return [child for child in self.tracks.values() if child.parent == track.id]

    def of(self, track: Track, *states: State) -> list[Slice]:
        """The track's slices, of these states when given. Open rows end at ``now_ns``."""
        return [
            row if row.end_ns != OPEN else row._replace(end_ns=max(self.now_ns, row.start_ns))
            for row in self.slices.get(track.id, ())
            if not states or row.state in states
        ]

    def total_ns(self, track: Track, *states: State) -> int:
        return sum(row.end_ns - row.start_ns for row in self.of(track, *states))

    def text_of(self, stream: str | None = None) -> str:
        """The program's output in order, of one stream or of both."""
        rows = sorted(self.output, key=lambda item: item.ns)
        return "".join(item.text for item in rows if stream in (None, item.stream))

    def rows(self) -> Iterator[Slice]:
        """All slices, track by track."""
        for track in sorted(self.slices):
            yield from self.slices[track]

    # --- the public JSON -----------------------------------------------------------------------

    def to_json(self, language: str = "en") -> dict[str, Any]:
        """The timeline JSON of docs/formats.md: words for codes, names for objects."""
        names = {obj.id: obj.name for obj in self.objects.values()}
        order = {track.id: (track.start_ns, track.id) for track in self.tracks.values()}
        return {
            "run": {**self.run, "dropped": self.dropped, "state": self.state},
            "tracks": [
                head_items.track_json(track)
                for track in sorted(self.tracks.values(), key=lambda item: order[item.id])
            ],
            "objects": [self._placed(head_items.object_json(obj)) for obj in self.objects.values()],
            "slices": [
                {
                    "track": row.track,
                    "start_ns": row.start_ns,
                    "end_ns": row.end_ns if row.end_ns != OPEN else self.now_ns,
                    "open": row.end_ns == OPEN,
                    "state": row.state.word,
                    "reason": row.reason.word if row.reason else None,
                    "object": names.get(row.object),
                    "holder": row.holder or None,
                    "cpu": row.cpu if row.cpu >= 0 else None,
                    "line": line_of(row.line) or None,
                    **self._in_file(row.line),
                    "evidence": row.evidence.word,
                    "reason_evidence": row.reason_evidence.word if row.reason else None,
                }
                for row in self.rows()
            ],
            "flows": [
                {
                    "kind": flow.kind.word,
                    "from_track": flow.from_track,
                    "from_ns": flow.from_ns,
                    "to_track": flow.to_track,
                    "to_ns": flow.to_ns,
                    "object": names.get(flow.object),
                }
                for flow in self.flows
            ],
            "output": [item._asdict() for item in self.output],
            "seen": [
                self._placed(item._asdict())
                for track in sorted(self.seen)
                for item in self.seen[track]
            ],
            "levels": [
                {**level._asdict(), "object": names.get(obj), "most": level.most or None}
                for obj in sorted(self.levels)
                for level in self.levels[obj]
            ],
            "stolen": [item._asdict() for item in self.stolen],
            "findings": [self._finding_json(item, names) for item in self.findings.values()],
            "claims": [
                {
                    **claim,
                    "text": claim["text"].get(language, claim["text"]["en"]),
                    "why": claim["why"].get(language, claim["why"]["en"]),
                }
                for claim in self.claims.values()
            ],
            "stats": [item._asdict() for item in self.stats.values()],
            **({"beside": _said(self.beside, language)} if self.beside else {}),
        }

    def _in_file(self, place: int) -> dict[str, str]:
        """The file of a place that is not in the program's own."""
        file = file_of(place, self.files)
        return {"file": file} if file else {}

    def _finding_json(self, finding: Finding, names: dict[int, str]) -> dict[str, Any]:
        value = head_items.finding_json(finding)
        value["facts"] = self._placed(value["facts"])
        value["cycle"] = [
            self._placed({**wait, "object": names.get(wait["object"])}) for wait in value["cycle"]
        ]
        return value

    def _placed(self, value: dict[str, Any]) -> dict[str, Any]:
        """``value`` with each place split into its line and, for another file, the file's name."""
        for name, file_name in (
            ("line", "file"),
            ("held_line", "held_file"),
            ("seen_line", "seen_file"),
        ):
            place = value.get(name)
            if isinstance(place, int):
                value = {**value, name: line_of(place)}
                if file := file_of(place, self.files):
                    value[file_name] = file
        return value


def _said(value: Any, language: str) -> Any:
    """JSON with each text in several languages replaced by the one in ``language``."""
    if isinstance(value, list):
        return [_said(item, language) for item in value]
    if not isinstance(value, dict):
        return value
    if DEFAULT in value and value.keys() <= LANGUAGES.keys():
        return value.get(language, value[DEFAULT])
    return {name: _said(item, language) for name, item in value.items()}
