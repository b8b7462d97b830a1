"""Who watches runs now: how many, and how many of them from one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import TooManyViewers
from app.runs.metrics import Metrics
from app.web import memory


class Audience:
    """At most ``per_address`` viewers from one address at a time.

    When half of those who came are gone, what was held for them is given back to the machine.
    """

    def __init__(self, per_address: int, metrics: Metrics) -> None:
        self._per_address = per_address
        self._metrics = metrics
        self._here: Counter[str] = Counter()
        self._most = 0  # since memory was given back

    @contextmanager
    def seat(self, address: str) -> Iterator[None]:
        """A viewer's place, given back at the end. Raises TooManyViewers."""
        if self._here[address] >= self._per_address:
            raise TooManyViewers(
                "{count} pages from your address watch runs; close some.", count=self._per_address
            )
        self._here[address] += 1
        self._metrics.viewers.inc()
        self._most = max(self._most, self._here.total())
        try:
            yield
        finally:
            self._metrics.viewers.dec()
            self._here[address] -= 1
            if not self._here[address]:
                del self._here[address]
            if (left := self._here.total()) * 2 <= self._most:
                self._most = left
                memory.give_back()
