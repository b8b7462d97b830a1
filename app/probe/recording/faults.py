"""Failures of the probe itself: noted in a file beside the rings, never shown to the program."""

from __future__ import annotations

import os
import sys

MARKER_PREFIX = "probe-error-"

_open, _write, _close = os.open, os.write, os.close
_LIMIT = 20
_noted = 0


def note(where: str) -> None:
    """Append the exception that is being handled to the file ``probe-error-<pid>``.

    ``where`` says in a few words what failed. A process notes at most 20 failures. Never raises.
    """
    global _noted
    _noted += 1
    directory = os.environ.get("TIMESLICE_RING_DIR")
    if not directory or _noted > _LIMIT:
        return
    try:
        path = os.path.join(directory, MARKER_PREFIX + str(os.getpid()))
        fd = _open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _write(fd, _describe(where).encode("utf-8", "backslashreplace"))
        finally:
            _close(fd)
    except Exception:
        # The disk is full or the folder is gone: nothing more can be noted.
        _noted = _LIMIT


def _describe(where: str) -> str:
    kind, value, trace = sys.exc_info()
    lines = ["%s: %s: %s\n" % (where, getattr(kind, "__name__", None), value)]
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append("  %s:%d %s\n" % (code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return "".join(lines)
