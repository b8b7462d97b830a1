"""Who may run now, who waits, and who is refused. Pure bookkeeping: starts and stops nothing."""

from __future__ import annotations

from collections import Counter

from app.errors import TooManyRuns


class Admission:
    """At most ``at_once`` runs run; ``waiting`` more wait; each visitor has ``per_visitor`` in all.

    First come, first served, but a freed place goes to the next in the queue at once.
    """

    def __init__(self, at_once: int, per_visitor: int, waiting: int) -> None:
        self.at_once = at_once
        self.per_visitor = per_visitor
        self.waiting = waiting
        self._running: dict[str, str] = {}
        self._queue: dict[str, str] = {}  # insertion order is the order of the queue

    def enter(self, run: str, visitor: str) -> bool:
        """Take ``run`` in; True when it may start now, False when it waits.

        Raises TooManyRuns with a sentence that says which limit, and what to do.
        """
        has = Counter([*self._running.values(), *self._queue.values()])[visitor]
        if has >= self.per_visitor:
            raise TooManyRuns(
                "You have {has} runs that are running or waiting, and {limit} are allowed: "
                "wait until one has ended, or stop one.",
                has=has,
                limit=self.per_visitor,
            )
        if len(self._running) < self.at_once:
            self._running[run] = visitor
            return True
        if len(self._queue) >= self.waiting:
            raise TooManyRuns(
                "{running} runs are running and {waiting} are waiting, which is all this server "
                "takes: try again in a moment.",
                running=len(self._running),
                waiting=len(self._queue),
            )
        self._queue[run] = visitor
        return False

    def leave(self, run: str) -> str | None:
        """Forget ``run``, whether it ran or waited; the run that may start in its place, if any."""
        self._queue.pop(run, None)
        if self._running.pop(run, None) is None or not self._queue:
            return None
        following = next(iter(self._queue))
        self._running[following] = self._queue.pop(following)
        return following

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
