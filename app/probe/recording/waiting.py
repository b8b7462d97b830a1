"""Reporting a wait: ENTER before it and LEAVE after it, for a thread's outermost operation only."""

from __future__ import annotations

import sys

from .objects import locate
from .thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

# How a wait ended, as LEAVE reports it.
GOT, TIMED_OUT, RAISED = wire.GOT, wire.TIMED_OUT, wire.FAILED
#: Of a group that is waited for, at most this many members are examined, and this many reported.
MOST_EXAMINED, MOST_REPORTED = 64, 4


def bracket(
    original: Callable[..., Any],
    reason: int,
    ident: int,
    detail: int,
    args: Any,
    kwargs: Any,
    hidden: int = 1,
) -> Any:
    """Call ``original`` as an operation that waits, and return its result.

    ``reason`` is a number of ``codes``, ``ident`` the id of the object that is waited for, 0 if it
    has none. ``detail`` is the pid or tid of what is waited for, or a flag of ENTER. ``hidden`` is
    the thread's ``depth`` meanwhile. A result ``False`` means that the wait has timed out. The
    wait's line is that of the frame that called the hook.
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
    """Return ``original`` with nothing of what it does inside reported."""

    def call(*args: Any, **kwargs: Any) -> Any:
        local = this_thread
        depth = local.depth
        local.depth = 2
        try:
            return original(*args, **kwargs)
        finally:
            local.depth = depth

    return call


def report_group(idents: list[int], count: int) -> None:
    """Report that the wait which begins next is for several, ``count`` in all.

    ``idents`` are the sorted ids of at most ``MOST_REPORTED`` of them: tasks or futures.
    """
    for index, ident in enumerate(idents):
        this_thread.emit(wire.WAITS_FOR, int(not index), count, ident)
