"""Who may keep a recording when room is made for others."""

from __future__ import annotations

from app.errors import NotYours
from app.runs.run import Run
from app.web.visitors import Visitor


def check_may_pin(run: Run, visitor: Visitor) -> None:
    """Raises NotYours for all but the visitor who started the run."""
    if not visitor.owns(run):
        raise NotYours(
            "Only who started a run may pin or unpin it. Whoever has the server's files can do so "
            "with the command: timeslice pin."
        )
