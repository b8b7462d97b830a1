"""How the terminal names tracks, lines and times."""

from __future__ import annotations

from app.timeline.places import spelled
from app.timeline.timeline import Timeline


def seconds(ns: int) -> str:
    """A duration in a suitable unit."""
    if ns >= 1_000_000_000:
        return f"{ns / 1e9:.3f} s"
    if ns >= 1_000_000:
        return f"{ns / 1e6:.1f} ms"
    return f"{ns / 1e3:.0f} µs"


def line_name(place: object, timeline: Timeline) -> str:
    return spelled(place, timeline.files) if isinstance(place, int) and place else "?"


def track_name(track: int, timeline: Timeline) -> str:
    found = timeline.tracks.get(track)
    return found.name if found else "?"


def task_name(task: object, timeline: Timeline) -> str:
    """The task's name. A fact has the id of the task's track, or the name if there is no track."""
    if isinstance(task, int):
        return track_name(task, timeline)
    return str(task)
