"""Findings other than deadlocks: facts from which the page makes sentences."""

from __future__ import annotations

from typing import Any

from app.fusion.book import Book
from app.fusion.lives import Operation, TaskLife
from app.timeline.model import OPEN, Finding
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
        self._tell(self._name(kind), kind, start_ns, end_ns, facts)

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
        name, task.finding = task.finding, ""
        if t - start < LONG_STEP_NS or not task.looped:
            return
        blocked = task.step_blocked
        if blocked is not None and blocked[0] >= LONG_STEP_NS:
            reason, line = blocked[1], blocked[2] or line
        elif task.step_ready and t - task.step_ready >= LONG_STEP_NS:
            reason = Reason.NONE
        else:
            return
        facts = _facts(task, t, line, reason)
        self._tell(name or self._name("loop-blocked"), "loop-blocked", start, t, facts)

    def step_waits(self, task: TaskLife, op: Operation, t: int) -> None:
        """A call keeps the loop's thread waiting since ``t``: tell it while it lasts."""

        def tell(now: int) -> None:
            if task.thread.step is task and task.thread.op is op and task.looped:
                task.finding = task.finding or self._name("loop-blocked")
                facts = _facts(task, now, op.line, op.reason)
                self._tell(task.finding, "loop-blocked", task.step_start, OPEN, facts)

        self._book.timer(t + LONG_STEP_NS, tell)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def _tell(
        self, name: str, kind: str, start_ns: int, end_ns: int, facts: dict[str, Any]
    ) -> None:
        self._book.finding(Finding(name, kind, start_ns, end_ns, facts=facts))


def _facts(task: TaskLife, t: int, line: int, reason: Reason) -> dict[str, Any]:
    return {
        "track": task.thread.track.id,
        "task": task.track.id,
        "line": line,
        "duration_ns": t - task.step_start,
        "reason": reason.word,
    }
