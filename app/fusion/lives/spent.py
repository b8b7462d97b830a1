"""What an event loop's thread did in one step of a coroutine: ran, waited, or had no CPU."""

from __future__ import annotations

from collections import Counter

from app.timeline.model import Slice
from app.timeline.states import Reason, State

_FOREVER = 1 << 62


class Spent:
    """Sums of one step, from the slices of its thread, in ns.

    ``late_ns`` is the step's own time since another coroutine was ready (``ready_since``, 0: none
    was). ``calls`` holds the time blocked by reason and line, ``holders`` the time waited for the
    GIL by its holder, ``lines`` how often the thread was seen at each line.
    """

    __slots__ = ("calls", "end", "gil_ns", "holders", "late_ns", "lines", "ran_ns", "ready_ns",
                 "ready_since", "start")  # fmt: skip

    def __init__(self, start: int) -> None:
        self.start, self.end = start, _FOREVER
        self.ready_since = 0
        self.ran_ns = self.gil_ns = self.ready_ns = self.late_ns = 0
        self.calls: Counter[tuple[Reason, int]] = Counter()
        self.holders: Counter[int] = Counter()
        self.lines: Counter[int] = Counter()

    @property
    def blocked_ns(self) -> int:
        return self.calls.total()

    @property
    def own_ns(self) -> int:
        """What the step itself took: a thread without a CPU takes nothing."""
        return self.ran_ns + self.blocked_ns + self.gil_ns

    def worst_call(self) -> tuple[Reason, int, int]:
        """Reason, line and time of the calls that blocked longest; no time where none did."""
        if not self.calls:
            return Reason.NONE, 0, 0
        (reason, line), ns = self.calls.most_common(1)[0]
        return reason, line, ns

    def add(self, row: Slice, until: int = _FOREVER) -> None:
        """Count what of ``row``, which may be open until ``until``, lies inside the step."""
        end = min(row.end_ns if row.end_ns >= 0 else until, self.end)
        ns = end - max(row.start_ns, self.start)
        if ns <= 0:
            return
        match row.state:
            case State.RUNNING:
                self.ran_ns += ns
            case State.BLOCKED:
                self.calls[row.reason, row.line] += ns
            case State.GIL:
                self.gil_ns += ns
                self.holders[row.holder] += ns
            case State.READY:
                self.ready_ns += ns
                return
            case _:  # stopped from outside, or not known
                return
        if self.ready_since:
            self.late_ns += max(0, end - max(row.start_ns, self.start, self.ready_since))
