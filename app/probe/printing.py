"""The record of a text that is written to a standard stream; ``output`` loads it when needed."""

from __future__ import annotations

from .ring import here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from app.timeline import wire
else:
    from . import wire

#: Characters of one record: at most 4 bytes each in UTF-8, so none is cut.
_PIECE = wire.TEXT_MAX // 4


def report(stream: int, text: str) -> None:
    """``stream`` is 1, the standard output, or 2, the standard error."""
    local = here
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        local.text(wire.OUTPUT, stream, 0, local.step.task, 0, piece)
