"""What the hypervisor took while a program ran, and how much of a disagreement lies there.

Intervals are those of the timeline's ``stolen``: within each the hypervisor had a CPU for some
ticks (proc_stat(5)), it isn't known when, nor from which thread. So a difference inside them may be
of the steal, and one outside of them is not.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Steal:
    """``intervals``: start, end and stolen time of each, in ns since the run's start."""

    def __init__(self, intervals: Iterable[tuple[int, int, int]]) -> None:
        self.ns = 0
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end, ns in sorted(intervals):
            self.ns += ns
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def within(self, start_ns: int, length_ns: int) -> int:
        """How much of a span lies in the intervals of any CPU."""
        end_ns = start_ns + length_ns
        inside = 0
        for index in range(max(0, bisect_right(self._starts, start_ns) - 1), len(self._starts)):
            if self._starts[index] >= end_ns:
                break
            inside += max(0, min(end_ns, self._ends[index]) - max(start_ns, self._starts[index]))
        return inside

    def __str__(self) -> str:
        return f"{self.ns // TICK_NS} ticks, {self.ns / 1e6:.0f} ms"


#: Of a machine from which nothing was taken.
NONE = Steal(())


def shares(whole: tuple[int, int], inside: tuple[int, int]) -> list[str]:
    """The share that differs of the time in the intervals, and of the time outside of them.

    Each pair is the time compared and what of it differs, in ns.
    """
    outside = whole[0] - inside[0], whole[1] - inside[1]
    return [
        f"{100 * differs / compared:.2f} %" if compared else "-"
        for compared, differs in (inside, outside)
    ]
