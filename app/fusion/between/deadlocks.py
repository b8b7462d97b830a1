"""Deadlocks: the wait-for graph, and cycles in it while they last."""

from __future__ import annotations

from typing import NamedTuple

from app.fusion.lives.lives import Operation, ThreadLife, Waiter
from app.fusion.objects.objects import KnownObject, Objects
from app.fusion.objects.reasons import HELD, JOINS_ANY
from app.fusion.picture.book import Book
from app.timeline.model import NOTHING, Finding, Wait
from app.timeline.states import Reason

#: A cycle that lasts this long is shown. ``acquire(timeout=…)`` makes shorter ones.
PATIENCE_NS = 100_000_000

#: Each time a wait begins, at most this many waits are followed. A longer cycle is not found.
FOLLOWED = 256

_POLL = Reason.POLL


class Edge(NamedTuple):
    """``life`` can't go on before ``other`` has done its part.

    ``op`` is the operation that keeps it waiting: its own, or that of the thread that has to
    execute it. It is None if a thread runs its event loop until ``other`` is over.
    """

    life: Waiter
    other: Waiter
    op: Operation | None


class Cycle(NamedTuple):
    """Threads and coroutines that wait for one another in a cycle."""

    edges: tuple[Edge, ...]
    since: int

    @property
    def lives(self) -> tuple[Waiter, ...]:
        return tuple(edge.life for edge in self.edges)


