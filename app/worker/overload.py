"""Decides when fusion is too far behind, and gives up records until it is near again.

Fusion is behind by two measures: the time of the run that it has not reached, and the work that
waits for it. A storm of 700 000 records a second fills more work into half a second than fusion
does in three.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

#: Records are given up where fusion is behind by more of the run than the first, until it is behind
#: by less than the second.
BEHIND_NS, NEAR_NS = 1_500_000_000, 150_000_000
#: The same for the CPU time that the waiting records would take to fuse.
MOST_WORK_NS, LITTLE_WORK_NS = 1_500_000_000, 500_000_000
#: No more records are taken in while this many wait: it takes a third of a second to give them up.
FULL = 300_000
#: After the program's end there is this much CPU time, and this much time, for what is left.
LAST_WORK_NS, LAST_NS = 1_000_000_000, 2_000_000_000
#: CPU time for one record until it has been measured.
_FUSED_NS, _GIVEN_UP_NS = 5000.0, 800.0
#: So many records make a measurement, which counts for this part of the mean.
_MEASURED, _WEIGHT = 2000, 0.25


class _Cost:
    """``ns``: the CPU time that one of the ``waiting`` records takes, as a running mean."""

    def __init__(self, ns: float, waiting: Callable[[], int]) -> None:
        self.ns = ns
        self._waiting = waiting

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measures by the records that cease to wait meanwhile."""
        waiting, began = self._waiting(), time.process_time_ns()
        yield
        count = waiting - self._waiting()
        if count >= _MEASURED:
            self.ns += _WEIGHT * ((time.process_time_ns() - began) / count - self.ns)


class Overload:
    """``waiting`` returns the number of records that wait to be fused."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._gives_up = False
        self._fused, self._given_up = _Cost(_FUSED_NS, waiting), _Cost(_GIVEN_UP_NS, waiting)
        self._work_until = self._until = 0

    def gives_up(self, behind_ns: int) -> bool:
        """Whether the next part of the run must be given up. ``behind_ns`` is of the run."""
        most, work = (NEAR_NS, LITTLE_WORK_NS) if self._gives_up else (BEHIND_NS, MOST_WORK_NS)
        self._gives_up = behind_ns > most or self._waiting() * self._fused.ns > work
        return self._gives_up

    @property
    def full(self) -> bool:
        """Whether nothing more may be taken in now."""
        return self._waiting() > FULL

    def program_ended(self) -> None:
        """From now on the time for what is left runs out."""
        self._work_until = time.process_time_ns() + LAST_WORK_NS
        self._until = time.monotonic_ns() + LAST_NS

    @property
    def no_time_left(self) -> bool:
        """Whether the time that is left is needed to give up all that still waits."""
        needed = int(self._waiting() * self._given_up.ns)
        return (
            time.process_time_ns() + needed > self._work_until
            or time.monotonic_ns() + needed > self._until
        )

    def fusing(self) -> AbstractContextManager[None]:
        """Measures what the records that are fused meanwhile take."""
        return self._fused.measured()

    def giving_up(self) -> AbstractContextManager[None]:
        """Measures what the records that are given up meanwhile take."""
        return self._given_up.measured()
