"""Two accounts of one thread laid over each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

Name = TypeVar("Name", bound=Hashable)


class Interval(Protocol):
    @property
    def start_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...


class Overlap(NamedTuple):
    """The places of two intervals in their accounts, and the time that both cover."""

    one: int
    other: int
    start_ns: int
    length_ns: int


def overlaps(
    one: Sequence[Interval], other: Sequence[Interval], one_from_ns: int = 0
) -> Iterator[Overlap]:
    """In order of time, as both accounts are; the first one's times count from ``one_from_ns``."""
    i = j = 0
    while i < len(one) and j < len(other):
        end, other_end = one_from_ns + one[i].end_ns, other[j].end_ns
        start = max(one_from_ns + one[i].start_ns, other[j].start_ns)
        if min(end, other_end) > start:
            yield Overlap(i, j, start, min(end, other_end) - start)
        if end < other_end:
            i += 1
        else:
            j += 1


def added(
    names: Sequence[Name], totals: Sequence[dict[Name, tuple[int, int]]]
) -> dict[Name, tuple[int, int]]:
    """Totals of several threads, the timeline's and the judge's, as one's."""
    return {
        name: (sum(pair[name][0] for pair in totals), sum(pair[name][1] for pair in totals))
        for name in names
    }
