"""The steps of coroutines that last longer than a batch, followed until they are judged."""

from __future__ import annotations

from app.fusion.lives.lives import TaskLife, ThreadLife
from app.fusion.lives.spent import Spent
from app.fusion.picture.book import Book


class Steps:
    """Follows the steps that last longer than a batch, and those that wait to be judged."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.loops: dict[ThreadLife, None] = {}  # threads that executed a coroutine
        self._over: dict[Spent, ThreadLife] = {}
        self._rows = self._seen = 0

    def ended(self, task: TaskLife, t: int) -> Spent:
        """The step of ``task`` is over at ``t``. Its slices are collected until ``judged``."""
        spent = task.spent or Spent(task.step_start)
        task.spent = None
        spent.end, spent.ready_since = t, task.step_ready
        self._over[spent] = task.thread
        self.collect()
        return spent

    def settled(self, spent: Spent, life: ThreadLife) -> bool:
        """True if no more slices of the step will be written."""
        lane = life.lane
        if lane.ended or (not lane.holding and lane.start >= spent.end):
            return True
        return not lane.holding and self._book.facts.switches

    def judged(self, spent: Spent) -> None:
        """Count the thread's open slice, and stop following the step."""
        life = self._over[spent]
        self.collect()
        if not life.lane.ended:
            for row in life.lane.held:
                spent.add(row)
            spent.add(life.lane.open_row(), spent.end)
        del self._over[spent]

    def collect(self) -> None:
        """Count the slices written since the last call. To be called before they are handed out."""
        book = self._book
        rows, seen = book.rows, book.sightings
        wanted: dict[int, list[Spent]] = {}
        for life in self.loops:
            step = life.loop.step
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
        """The book has handed out the rows collected so far."""
        self._rows = self._seen = 0
        for life in [life for life in self.loops if life.exited]:
            del self.loops[life]