class WaitGraph:
    """A thread or coroutine goes on only when all it waits for is done, so in a cycle none can.

    A cycle can close only when a wait begins, or when it becomes known what a wait is for. A
    thread that executes waits for no other, nor does one whose loop waits for its next event.
    """

    def __init__(self, book: Book, objects: Objects) -> None:
        self._book = book
        self._objects = objects
        self._shown: dict[Waiter, tuple[Cycle, Finding]] = {}
        self._occurrences: dict[str, int] = {}

    def entered(self, life: Waiter, t: int) -> None:
        """``life`` began to wait: look for a chain of waits that comes back to it."""
        edge = self._waits_for(life)
        if edge is None:
            return
        edge.other.awaited = True
        if not life.awaited:
            return  # no chain comes back to a thread that no other ever waited for
        path = self._way_back(edge)
        if path:
            cycle = Cycle(path, t)
            self._book.timer(t + PATIENCE_NS, lambda _: self._show(cycle))

    def held(self, known: KnownObject, t: int) -> None:
        """An object's holder is known from now on, so its waiters may be in a cycle."""
        for waiter in known.waiters:
            self.entered(waiter, t)

    def left(self, life: Waiter, t: int) -> None:
        """``life`` no longer waits."""
        shown = self._shown.get(life)
        if shown is not None:
            cycle, finding = shown
            for member in cycle.lives:
                self._shown.pop(member, None)
            finding.end_ns = t
            self._book.finding(finding)

    def released(self, known: KnownObject, t: int) -> None:
        """An object changed hands: cycles through it may be gone."""
        shown, waiters = self._shown, known.waiters
        # There may be many of both.
        few, many = (shown, waiters) if len(shown) < len(waiters) else (waiters, shown)
        for waiter in [life for life in few if life in many]:
            self._recheck(waiter, t)

    def loop_over(self, life: ThreadLife, t: int) -> None:
        """``life`` no longer runs its loop for a coroutine."""
        self._recheck(life, t)

    def abandon(self, life: Waiter, t: int) -> None:
        """``life`` is over, maybe in the middle of an operation."""
        op, life.op = life.op, None
        if op is not None and op.obj:
            known = self._objects.get(op.obj)
            if known is not None:
                known.remove_waiter(life)
        self.left(life, t)

    def run_over(self, t: int) -> None:
        for life in list(self._shown):
            self.left(life, t)

    # --- the graph -----------------------------------------------------------------------------

    def _waits_for(self, life: Waiter) -> Edge | None:
        """The edge of its own operation, if that waits for another."""
        op = life.op
        if op is None or op.inner or life.exited:
            return None
        other: Waiter | None = None
        if op.reason in JOINS_ANY:
            other = op.target if op.target is not None and not op.target.exited else None
        elif op.reason in HELD:
            known = self._objects.get(op.obj)
            other = known.sole_holder() if known else None
        return None if other is None else Edge(life, other, op)

    def _edges(self, life: Waiter, to_the_end: bool = True) -> list[Edge]:
        """All edges of ``life``; the first is that of its own operation.

        A thread's loop ends when a coroutine does. That matters only to a wait ``to_the_end``.
        """
        if life.exited:
            return []
        own = self._waits_for(life)
        edges = [] if own is None else [own]
        if isinstance(life, ThreadLife):
            task = life.loop.runs_for
            if to_the_end and task is not None and not task.exited:
                edges.append(Edge(life, task, None))
        else:
            # Its thread would execute its next step, but a call keeps it from that.
            op = life.thread.op
            if op is not None and op.reason is not _POLL:
                edges.append(Edge(life, life.thread, op))
        return edges

    def _way_back(self, first: Edge) -> tuple[Edge, ...]:
        """The edges from ``first`` back to its beginning; none if no way leads there.

        None either if the way is longer than ``FOLLOWED``: else each of many tasks that wait for
        one another in a row would be followed to the end of the row.
        """
        before: dict[Edge, Edge | None] = {first: None}
        met = {(first.other, self._to_the_end(first))}
        todo = [first]
        while todo and len(before) <= FOLLOWED:
            last = todo.pop()
            if last.other is first.life:
                path = [last]
                while (edge := before[path[-1]]) is not None:
                    path.append(edge)
                return tuple(reversed(path))
            for edge in reversed(self._edges(last.other, self._to_the_end(last))):
                mark = edge.other, self._to_the_end(edge)
                if mark not in met:
                    met.add(mark)
                    before[edge] = last
                    todo.append(edge)
        return ()

    def _to_the_end(self, edge: Edge) -> bool:
        """True if the edge waits for what the thread does only after its event loop has ended."""
        thread, op = edge.other, edge.op
        if not isinstance(thread, ThreadLife) or op is None or op is not edge.life.op:
            return False
        if op.reason in JOINS_ANY:
            return True
        known = self._objects.get(op.obj) if op.reason is not Reason.FUTURE else None
        held = known.holders.get(thread) if known is not None else None
        return held is not None and held.task is None and held.since < thread.loop.runs_since

    def _stands(self, cycle: Cycle) -> bool:
        return all(edge in self._edges(edge.life) for edge in cycle.edges)

    # --- showing -------------------------------------------------------------------------------

    def _recheck(self, life: Waiter, t: int) -> None:
        shown = self._shown.get(life)
        if shown is not None and not self._stands(shown[0]):
            self.left(life, t)

    def _show(self, cycle: Cycle) -> None:
        lives = cycle.lives
        if not self._stands(cycle) or any(life in self._shown for life in lives):
            return
        first = min(range(len(lives)), key=lambda index: lives[index].track.id)
        order = [(first + step) % len(lives) for step in range(len(lives))]
        waits = [self._wait(cycle.edges[index]) for index in order]
        name = "deadlock-" + "-".join(str(lives[index].track.id) for index in order)
        count = self._occurrences[name] = self._occurrences.get(name, 0) + 1
        finding = Finding(
            name if count == 1 else f"{name}#{count}", "deadlock", cycle.since, cycle=waits
        )
        for life in lives:
            self._shown[life] = (cycle, finding)
        self._book.finding(finding)

    def _wait(self, edge: Edge) -> Wait:
        life, holder, op = edge
        if op is None or op is not life.op:
            line, since = (op.line, op.entered) if op else (0, holder.track.start_ns)
            return Wait(life.track.id, NOTHING, holder.track.id, line, since, 0)
        known = self._objects.get(op.obj)
        held = known.hold_of(holder) if known and op.reason in HELD else None
        return Wait(
            life.track.id,
            op.object_id or NOTHING,
            holder.track.id,
            op.line,
            held.since if held else holder.track.start_ns,
            held.line if held else 0,
        )
