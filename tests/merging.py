"""Decoded frames merged: as the product does it, and as plainly as can be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.timeline.frames import Frame, decode, encode
from app.timeline.merge import merge_encoded
from app.timeline.model import OPEN, Flow, Slice

#: Entries whose items replace the earlier ones with the same key, and entries that only grow.
KEYED = {"tracks": "id", "objects": "id", "findings": "id", "claims": "id", "stats": "track"}
APPENDED = ("output", "seen", "levels", "stolen")


def merge(frames: Iterable[Frame]) -> Frame:
    """``merge_encoded`` of frames that are decoded."""
    return decode(merge_encoded(map(encode, frames)))


def merge_plainly(frames: Iterable[Frame]) -> Frame:
    """What ``merge`` is held to: the same by rows, with its own list of entries."""
    head: dict[str, Any] = {}
    keyed: dict[str, dict[Any, Any]] = {name: {} for name in KEYED}
    appended: dict[str, list[Any]] = {name: [] for name in APPENDED}
    slices: list[Slice] = []
    flows: list[Flow] = []
    opened: dict[int, Slice] = {}
    seq = now_ns = 0
    for frame in frames:
        if frame.snapshot:
            head, slices, flows, opened = {}, [], [], {}
            keyed = {name: {} for name in KEYED}
            appended = {name: [] for name in APPENDED}
        seq, now_ns = frame.seq, frame.now_ns
        for name, value in frame.head.items():
            if name in KEYED:
                keyed[name].update((item[KEYED[name]], item) for item in value)
            elif name in APPENDED:
                appended[name] += value
            elif name == "run":
                head["run"] = {**head.get("run", {}), **value}
            else:
                head[name] = value
        for row in frame.slices:
            if row.end_ns == OPEN:
                opened[row.track] = row
            else:
                opened.pop(row.track, None)
                slices.append(row)
        flows += frame.flows
    head.update((name, list(items.values())) for name, items in keyed.items() if items)
    head.update((name, items) for name, items in appended.items() if items)
    return Frame(seq, now_ns, head, [*slices, *opened.values()], flows, snapshot=True)
