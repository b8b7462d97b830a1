"""Finds out from the slices of a run's threads if it had to share its CPUs with others.

A ready thread waits on the run queue of one CPU, usually the one on which it runs next. While
another thread of the run has that CPU, the program itself is the cause of the wait. While none
has it, something else is: another program, the kernel, or a limit of CPU time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import accumulate
from typing import Any

from app.fusion.picture.book import Book
from app.timeline.model import OPEN, Slice
from app.timeline.states import State

#: At least this share of the time in which threads could run, and this long in total, is shown.
LEAST_SHARE = 0.1
LEAST_NS = 50_000_000
#: A shorter wait for a CPU is the scheduler's own latency.
LONG_NS = 1_000_000
#: Only the last part of a wait, this long, is looked at, so older slices can be forgotten.
LONGEST_NS = 1_000_000_000
#: A slice is written at most this long after it ended: see run_queue.
LATE_NS = 700_000_000

_READY, _RUNNING = State.READY, State.RUNNING
_NEVER = 1 << 62
Stretch = tuple[int, int]


class Competition:
    """Takes in slices as they are written. At the end, ``facts`` says what was not served."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Slices, with the time when they were written; kept while a wait may overlap them.
        self._written: deque[tuple[int, list[Slice]]] = deque()
        #: Long stretches in which a track was ready: by track and end, the start.
        self._ready: dict[tuple[int, int], int] = {}
        #: The waits for each CPU.
        self._waits: dict[int, list[Stretch]] = {}
        self._due_ns = 0
        self._first_ns, self._last_ns = _NEVER, 0
        self._unserved_ns = 0

    def collect(self) -> None:
        """Take in the slices that are about to be handed out."""
        book = self._book
        rows, now = book.rows, book.now
        self._written.append((now, rows))
        ready = self._ready
        for row in [row for row in rows if row[3] is _READY and row[2] - row[1] >= LONG_NS]:
            track, start, end = row[:3]
            ready[track, end] = ready.pop((track, start), start)
        if ready:
            for row in [row for row in rows if row[3] is _RUNNING and (row[0], row[1]) in ready]:
                track, end, cpu = row[0], row[1], row[7]
                start = ready.pop((track, end))
                if cpu >= 0:  # a coroutine's slices have none
                    self._waits.setdefault(cpu, []).append((max(start, end - LONGEST_NS), end))
        if now >= self._due_ns:
            self._settle(now - LATE_NS)
            self._due_ns = now + LATE_NS

    def facts(self) -> tuple[int, int, dict[str, Any]] | None:
        """The first and the last time that was not served, and the totals; None if too little.

        None, too, if records are lost: then it isn't known when the run had which CPU.
        """
        self._settle(_NEVER)
        if self._book.lost:
            return None
        running_ns, ready_ns = self._book.ran_ns, self._book.queued_ns
        if self._unserved_ns < max(LEAST_NS, LEAST_SHARE * (running_ns + ready_ns)):
            return None
        facts = {"running_ns": running_ns, "ready_ns": ready_ns, "unserved_ns": self._unserved_ns}
        return self._first_ns, self._last_ns, facts

    def _settle(self, until_ns: int) -> None:
        """Count the waits that ended by then. All slices of that time are written."""
        for cpu, waits in self._waits.items():
            due = [wait for wait in waits if wait[1] <= until_ns]
            if due:
                self._waits[cpu] = [wait for wait in waits if wait[1] > until_ns]
                self._count(due, self._had(cpu))
        keep = until_ns - LONGEST_NS
        while self._written and self._written[0][0] < keep:
            self._written.popleft()
        self._ready = {key: start for key, start in self._ready.items() if key[1] > keep}

    def _had(self, cpu: int) -> list[Stretch]:
        """When threads of the run had the CPU, in order, as far as slices are kept."""
        return sorted(
            (row[1], row[2])
            for _, rows in self._written
            for row in rows
            if row[7] == cpu and row[3] is _RUNNING and row[2] != OPEN
        )

    def _count(self, waits: list[Stretch], had: list[Stretch]) -> None:
        starts = [start for start, _ in had]
        sums = [0, *accumulate(end - start for start, end in had)]

        def before(t: int) -> int:
            place = bisect_right(starts, t)
            return sums[place] - (max(0, had[place - 1][1] - t) if place else 0)

        for start, end in waits:
            unserved = end - start - before(end) + before(start)
            if unserved >= LONG_NS:
                self._unserved_ns += unserved
                self._first_ns = min(self._first_ns, start)
                self._last_ns = max(self._last_ns, end)
