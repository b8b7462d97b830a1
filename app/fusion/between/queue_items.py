"""Finds the put of each item of a queue, in constant time however many items wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import Generic, TypeVar

#: How many items of one queue are remembered, each with its put.
KEPT = 65_536

T = TypeVar("T")
#: A track that put or got an item, and when.
Mark = tuple[int, int]


class Items:
    """The items in one queue.

    An item that stays inside its process is found by its key. One that goes through a pipe is
    found by the process that sent it, whose items come out in the order in which it put them in.
    A get that was recorded before its put waits for the next put of that process.

    Beyond ``KEPT`` items no more are remembered until the queue is empty, because a later item
    could be taken for a forgotten one with the same key.
    """

    __slots__ = ("_blind", "_by_key", "_last", "_marks", "_of", "_owed")

    def __init__(self) -> None:
        self._marks: dict[int, tuple[int, int, int, int]] = {}  # track, t, key, pid
        self._by_key: dict[int, int | deque[int]] = {}  # numbers of marks; some may be gone
        self._of: dict[int, deque[int]] = {}  # the same, by the process that put them
        self._owed: dict[int, deque[Mark]] = {}
        self._last = 0
        self._blind = False

    def put(self, key: int, pid: int, track: int, t: int) -> Mark | None:
        """Returns the get of this item if that was recorded before, else None."""
        owed = self._owed.get(pid)
        if owed:
            return owed.popleft()
        if self._blind or len(self._marks) >= KEPT:
            self._blind = True
            return None
        number = self._last = self._last + 1
        self._marks[number] = track, t, key, pid
        found = self._by_key.setdefault(key, number)
        if found is not number:
            if isinstance(found, int):
                found = self._by_key[key] = deque((found,))
            found.append(number)
        of = self._of.get(pid)
        if of is None:
            of = self._of[pid] = deque(maxlen=KEPT)
        of.append(number)
        return None

    def get(self, key: int) -> Mark | None:
        """The put of the item with this key; None if it is not known."""
        numbers = self._by_key.pop(key, None)
        if numbers is None:
            return None
        if isinstance(numbers, int):
            number = numbers
        else:
            _skip(numbers, self._marks)
            if not numbers:
                return None
            number = numbers.popleft()
            if numbers:
                self._by_key[key] = numbers
        if number not in self._marks:
            return None
        track, t, _, pid = self._marks.pop(number)
        _skip(self._of[pid], self._marks)
        return track, t

    def get_sent(self, pid: int, by: Mark) -> Mark | None:
        """The put of the oldest item of the process that sent it; None if it is not known."""
        numbers = self._of.get(pid)
        if numbers:
            _skip(numbers, self._marks)
        if not numbers:
            if not self._blind:
                self._owed.setdefault(pid, deque(maxlen=KEPT)).append(by)
            return None
        number = numbers.popleft()
        track, t, key, _ = self._marks.pop(number)
        same = self._by_key[key]
        if isinstance(same, int):
            del self._by_key[key]
        else:
            _skip(same, self._marks)
            if not same:
                del self._by_key[key]
        return track, t

    def empty(self) -> None:
        """The queue is empty now."""
        if self._blind:
            self.lost()
            self._blind = False

    def lost(self) -> None:
        """Puts or gets went unseen: which item is which is not known until the queue is empty."""
        self._marks, self._by_key, self._of, self._owed = {}, {}, {}, {}
        self._blind = True


def _skip(numbers: deque[int], known: Container[int]) -> None:
    """Drop numbers at the front that are gone from ``known``."""
    while numbers and numbers[0] not in known:
        numbers.popleft()


class Fifo(Generic[T]):
    """What waits in order and comes out in that order. Some may be known only by their number.

    At most ``KEPT`` are remembered; of those behind them only how many there are.
    """

    __slots__ = ("_known", "_parts")

    def __init__(self) -> None:
        self._parts: deque[T | int] = deque()  # an int: how many are not known here
        self._known = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, one: T) -> None:
        if self._known >= KEPT:
            self.skip(1)
            return
        self._parts.append(one)
        self._known += 1

    def skip(self, count: int) -> None:
        """``count`` were added of which nothing is known."""
        parts = self._parts
        if count and parts and isinstance(parts[-1], int):
            parts[-1] += count
        elif count:
            parts.append(count)

    def take(self) -> T | None:
        """Remove and return the first; None if it is not known, or there is none."""
        parts = self._parts
        if not parts:
            return None
        first = parts[0]
        if not isinstance(first, int):
            self._known -= 1
            parts.popleft()
            return first
        if first > 1:
            parts[0] = first - 1
        else:
            parts.popleft()
        return None

    def drop(self, count: int) -> int:
        """Remove the first ``count`` unseen. Returns how many of these were not there."""
        parts = self._parts
        while count and parts:
            first = parts[0]
            if isinstance(first, int) and first > count:
                parts[0] = first - count
                return 0
            parts.popleft()
            if isinstance(first, int):
                count -= first
            else:
                self._known -= 1
                count -= 1
        return count
