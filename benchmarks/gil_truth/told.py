"""The same by the timeline's public JSON."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.gil_truth.judge import Class, Span


def first_told(timeline: dict[str, Any]) -> int:
    """When the timeline begins to speak of the lock: when a thread first waits for it."""
    locks = {thing["name"] for thing in timeline["objects"] if thing["kind"] == "gil"}
    told = [row["start_ns"] for row in timeline["slices"] if row["object"] in locks]
    return int(min(told, default=timeline["run"]["duration_ns"]))


def ours(timeline: dict[str, Any], track: int) -> list[Span]:
    """The track by the timeline's public JSON, where it tells; in absolute ns.

    Of a thread on a CPU or a run queue whose slice doesn't mention the lock, that slice alone
    says nothing; where another thread is said to hold the lock meanwhile, it is said that this
    one neither holds it nor waits for it.
    """
    start = timeline["run"]["start_monotonic_ns"]
    locks = {thing["name"] for thing in timeline["objects"] if thing["kind"] == "gil"}
    rows = sorted(timeline["slices"], key=lambda row: row["start_ns"])
    (pid,) = (item["pid"] for item in timeline["tracks"] if item["id"] == track)
    mates = {item["id"] for item in timeline["tracks"] if item["pid"] == pid} - {track}
    held = [
        (row["start_ns"], row["end_ns"])
        for row in rows
        if row["track"] in mates and row["object"] in locks and row["holder"] == row["track"]
    ]
    spans: list[Span] = []
    before, place = "", 0
    for row in rows:
        if row["track"] != track:
            continue
        begin, end = row["start_ns"], row["end_ns"]
        what: Class = "neither"
        if row["state"] == "gil":
            what = "waiting"
        elif row["state"] in ("running", "ready") and row["object"] in locks:
            what = "holding" if row["holder"] == track else "waiting"
        elif row["state"] == "ready" and before not in ("", "other"):
            pass  # woken in an operation, and not yet on a CPU to ask for anything
        elif row["state"] != "blocked":
            before = ""
            while place < len(held) and held[place][1] <= begin:
                place += 1
            for since, until in itertools.islice(held, place, None):
                if since >= end:
                    break
                first, last = max(begin, since), min(end, until)
                spans.append(Span(start + first, start + last, "neither", told=row["state"]))
            continue
        before = row["reason"] or ""
        off_cpu = row["state"] == "gil"
        told = f"{row['state']} {row['reason'] or ''}".strip()
        spans.append(Span(start + begin, start + end, what, off_cpu=off_cpu, told=told))
    return spans
