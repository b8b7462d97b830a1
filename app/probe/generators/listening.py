"""Whether the program's text has generators that may be driven by hand, and so whether their
steps are listened to: by ``sys.monitoring`` from CPython 3.12 on, before it by a trace function.

Text with a ``yield`` is enough for the first, which costs what has none nothing. The second makes
each call of a function dearer, so there must be one that might be driven, and what might do so.
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
#: The module that listens by code objects, once it does.
_listener: Any = None


def seen(text: bytes) -> Any:
    """A file of the program has this text; the module to which its code is to be told, if any.

    Raises SyntaxError and ValueError for what is no Python.
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
