"""A run as its claims need it: folded as it comes, only where there are claims to check."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

from app.timeline.frames import Frame
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

#: So many seconds of CPU time the claims may take together.
CHECK_S = 1.0


class TooLong(BaseException):
    """The claims take longer than they may. None of their own handlers takes it for an error."""


class History:
    """Keeps the timeline of a scenario's run, and none of any other program's."""

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
        # Late: the catalogue takes longer to import than a program to start.
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
