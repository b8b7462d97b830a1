"""Lanes: for each track a row of characters, each of which stands for a span of time.

A character shows the state that took most of its span, so a row never shows a state that the track
was not in. Pure: a timeline in, rows out.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.timeline.model import OPEN, Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline

#: The character for each state, and Rich's style. States differ in shape, not by colour alone.
GLYPHS: dict[State, tuple[str, str]] = {
    State.UNKNOWN: ("?", "dim"),
    State.NEW: ("+", "dim"),
    State.READY: ("▒", "yellow"),
    State.RUNNING: ("█", "green"),
    State.BLOCKED: ("─", "red"),
    State.GIL: ("▚", "magenta"),
    State.STOPPED: ("x", "cyan"),
    State.ZOMBIE: ("z", "bright_black"),
    State.EXITED: (" ", ""),
    State.AWAITING: ("╌", "blue"),
    State.DONE: (" ", ""),
}
#: A sleep waits for the clock alone, so it is nearly invisible.
SLEEPING = ("·", "bright_black")


@dataclass(frozen=True, slots=True)
class Lane:
    """``cells`` is (glyph, style) for each column, blank before and after the track's life."""

    track: Track
    depth: int
    cells: list[tuple[str, str]]


def lanes(timeline: Timeline, width: int) -> list[Lane]:
    """A lane of ``width`` columns for every track, parents above their children."""
    span = max(timeline.now_ns, 1)
    return [
        Lane(track, depth, _cells(timeline.of(track), span, width))
        for track, depth in ordered(timeline)
    ]


def ordered(timeline: Timeline) -> list[tuple[Track, int]]:
    """Every track with its depth below the root: a process, its threads and coroutines, then its
    child processes, each in order of start. A track whose parent is unknown has depth 0. So have
    servers outside the program, which come last.
    """
    children: dict[int, list[Track]] = {}
    for track in timeline.tracks.values():
        parent = track.parent if track.parent in timeline.tracks else 0
        children.setdefault(parent, []).append(track)
    rows: list[tuple[Track, int]] = []
    waiting = [(track, 0) for track in _birth_order(children.get(0, []))]
    while waiting:
        track, depth = waiting.pop(0)
        rows.append((track, depth))
        below = _birth_order(children.get(track.id, []))
        waiting[:0] = [(child, depth + 1) for child in below]
    return rows


def glyph(row: Slice) -> tuple[str, str]:
    if row.state is State.BLOCKED and row.reason is Reason.SLEEP:
        return SLEEPING
    return GLYPHS[row.state]


def _birth_order(tracks: list[Track]) -> list[Track]:
    last = {TrackKind.PROCESS: 1, TrackKind.EXTERNAL: 2}
    return sorted(tracks, key=lambda track: (last.get(track.kind, 0), track.start_ns, track.id))


def _cells(rows: list[Slice], span: int, width: int) -> list[tuple[str, str]]:
    """For each column the glyph with the largest share of its time; blank if there is none."""
    shares: list[dict[tuple[str, str], int]] = [{} for _ in range(width)]
    for row in rows:
        start, end = row.start_ns, row.end_ns
        assert end != OPEN
        first = min(start * width // span, width - 1)
        last = min(max(end - 1, start) * width // span, width - 1)
        look = glyph(row)
        for column in range(first, last + 1):
            left, right = column * span // width, (column + 1) * span // width
            part = max(0, min(end, right) - max(start, left))
            shares[column][look] = shares[column].get(look, 0) + part
    return [max(share, key=lambda look: share[look]) if share else (" ", "") for share in shares]
