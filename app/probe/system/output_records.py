"""Records of what is written to the standard streams; ``output`` loads this at the first write."""

from __future__ import annotations

from ..recording import codes, first_records
from ..recording.objects import fresh
from ..recording.thread_state import this_thread
from ..recording.waiting import bracket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire

#: Most characters in one record. Each takes at most 4 bytes in UTF-8, so no text is cut.
_PIECE = wire.TEXT_MAX // 4
_NAMES = {1: "sys.stdout", 2: "sys.stderr"}
_idents: dict[int, int] = {}


def report(stream: int, text: str) -> None:
    """Report a text for ``stream``: 1 is the standard output, 2 the standard error."""
    local = this_thread
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        local.text(wire.OUTPUT, stream, 0, local.step.task, 0, piece)


def write_beside(stream: int, original: Any, text: str) -> Any:
    """Write while another thread writes: this one may wait for the lock of the stream's buffer.

    That lock is in C, and which thread holds it isn't known.
    """
    ident = _idents.get(stream, 0)
    if ident >> 32 != first_records.pid:
        ident = _idents[stream] = fresh()
        this_thread.text(wire.OBJECT, codes.FILE, 0, ident, 0, _NAMES[stream])
    return bracket(original, codes.FILE, ident, wire.INNER, (text,), {})
