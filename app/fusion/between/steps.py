"""What an event loop's thread did in one step of a coroutine: ran, waited, or had no CPU."""

from __future__ import annotations

from collections import Counter

from app.fusion.lives.lives import TaskLife, ThreadLife
from app.fusion.picture.book import Book
from app.timeline.model import Slice
from app.timeline.states import Reason, State

_FOREVER = 1 << 62


class Spent:
    """Sums of one step, from the slices of its thread, in ns.

    ``late_ns`` is the step's own time since another coroutine was ready (``ready_since``, 0: none
    was). ``calls`` holds the time blocked by reason and line, ``holders`` the time waited for the
    GIL by who held it, ``lines`` how often the thread was seen at each line.
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


class Steps:
    """Follows the steps that last longer than a batch, and those that wait to be judged."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.loops: dict[ThreadLife, None] = {}  # threads that executed a coroutine
        self._over: dict[Spent, ThreadLife] = {}
        self._rows = self._seen = 0

    def ended(self, task: TaskLife, t: int) -> Spent:
        """The step of ``task`` is over at ``t``; what it did is followed until ``judged``."""
        spent = task.spent or Spent(task.step_start)
        task.spent = None
        spent.end, spent.ready_since = t, task.step_ready
        self._over[spent] = task.thread
        self.collect()
        return spent

    def settled(self, spent: Spent, life: ThreadLife) -> bool:
        """Whether all slices of the step are written that ever will be."""
        lane = life.lane
        if lane.ended or (not lane.holding and lane.start >= spent.end):
            return True
        return not lane.holding and self._book.facts.switches

    def judged(self, spent: Spent) -> None:
        """Counts what the thread does now, and follows the step no longer."""
        life = self._over[spent]
        self.collect()
        if not life.lane.ended:
            for row in life.lane.held:
                spent.add(row)
            spent.add(life.lane.open_row(), spent.end)
        del self._over[spent]

    def collect(self) -> None:
        """Count the slices written since the last time; call it before they are handed out."""
        book = self._book
        rows, seen = book.rows, book.sightings
        wanted: dict[int, list[Spent]] = {}
        for life in self.loops:
            step = life.step
            if step is not None:
                spent = step.spent
                if spent is None:
                    spent = step.spent = Spent(step.step_start)
                spent.ready_since = step.step_ready
                wanted.setdefault(life.track.id, []).append(spent)
        for spent, life in self._over.items():
            wanted.setdefault(life.track.id, []).append(spent)
        if wanted:
            fresh = rows[self._rows :] if self._rows else rows
            for row in [row for row in fresh if row[0] in wanted]:
                for spent in wanted[row.track]:
                    spent.add(row)
            for track, t, line in seen[self._seen :]:
                for spent in wanted.get(track, ()):
                    if spent.start <= t < spent.end:
                        spent.lines[line] += 1
        self._rows, self._seen = len(rows), len(seen)

    def handed_out(self) -> None:
        """The rows collected so far are gone."""
        self._rows = self._seen = 0
        for life in [life for life in self.loops if life.exited]:
            del self.loops[life]
