"""Which runs may start now, which wait, and which are refused.

Pure bookkeeping: it starts and stops nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.errors import TooManyRuns


class Asker(NamedTuple):
    """The visitor that asks for runs: its limits are those of ``visitor`` and of ``address``.

    ``owner`` may stop the run afterwards; if it is empty, no visitor may.
    """

    visitor: str = ""
    address: str = ""
    known: bool = True  # False: stands for every visitor without a cookie at this address
    owner: str = ""


class Waiting(NamedTuple):
    asker: Asker
    after: str  # the run that must be over first; empty: none
    came: float  # in starts of runs


class Admission:
    """At most ``at_once`` runs run and ``waiting`` more wait. Each visitor has at most
    ``per_visitor`` of them, each address at most ``per_address``.

    Addresses take turns, and the visitors of one address take turns within its turns. A freed place
    goes to the address, and the visitor, whose last start (or first request) was longest ago. So a
    visitor that asks for many runs delays each other visitor by one run at most. A run that must
    wait for another is skipped until that one is over.
    """

    def __init__(
        self, at_once: int, per_visitor: int, waiting: int, per_address: int = 1_000_000
    ) -> None:
        self.at_once = at_once
        self.per_visitor = per_visitor
        self.per_address = per_address
        self.waiting = waiting
        self._running: dict[str, Asker] = {}
        self._queue: dict[str, Waiting] = {}  # in the order of their requests
        self._starts = 0
        #: The number of the last start, for each address and visitor that has a run in the queue.
        self._last: dict[tuple[str, ...], float] = {}
        self._places: dict[str, int] | None = None  # until the queue changes

    def enter(self, runs: Sequence[str], asker: Asker) -> bool:
        """Take in ``runs``, to run one after the other; True if the first may start now.

        Raises TooManyRuns with a sentence that names the limit and what to do; then none is taken.
        """
        may_start = len(self._running) < self.at_once
        self._refuse(len(runs), asker, may_start)
        for before, run in zip(["", *runs], runs, strict=False):
            if may_start and not before:
                self._start(run, asker)
            else:
                # Just before the latest start: a visitor that had that start comes later.
                self._queue[run] = Waiting(asker, before, self._starts - 0.5)
        self._places = None
        return may_start

    def _start(self, run: str, asker: Asker) -> None:
        self._running[run] = asker
        self._starts += 1
        self._last |= dict.fromkeys(_parties(asker), self._starts)

    def _refuse(self, more: int, asker: Asker, may_start: bool) -> None:
        inside = [*self._running.values(), *(each.asker for each in self._queue.values())]
        has = sum(each.visitor == asker.visitor for each in inside)
        if has + more > self.per_visitor:
            if not asker.known:
                raise TooManyRuns(
                    "Requests without this server's visitor cookie share {limit} runs per network "
                    "address, and {has} are running or waiting. Open a page of this server first "
                    "and send the cookie that it sets: then you have {limit} of your own.",
                    limit=self.per_visitor,
                    has=has,
                )
            raise TooManyRuns(
                "You have {has} runs that are running or waiting, and {limit} are allowed: "
                "wait until one has ended, or stop one.",
                has=has,
                limit=self.per_visitor,
            )
        here = sum(each.address == asker.address for each in inside)
        if here + more > self.per_address:
            raise TooManyRuns(
                "{has} runs from your network address are running or waiting, and {limit} are "
                "allowed: try again in a moment.",
                has=here,
                limit=self.per_address,
            )
        if len(self._queue) + more - may_start > self.waiting:
            raise TooManyRuns(
                "{running} runs are running and {waiting} are waiting, which is all this server "
                "takes: try again in a moment.",
                running=len(self._running),
                waiting=len(self._queue),
            )

    def leave(self, run: str) -> str | None:
        """Forget ``run``, whether it ran or waited. Returns the run that may start in its place."""
        self._places = None
        self._queue.pop(run, None)
        ran = self._running.pop(run, None) is not None
        following = self._next() if ran else None
        if following is not None:
            self._start(following, self._queue.pop(following).asker)
        # Only parties in the queue are remembered: one that comes back is new.
        inside = [*self._running.values(), *(each.asker for each in self._queue.values())]
        here = {party for asker in inside for party in _parties(asker)}
        self._last = {party: last for party, last in self._last.items() if party in here}
        return following

    def _next(self) -> str | None:
        for run in self._in_turn():
            after = self._queue[run].after
            if after not in self._running and after not in self._queue:
                return run
        return None

    def _in_turn(self) -> Iterator[str]:
        """The queue in the order in which its runs start if it does not change."""
        left: dict[str, dict[str, deque[tuple[float, str]]]] = {}
        for run, (asker, _, came) in self._queue.items():
            there = left.setdefault(asker.address, {})
            there.setdefault(asker.visitor, deque()).append((came, run))
        last = dict(self._last)
        starts = self._starts
        while left:
            address = min(
                left,
                key=lambda name: max(
                    min(runs[0][0] for runs in left[name].values()), last.get((name,), 0)
                ),
            )
            visitors = left[address]
            visitor = min(
                visitors,
                key=lambda name: max(visitors[name][0][0], last.get((address, name), 0)),
            )
            yield visitors[visitor].popleft()[1]
            starts += 1
            last[address,] = last[address, visitor] = starts
            if not visitors[visitor]:
                del visitors[visitor]
            if not visitors:
                del left[address]

    def position(self, run: str) -> int | None:
        """1 for the next in the queue; None for a run that does not wait."""
        if self._places is None:
            self._places = {each: place for place, each in enumerate(self._in_turn(), 1)}
        return self._places.get(run)

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def queued(self) -> int:
        return len(self._queue)


def _parties(asker: Asker) -> list[tuple[str, ...]]:
    """The parties that take turns: the address, and the visitor there."""
    return [(asker.address,), (asker.address, asker.visitor)]
