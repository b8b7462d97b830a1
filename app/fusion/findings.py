"""Findings other than deadlocks: facts from which the page makes sentences."""

from __future__ import annotations

from typing import Any

from app.fusion.book import Book
from app.fusion.lives import TaskLife
from app.timeline.model import Finding
from app.timeline.states import Reason

#: A step of a coroutine this long keeps the others from their turn (asyncio's own debug mode
#: warns from 100 ms on).
LONG_STEP_NS = 50_000_000


class Findings:
    """Gives each finding its id and hands it to the book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._count = 0

    def add(self, kind: str, start_ns: int, end_ns: int, facts: dict[str, Any]) -> None:
        self._count += 1
        self._book.finding(Finding(f"{kind}-{self._count}", kind, start_ns, end_ns, facts=facts))

    def limit(self, t: int, name: str, value: int) -> None:
        self.add("limit", t, t, {"name": name, "value": value})

    def never_awaited(self, t: int, track: int, name: str, line: int) -> None:
        self.add("never-awaited", t, t, {"track": track, "name": name, "line": line})

    def step_over(self, task: TaskLife, t: int, line: int) -> None:
        """A step ended at ``t``: did it block its loop?

        It did when it was long, and in all that time a call kept the thread waiting or another
        coroutine was ready.
        """
        start = task.step_start
        if t - start < LONG_STEP_NS:
            return
        blocked = task.step_blocked
        if blocked is not None and blocked[0] >= LONG_STEP_NS:
            reason, line = blocked[1], blocked[2] or line
        elif task.step_ready and t - task.step_ready >= LONG_STEP_NS:
            reason = Reason.NONE
        else:
            return
        facts = {
            "track": task.thread.track.id,
            "task": task.track.id,
            "line": line,
            "duration_ns": t - start,
            "reason": reason.word,
        }
        self.add("loop-blocked", start, t, facts)
