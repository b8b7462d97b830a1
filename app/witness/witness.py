"""What all witnesses have in common: they watch the run and return records."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from app.errors import Sentence
from app.timeline.records import Record


class Witness(Protocol):
    """Used by one thread; ``poll`` never blocks. After ``close`` it is not used again."""

    def poll(self) -> list[Record]: ...

    def close(self) -> None: ...


class SchedulerWitness(Witness, Protocol):
    """A witness of the kernel's scheduler: it sees every context switch, or samples the threads."""

    #: Whether it samples, so that what happens between two samples is missed.
    samples: bool
    #: When ``look`` is to be called next, between two polls (CLOCK_MONOTONIC).
    due_ns: int

    def begins(self, t: int) -> list[Record]:
        """What is known of the program before its first instruction, which is let go at ``t``."""
        ...

    def look(self) -> list[Record]: ...


class Refused(Exception):
    """The machine does not allow this witness.

    ``why`` and ``remedy`` are sentences for the user; ``remedy`` is empty where nothing helps.
    """

    def __init__(
        self, why: Sentence, remedy: Sentence | None = None, reasons: tuple[str, ...] = ()
    ) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy or ""
        #: All of it, in sentences.
        self.reasons = reasons or tuple(filter(None, (why, remedy)))

    @property
    def sentence(self) -> Sentence:
        return self.why


class WitnessReport(NamedTuple):
    """Whether one witness works on this machine, for ``doctor`` and the page."""

    name: str
    ok: bool
    why: str
    remedy: str
