"""How far two accounts of the same threads agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.timeline.model import Slice, Track
from app.timeline.states import State
from app.timeline.timeline import Timeline
from benchmarks.truth.judge import Class, Span
from benchmarks.truth.overlaps import added, overlaps
from benchmarks.truth.steal import NONE, Steal

#: Two handlers of one kernel event read the clock one after the other: 0.5 us apart where this was
#: measured (pipe ping-pong, 20 000 events). A shorter difference is not of the threads.
EDGE_NS = 1_000

CLASSES: tuple[Class, ...] = ("running", "ready", "off")


class Difference(NamedTuple):
    """An instant in which the two differ, from ``start_ns`` on (absolute)."""

    start_ns: int
    length_ns: int
    ours: Slice
    judge: Class
    later: str  # who makes at the difference's end the change that the other made at its start


class Agreement(NamedTuple):
    """Nanoseconds both speak of, and of these where they say the same; the same by class.

    ``edges_ns`` is the part of the rest in differences no longer than ``EDGE_NS``. ``unsaid_ns`` is
    the time of which the judge says nothing, ``missing_ns`` that of which the
    timeline says nothing and the judge does: that counts as disagreement. ``stolen_from`` is the
    time both speak of in intervals with steal, and what of it differs.
    """

    both_ns: int
    same_ns: int
    edges_ns: int
    unsaid_ns: int
    missing_ns: int
    stolen_from: tuple[int, int]
    totals: dict[Class, tuple[int, int]]  # the timeline's, the judge's
    worst: Difference | None

    @property
    def share(self) -> float:
        return self.same_ns / self.both_ns if self.both_ns else 1.0

    @property
    def share_but_edges(self) -> float:
        return (self.same_ns + self.edges_ns) / self.both_ns if self.both_ns else 1.0


def class_of(row: Slice) -> Class | None:
    """None where the thread is not there yet, or any more."""
    if row.state is State.UNKNOWN:
        return "unsaid"
    if row.state in (State.ZOMBIE, State.NEW):
        return None
    if row.state in (State.RUNNING, State.READY):
        return "running" if row.state is State.RUNNING else "ready"
    return "off"


def compare(timeline: Timeline, track: Track, judge: list[Span], steal: Steal = NONE) -> Agreement:
    start = timeline.run["start_monotonic_ns"]
    mine = [row for row in timeline.of(track) if class_of(row) is not None]
    both = same = edges = unsaid = missing = taken = taken_differs = 0
    totals: dict[Class, list[int]] = {name: [0, 0] for name in (*CLASSES, "unsaid")}
    worst: Difference | None = None
    for i, j, begin, length in overlaps(mine, judge, start):
        row, span = mine[i], judge[j]
        what = class_of(row)
        assert what is not None
        if span.what == "unsaid":
            unsaid += length
            continue
        both += length
        inside = steal.within(begin - start, length)
        taken += inside
        totals[what][0] += length
        totals[span.what][1] += length
        if what == span.what:
            same += length
            continue
        taken_differs += inside
        edges += length * (length <= EDGE_NS)
        missing += length * (what == "unsaid")
        if worst is None or length > worst.length_ns:
            later = ""
            if start + row.end_ns <= span.end_ns:
                follows = class_of(mine[i + 1]) if i + 1 < len(mine) else None
                later = "timeline" if follows == span.what else ""
            elif j + 1 < len(judge) and judge[j + 1].what == what:
                later = "judge"
            worst = Difference(begin, length, row, span.what, later)
    pairs = {name: (a, b) for name, (a, b) in totals.items()}
    return Agreement(both, same, edges, unsaid, missing, (taken, taken_differs), pairs, worst)


def between(judges: tuple[list[Span], list[Span]]) -> tuple[int, int, int]:
    """How far two judges agree on a thread: ns both speak of, of these the same, and edges."""
    both = same = edges = 0
    one, other = judges
    for i, j, _, length in overlaps(one, other):
        a, b = one[i].what, other[j].what
        if "unsaid" not in (a, b):
            both += length
            same += length * (a == b)
            edges += length * (a != b and length <= EDGE_NS)
    return both, same, edges


def together(agreements: Iterable[Agreement]) -> Agreement:
    items = list(agreements)
    return Agreement(
        sum(item.both_ns for item in items),
        sum(item.same_ns for item in items),
        sum(item.edges_ns for item in items),
        sum(item.unsaid_ns for item in items),
        sum(item.missing_ns for item in items),
        (sum(item.stolen_from[0] for item in items), sum(item.stolen_from[1] for item in items)),
        added(CLASSES, [item.totals for item in items]),
        max(
            (item.worst for item in items if item.worst),
            key=lambda item: item.length_ns,
            default=None,
        ),
    )
