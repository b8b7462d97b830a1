"""What the program prints, and the coroutine that prints it.

The standard streams keep their type and get a ``write`` that also reports. They flush at each line
as they do on a terminal, so that the picture shows a line when it is printed.
"""

from __future__ import annotations

import _io
import sys

from ..recording import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: ``output_records.report``, once something is written.
_report: Any = None
#: ``output_records.write_beside``.
_write_beside: Any = None


def patch(_: Any) -> None:
    """Let ``sys.stdout`` and ``sys.stderr`` report what is written, if Python itself made them."""
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
            # A thread inside has given the GIL up, and may hold the lock of the stream's buffer.
            return _write_beside(stream, original, text) if beside else original(text)
        finally:
            inside.pop()

    return write


def _load() -> None:
    global _report, _write_beside
    try:
        from .output_records import report, write_beside

        _report, _write_beside = report, write_beside
    except Exception:  # the interpreter is ending and may refuse the import
        faults.note("what is printed")
        _report, _write_beside = _nothing, _unreported


def _nothing(stream: int, text: str) -> None:
    """Stand for ``report`` when it can't be loaded."""


def _unreported(_: int, original: Any, text: str) -> Any:
    return original(text)
