"""Findings other than deadlocks: facts from which the page makes sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.fusion.between.competition import Competition
from app.fusion.between.steps import Steps
from app.fusion.lives.lives import Operation, TaskLife, ThreadLife
from app.fusion.lives.spent import Spent
from app.fusion.picture.book import Book
from app.timeline.model import OPEN, Finding
from app.timeline.states import Reason, State

#: A coroutine's step that lasts this long keeps the others waiting (asyncio's own debug mode
#: warns from 100 ms on).
LONG_STEP_NS = 50_000_000
#: If not all slices of a step are known at its end, it is looked at again this often, and judged
#: by what is known after this time at the latest.
AGAIN_NS = 10_000_000
PATIENCE_NS = 600_000_000


class Findings:
    """Gives each finding its id and writes it in the book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._count = 0
        self.steps = Steps(book)
        self._competition = Competition(book)
        self._unjudged: dict[Spent, Callable[[], None]] = {}

    def collect(self) -> None:
        """Look at the slices that are about to be handed out."""
        self.steps.collect()
        self._competition.collect()

    def add(self, kind: str, start_ns: int, end_ns: int, facts: dict[str, Any]) -> None:
        self._show(self._name(kind), kind, start_ns, end_ns, facts)

    def limit(self, t: int, name: str, value: int) -> None:
        self.add("limit", t, t, {"name": name, "value": value})

    def never_awaited(self, t: int, track: int, name: str, line: int) -> None:
        self.add("never-awaited", t, t, {"track": track, "name": name, "line": line})

    def step_over(self, task: TaskLife, t: int, line: int) -> None:
        """A step ended at ``t`` at ``line``: find out if it blocked its loop."""
        if t - task.step_start < LONG_STEP_NS or not task.looped:
            task.spent = None
            return
        spent = self.steps.ended(task, t)
        name, task.finding = task.finding, ""
        life = task.thread

        def look(now: int) -> None:
            if spent not in self._unjudged:
                return
            if self.steps.settled(spent, life) or now >= t + PATIENCE_NS:
                self._unjudged.pop(spent)()
            else:
                self._book.timer(now + AGAIN_NS, look)

        self._unjudged[spent] = lambda: self._judge(name, task, life, spent, line)
        look(t)

    def step_waits(self, task: TaskLife, op: Operation, t: int) -> None:
        """A call keeps the loop's thread waiting since ``t``: show that while it lasts."""

        def show(now: int) -> None:
            life = task.thread
            if life.loop.step is not task or life.op is not op or not task.looped:
                return
            blocked_ns = self._blocked_until(life, now) - life.lane.start
            if life.lane.state is not State.BLOCKED or blocked_ns < LONG_STEP_NS:
                again = life.lane.start + LONG_STEP_NS
                self._book.timer(again if again > now else now + AGAIN_NS, show)
                return
            task.finding = task.finding or self._name("loop-blocked")
            facts = _facts(task, life, now - task.step_start, op.line, op.reason.word)
            self._show(task.finding, "loop-blocked", task.step_start, OPEN, facts)

        self._book.timer(t + LONG_STEP_NS, show)

    def run_over(self) -> None:
        """The run is over: judge the steps that are left."""
        for judge in self._unjudged.values():
            judge()
        self._unjudged.clear()
        self._competition.collect()
        if found := self._competition.facts():
            self.add("competed", *found)

    def _blocked_until(self, life: ThreadLife, now: int) -> int:
        """The time until which the thread is known to have been blocked.

        Without a witness of wake-ups it may be ready by now, unless /proc showed that it sleeps.
        """
        facts, sample, look = self._book.facts, life.stop.sampled_call, life.looks.look
        if facts.wake_ups:
            return now
        if look is not None and look.letter in "SD":
            return look.t
        return sample.t - facts.start_ns if sample is not None else 0

    def _judge(self, name: str, task: TaskLife, life: ThreadLife, spent: Spent, line: int) -> None:
        """Find out if the step blocked its loop by what it did itself.

        It did if calls at one line kept the thread blocked for long, or if another coroutine was
        ready for long while the step computed, was blocked or waited for the GIL. Time in which
        the thread was ready and had no CPU does not count.
        """
        self.steps.judged(spent)
        reason, call_line, blocked_ns = spent.worst_call()
        if blocked_ns >= LONG_STEP_NS:
            word, line = reason.word, call_line or line
        elif spent.late_ns < LONG_STEP_NS:
            return
        elif blocked_ns >= max(spent.ran_ns, spent.gil_ns):
            word, line = reason.word, call_line or line
        else:
            word = "gil" if spent.gil_ns > spent.ran_ns else Reason.NONE.word
        facts = _facts(task, life, spent.end - spent.start, line, word)
        facts |= {
            "ran_ns": spent.ran_ns,
            "blocked_ns": spent.blocked_ns,
            "gil_ns": spent.gil_ns,
            "ready_ns": spent.ready_ns,
        }
        if word == "gil":
            facts["holder"] = spent.holders.most_common(1)[0][0]
        if word == Reason.NONE.word and spent.lines:
            facts["seen_line"] = spent.lines.most_common(1)[0][0]
        name = name or self._name("loop-blocked")
        self._show(name, "loop-blocked", spent.start, spent.end, facts)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def _show(
        self, name: str, kind: str, start_ns: int, end_ns: int, facts: dict[str, Any]
    ) -> None:
        self._book.finding(Finding(name, kind, start_ns, end_ns, facts=facts))


def _facts(
    task: TaskLife, life: ThreadLife, duration_ns: int, line: int, reason: str
) -> dict[str, Any]:
    return {
        "track": life.track.id,
        "task": task.track.id,
        "line": line,
        "duration_ns": duration_ns,
        "reason": reason,
    }
