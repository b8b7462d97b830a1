"""The viewers that watch runs now: how many there are, and how many at each address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import TooManyViewers
from app.runs.metrics import Metrics
from app.web import memory


class Audience:
    """At most ``per_address`` viewers from one address at a time.

    When half of the viewers are gone, the memory that they needed is given back to the machine.
    """

    def __init__(self, per_address: int, metrics: Metrics) -> None:
        self._per_address = per_address
        self._metrics = metrics
        self._here: Counter[str] = Counter()
        self._most = 0  # viewers at once since memory was given back

    @contextmanager
    def seat(self, address: str) -> Iterator[None]:
        """Count a viewer while the block runs. Raises TooManyViewers."""
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
