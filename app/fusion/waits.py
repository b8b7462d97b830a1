"""The wait-for graph, and cycles in it while they last."""

from __future__ import annotations

from typing import NamedTuple

from app.fusion.book import Book
from app.fusion.lives import Operation, Waiter
from app.fusion.things import Known, Things
from app.timeline.model import NOTHING, Finding, Wait
from app.timeline.states import Reason

#: A cycle that lasts this long is told. Shorter ones are those of ``acquire(timeout=…)``.
PATIENCE_NS = 100_000_000

_LOCKS = frozenset({Reason.LOCK, Reason.RLOCK, Reason.SEMAPHORE})
_JOINS = frozenset({Reason.JOIN, Reason.WAIT_CHILD, Reason.TASK})


class Cycle(NamedTuple):
    """Threads or coroutines that wait for each other in a ring, by the operations that do it."""

    lives: tuple[Waiter, ...]
    ops: tuple[Operation, ...]
    since: int


class Waits:
    """Each waits for at most one other, so a cycle closes only where a wait begins."""

    def __init__(self, book: Book, things: Things) -> None:
        self._book = book
        self._things = things
        self._told: dict[Waiter, tuple[Cycle, Finding]] = {}
        self._occurrences: dict[str, int] = {}

    def entered(self, life: Waiter, t: int) -> None:
        """``life`` began to wait: does the chain of waits come back to it?"""
        other = self._waits_for(life)
        if other is None:
            return
        path = [life]
        while other is not None and other is not life:
            if other in path:
                return
            path.append(other)
            other = self._waits_for(other)
        if other is None:
            return
        ops = tuple(member.op for member in path if member.op is not None)
        cycle = Cycle(tuple(path), ops, t)
        self._book.timer(t + PATIENCE_NS, lambda _: self._tell(cycle))

    def left(self, life: Waiter, t: int) -> None:
        """``life`` waits no longer."""
        told = self._told.get(life)
        if told is not None:
            cycle, finding = told
            for member in cycle.lives:
                self._told.pop(member, None)
            finding.end_ns = t
            self._book.finding(finding)

    def released(self, known: Known, t: int) -> None:
        """An object changed hands: cycles through it may be gone."""
        if self._told:
            for waiter in list(known.waiters):
                if waiter in self._told and not self._stands(self._told[waiter][0]):
                    self.left(waiter, t)

    def abandon(self, life: Waiter, t: int) -> None:
        """``life`` is gone, maybe in the middle of an operation."""
        op, life.op = life.op, None
        if op is not None and op.obj:
            known = self._things.get(op.obj)
            if known is not None:
                known.waiters.pop(life, None)
        self.left(life, t)

    def run_over(self, t: int) -> None:
        for life in list(self._told):
            self.left(life, t)

    def _waits_for(self, life: Waiter) -> Waiter | None:
        op = life.op
        if op is None or life.exited:
            return None
        if op.reason in _JOINS:
            target = op.target
            return None if target is None or target.exited else target
        if op.reason in _LOCKS:
            known = self._things.get(op.obj)
            return known.sole_holder() if known else None
        return None

    def _stands(self, cycle: Cycle) -> bool:
        lives = cycle.lives
        return all(
            life.op is op and self._waits_for(life) is lives[(index + 1) % len(lives)]
            for index, (life, op) in enumerate(zip(lives, cycle.ops, strict=True))
        )

    def _tell(self, cycle: Cycle) -> None:
        if not self._stands(cycle):
            return
        lives = cycle.lives
        first = min(range(len(lives)), key=lambda index: lives[index].track.id)
        order = [(first + step) % len(lives) for step in range(len(lives))]
        waits = [
            self._wait(lives[index], cycle.ops[index], lives[(index + 1) % len(lives)])
            for index in order
        ]
        name = "deadlock-" + "-".join(str(lives[index].track.id) for index in order)
        count = self._occurrences[name] = self._occurrences.get(name, 0) + 1
        finding = Finding(
            name if count == 1 else f"{name}#{count}", "deadlock", cycle.since, cycle=waits
        )
        for life in lives:
            self._told[life] = (cycle, finding)
        self._book.finding(finding)

    def _wait(self, life: Waiter, op: Operation, holder: Waiter) -> Wait:
        known = self._things.get(op.obj)
        held = known.holders.get(holder) if known and op.reason in _LOCKS else None
        return Wait(
            life.track.id,
            op.thing or NOTHING,
            holder.track.id,
            op.line,
            held.since if held else holder.track.start_ns,
            held.line if held else 0,
        )
