"""Who may run now, who waits, and who is refused. Pure bookkeeping: starts and stops nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.errors import TooManyRuns


class Asker(NamedTuple):
    """``visitor`` is whose limits count, ``address`` where several of them may come from.

    ``owner`` is who may stop the run afterwards; empty: nobody.
    """

    visitor: str = ""
    address: str = ""
    known: bool = True  # False: the visitor is all whom nothing tells apart, at this address
    owner: str = ""


class Waiting(NamedTuple):
    asker: Asker
    after: str  # the run that must be over before; empty: none
    came: float  # on the clock of starts


class Admission:
    """At most ``at_once`` runs run; ``waiting`` more wait. In all, each visitor has ``per_visitor``
    and each address ``per_address``.

    Addresses take turns, and the visitors of an address within its turns: a freed place goes to
    those who have waited longest since they came or had a run started. So whoever asks for many
    runs holds up each of the others by one at most. A run that waits for another is passed over
    until that is over.
    """

    def __init__(
        self, at_once: int, per_visitor: int, waiting: int, per_address: int = 1_000_000
    ) -> None:
        self.at_once = at_once
        self.per_visitor = per_visitor
        self.per_address = per_address
        self.waiting = waiting
        self._running: dict[str, Asker] = {}
        self._queue: dict[str, Waiting] = {}  # in the order in which they came
        self._starts = 0
        #: The start that was the last of each address, and of each visitor, of those in the queue.
        self._last: dict[tuple[str, ...], float] = {}
        self._places: dict[str, int] | None = None  # until the queue changes

    def enter(self, runs: Sequence[str], asker: Asker) -> bool:
        """Take in ``runs``, to run one after the other; True when the first may start now.

        Raises TooManyRuns with a sentence that says which limit, and what to do; then none is in.
        """
        may_start = len(self._running) < self.at_once
        self._refuse(len(runs), asker, may_start)
        for before, run in zip(["", *runs], runs, strict=False):
            if may_start and not before:
                self._start(run, asker)
            else:
                # Just before the latest start: then one who had that goes after one who had none.
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
        """Forget ``run``, whether it ran or waited; the run that may start in its place, if any."""
        self._places = None
        self._queue.pop(run, None)
        ran = self._running.pop(run, None) is not None
        following = self._next() if ran else None
        if following is not None:
            self._start(following, self._queue.pop(following).asker)
        # Whoever comes again came after that: only those who are here are remembered.
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
        """The queue in the order in which it goes if nobody comes and nobody leaves it."""
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
        """1 for the next in the queue; None when it does not wait."""
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
    """Those who take turns: the address, and the visitor there."""
    return [(asker.address,), (asker.address, asker.visitor)]
