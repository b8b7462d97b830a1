"""What the program prints, with the task that printed it.

The standard streams become text streams over the same buffers that also report what is written.
They flush at each line, as on a terminal, so that the picture shows a line when it is printed.
"""

from __future__ import annotations

import _io
import sys

from .ring import here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from . import wire


def patch(_: Any) -> None:
    for stream, name in ((1, "stdout"), (2, "stderr")):
        old: Any = getattr(sys, name)
        if type(old) is _io.TextIOWrapper and old is getattr(sys, "__%s__" % name):
            new = _replacement(old, stream)
            setattr(sys, name, new)
            setattr(sys, "__%s__" % name, new)


def _replacement(old: Any, stream: int) -> Any:
    encoding, errors, mode = old.encoding, old.errors, old.mode
    through = getattr(old, "write_through", False)

    class TextIOWrapper(_io.TextIOWrapper):
        """A standard stream that reports what is written to it."""

        def write(self, text: str, /) -> int:
            # Before the write: what comes out of the pipe is never older than its record.
            if isinstance(text, str):
                local = here
                for start in range(0, len(text), _PIECE):
                    piece = text[start : start + _PIECE]
                    local.text(wire.OUTPUT, stream, 0, local.step.task, 0, piece)
            return super().write(text)

    TextIOWrapper.__module__ = _io.TextIOWrapper.__module__
    TextIOWrapper.__qualname__ = "TextIOWrapper"
    # detach() leaves the old stream without its buffer: nothing closes it but the new one.
    new: Any = TextIOWrapper(
        old.detach(), encoding, errors, newline="\n", line_buffering=True, write_through=through
    )
    new.mode = mode
    return new


#: Characters of one record: at most 4 bytes each in UTF-8, so none is cut.
_PIECE = wire.TEXT_MAX // 4
