"""The frames of a run as its claims need them: kept only where there are claims to check."""

from __future__ import annotations

from typing import Any

from app.timeline.frames import Frame
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec


class History:
    """Keeps the frames of a scenario's run, and none of any other program's."""

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec
        self._frames: list[Frame] = []

    def add(self, frame: Frame) -> None:
        if self._spec.scenario is not None:
            self._frames.append(frame)

    def checked(self, last: Frame) -> dict[str, Any]:
        """Entries of the head of ``last``, which ends the run: the answers of the ``claims`` on the
        whole of it, and what stands ``beside`` it.

        Raises UnknownScenario or InvalidParameters for a spec that names none.
        """
        if self._spec.scenario is None:
            return {"claims": []}
        # Late: the catalogue takes longer to import than a program to start.
        from app import catalogue

        scenario = catalogue.load()[self._spec.scenario]
        params = scenario.validate(self._spec.params)
        self.add(last)
        timeline = Timeline(self._frames)
        head: dict[str, Any] = {"claims": scenario.check(timeline, params)}
        if theory := scenario.theory(timeline, params):
            head["beside"] = theory
        return head
