"""Who may change a run that is there."""

from __future__ import annotations

from app.errors import InvalidInput
from app.runs.run import Run


class ForeignRun(InvalidInput):
    """Somebody else started the run."""


def may_change(run: Run, visitor: str) -> bool:
    """Only who started it. A run of an earlier server has no owner: its file has one."""
    return bool(visitor) and run.visitor == visitor


def check_may_pin(run: Run, visitor: str) -> None:
    """Raises ForeignRun."""
    if not may_change(run, visitor):
        raise ForeignRun(
            "Only who started a run may pin or unpin it. Whoever has the server's files can do so "
            "with the command: timeslice pin."
        )
