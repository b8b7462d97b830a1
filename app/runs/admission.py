"""Who may run now, who waits, and who is refused. Pure bookkeeping: starts and stops nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from app.errors import TooManyRuns


class Waiting(NamedTuple):
    visitor: str
    after: str  # the run that must be over before; empty: none


class Admission:
    """At most ``at_once`` runs run; ``waiting`` more wait; each visitor has ``per_visitor`` in all.

    First come, first served, but a freed place goes to the next in the queue at once; to the next
    but one where the first waits for a run that is not over.
    """

    def __init__(self, at_once: int, per_visitor: int, waiting: int) -> None:
        self.at_once = at_once
        self.per_visitor = per_visitor
        self.waiting = waiting
        self._running: dict[str, str] = {}
        self._queue: dict[str, Waiting] = {}  # insertion order is the order of the queue

    def enter(self, runs: Sequence[str], visitor: str) -> bool:
        """Take in ``runs``, to run one after the other; True when the first may start now.

        Raises TooManyRuns with a sentence that says which limit, and what to do; then none is in.
        """
        waiting = [each.visitor for each in self._queue.values()]
        has = Counter([*self._running.values(), *waiting])[visitor]
        if has + len(runs) > self.per_visitor:
            raise TooManyRuns(
                "You have {has} runs that are running or waiting, and {limit} are allowed: "
                "wait until one has ended, or stop one.",
                has=has,
                limit=self.per_visitor,
            )
        may_start = len(self._running) < self.at_once
        if len(waiting) + len(runs) - may_start > self.waiting:
            raise TooManyRuns(
                "{running} runs are running and {waiting} are waiting, which is all this server "
                "takes: try again in a moment.",
                running=len(self._running),
                waiting=len(waiting),
            )
        for before, run in zip(["", *runs], runs, strict=False):
            if may_start and not before:
                self._running[run] = visitor
            else:
                self._queue[run] = Waiting(visitor, before)
        return may_start

    def leave(self, run: str) -> str | None:
        """Forget ``run``, whether it ran or waited; the run that may start in its place, if any."""
        self._queue.pop(run, None)
        if self._running.pop(run, None) is None:
            return None
        for following, (visitor, after) in self._queue.items():
            if after not in self._running and after not in self._queue:
                self._running[following] = visitor
                del self._queue[following]
                return following
        return None

    def position(self, run: str) -> int | None:
        """1 for the next in the queue; None when it does not wait."""
        for place, waiting in enumerate(self._queue, 1):
            if waiting == run:
                return place
        return None

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def queued(self) -> int:
        return len(self._queue)
