"""Reporting a wait: ENTER before, LEAVE after, the outermost operation of a thread only."""

from __future__ import annotations

import sys

from .objects import locate
from .ring import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

GOT = 1
TIMED_OUT = 0
RAISED = 2


def bracket(
    original: Callable[..., Any],
    reason: int,
    ident: int,
    detail: int,
    args: Any,
    kwargs: Any,
    hidden: int = 1,
) -> Any:
    """Call ``original`` as an operation that waits for ``ident``; its result.

    ``detail`` is the pid or tid waited for. A result that is ``False`` is a wait timed out.
    """
    local = this_thread
    if local.depth:
        return original(*args, **kwargs)
    line, where = locate(sys._getframe(2))
    local.depth = hidden
    local.emit(wire.ENTER, reason, line, ident, where | detail)
    outcome = RAISED
    try:
        result = original(*args, **kwargs)
        outcome = TIMED_OUT if result is False else GOT
        return result
    finally:
        local.depth = 0
        local.emit(wire.LEAVE, reason, 0, ident, outcome)


def hidden(original: Callable[..., Any]) -> Callable[..., Any]:
    """``original`` with everything it does inside kept out of the report."""

    def call(*args: Any, **kwargs: Any) -> Any:
        local = this_thread
        depth = local.depth
        local.depth = 2
        try:
            return original(*args, **kwargs)
        finally:
            local.depth = depth

    return call
