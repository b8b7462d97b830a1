"""The timeline that a run's claims are checked on, kept only for runs that have claims."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

from app.timeline.frames import Frame
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

#: CPU time that all claims together may take, in seconds.
CHECK_S = 1.0


class TooLong(BaseException):
    """The claims take too long. No handler of ``Exception`` in a claim catches this."""


class History:
    """Keeps the timeline of a scenario's run; of any other program's run it keeps nothing."""

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec
        self._timeline = Timeline()

    def add(self, frame: Frame) -> None:
        if self._spec.scenario is not None:
            self._timeline.apply(frame)

    def checked(self, last: Frame) -> dict[str, Any]:
        """Entries of the head of ``last``, which ends the run: the answers of the ``claims`` on the
        whole of it, and what stands ``beside`` it.

        Raises UnknownScenario or InvalidParameters for a spec that names none, and TooLong.
        """
        if self._spec.scenario is None:
            return {"claims": []}
        # Imported late: the catalogue takes longer to import than a program takes to start.
        from app import catalogue

        scenario = catalogue.load()[self._spec.scenario]
        params = scenario.validate(self._spec.params)
        self.add(last)
        with at_most(CHECK_S):
            head: dict[str, Any] = {"claims": scenario.check(self._timeline, params)}
            if theory := scenario.theory_json(self._timeline, params):
                head["beside"] = theory
        return head


@contextlib.contextmanager
def at_most(cpu_s: float) -> Iterator[None]:
    """Raises TooLong in the main thread when the process has had this much CPU time."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
