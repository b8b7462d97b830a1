"""Only the visitor who started a run may pin its recording."""

from __future__ import annotations

from app.errors import NotYours
from app.runs.run import Run
from app.web.visitors import Visitor


def check_may_pin(run: Run, visitor: Visitor) -> None:
    """Raises NotYours for any other visitor."""
    if not visitor.owns(run):
        raise NotYours(
            "Only the visitor who started a run may pin or unpin it. With access to the server's "
            "files, use the command: timeslice pin."
        )
