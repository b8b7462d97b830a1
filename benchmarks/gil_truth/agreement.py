"""How far the timeline and the judge agree on a thread."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from benchmarks.gil_truth.judge import Class, Span
from benchmarks.truth.overlaps import added, overlaps
from benchmarks.truth.steal import NONE, Steal

CLASSES: tuple[Class, ...] = ("holding", "waiting", "neither")
#: From entry to return of ``take_gil`` or ``drop_gil`` if there is nothing to wait for: that takes
#: a tenth of a microsecond, so the rest is the judge's own traps.
TRAPS_NS = 2_000

#: A state and a reason of the timeline, its class, and the judge's.
Kind = tuple[str, Class, Class]


class Difference(NamedTuple):
    """The longest instant at which the two disagree, in ns since the run's start."""

    length_ns: int
    start_ns: int
    ours: Class
    judge: Class


class Agreement(NamedTuple):
    """``untrue_ns``: the timeline shows a wait, the judge a thread that does not want the lock.

    ``traps_ns``: they differ between two traps of the judge that follow one another at once.
    ``stolen_from``: the time that both tell of in intervals with steal, and what of it differs.
    """

    judged_ns: int
    told_ns: int
    same_ns: int
    untrue_ns: int
    traps_ns: int
    stolen_from: tuple[int, int]
    kinds: Counter[Kind]  # ns of disagreement of each kind
    totals: dict[Class, tuple[int, int]]  # the timeline's, the judge's
    worst: Difference | None

    @property
    def share(self) -> float:
        return self.same_ns / self.told_ns if self.told_ns else 1.0


def compare(mine: list[Span], judge: list[Span], start_ns: int, steal: Steal = NONE) -> Agreement:
    told = same = untrue = traps = taken = taken_differs = 0
    kinds: Counter[Kind] = Counter()
    totals = {name: [0, 0] for name in CLASSES}
    worst: Difference | None = None
    for i, j, start, length in overlaps(mine, judge):
        row, span = mine[i], judge[j]
        told += length
        inside = steal.within(start - start_ns, length)
        taken += inside
        totals[row.what][0] += length
        totals[span.what][1] += length
        if row.what == span.what or (span.drops and row.what != "holding"):
            same += length
            continue
        taken_differs += inside
        kinds[row.told, row.what, span.what] += length
        within = span.drops or span.what == "waiting"
        traps += length * (within and span.end_ns - span.start_ns <= TRAPS_NS)
        untrue += length * (row.off_cpu and span.what == "neither")
        if worst is None or length > worst.length_ns:
            worst = Difference(length, start - start_ns, row.what, span.what)
    lengths = sum(span.end_ns - span.start_ns for span in judge)
    pairs = {name: (a, b) for name, (a, b) in totals.items()}
    stolen_from = taken, taken_differs
    return Agreement(lengths, told, same, untrue, traps, stolen_from, kinds, pairs, worst)


def together(items: list[Agreement]) -> Agreement:
    return Agreement(
        sum(item.judged_ns for item in items),
        sum(item.told_ns for item in items),
        sum(item.same_ns for item in items),
        sum(item.untrue_ns for item in items),
        sum(item.traps_ns for item in items),
        (sum(item.stolen_from[0] for item in items), sum(item.stolen_from[1] for item in items)),
        sum((item.kinds for item in items), Counter()),
        added(CLASSES, [item.totals for item in items]),
        max((item.worst for item in items if item.worst), default=None),
    )
