"""What the program prints, with the task that printed it.

The standard streams stay what they are, and get a ``write`` of their own, which also reports.
They flush at each line, as on a terminal, so that the picture shows a line when it is printed.
"""

from __future__ import annotations

import _io
import sys

from ..recording import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: What reports a text, for a stream; loaded when something is written.
_report: Any = None
#: What writes to a stream to which another thread is writing.
_write_beside: Any = None


def patch(_: Any) -> None:
    """Let ``sys.stdout`` and ``sys.stderr`` report, where they are what Python made them."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream: Any = getattr(sys, name)
        if type(stream) is _io.TextIOWrapper and stream is getattr(sys, "__%s__" % name):
            stream.reconfigure(line_buffering=True)
            stream.write = _make_write(number, stream.write)  # type: ignore[method-assign]


def _make_write(stream: int, original: Any) -> Callable[..., Any]:
    inside: list[None] = []  # one for each thread that writes

    def write(text: str, /) -> Any:
        # Before the write: what comes out of the pipe is never older than its record.
        if isinstance(text, str):
            if _report is None:
                _load()
            _report(stream, text)
        beside = bool(inside)
        inside.append(None)
        try:
            # A thread that is inside has given the GIL up, and may have the buffer's own lock.
            return _write_beside(stream, original, text) if beside else original(text)
        finally:
            inside.pop()

    return write


def _load() -> None:
    global _report, _write_beside
    try:
        from .output_records import report, write_beside

        _report, _write_beside = report, write_beside
    except Exception:  # the interpreter is ending, and imports nothing any more
        faults.note("what is printed")
        _report, _write_beside = _nothing, _unreported


def _nothing(stream: int, text: str) -> None:
    """Nothing can be reported."""


def _unreported(_: int, original: Any, text: str) -> Any:
    return original(text)
