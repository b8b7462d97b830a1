"""Listens to the steps of generators, if the program's text has some that may be driven by hand.

From CPython 3.12 on ``sys.monitoring`` reports the steps. It costs functions without a ``yield``
nothing, so a ``yield`` in the text is enough to begin. Before 3.12 a trace function does. It makes
each call of a function slower, so it begins only if the text has a generator that might be driven
by hand and a call that might drive one.
"""

from __future__ import annotations

import atexit
import sys

from . import driven

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_monitored = hasattr(sys, "monitoring")
_begun = _drives = _generates = False
#: The module ``monitoring``, once it listens.
_listener: Any = None


def seen(text: bytes) -> Any:
    """Take note of the text of one of the program's files, and listen if that is needed.

    Returns the module ``monitoring`` if it must ``learn`` the file's code, else None. Raises
    SyntaxError or ValueError if the text isn't Python.
    """
    global _begun, _drives, _generates, _listener
    if sys.implementation.name != "cpython":
        return None
    if _monitored:
        if not _begun and b"yield" in text:
            _begin()
            from . import monitoring

            if monitoring.begin():
                _listener = monitoring
        return _listener
    if not _begun:
        from .syntax import facts

        generates, drives = facts(text)
        _generates, _drives = _generates or generates, _drives or drives
        if _generates and _drives:
            _begin()
            from . import tracing

            tracing.begin()
    return None


def _begin() -> None:
    global _begun
    _begun = True
    atexit.register(driven.finish)
