"""Keeps the probe's entries out of tracebacks, so that an author sees the program's lines alone."""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

_OURS = __name__.rsplit(".", 2)[0]


def patch_traceback(module: Any) -> None:
    """Hook the two functions from which ``traceback`` has all that it prints and formats."""
    method(module, "walk_tb", _make_walk)
    method(module, "_walk_tb_with_full_positions", _make_walk)


def _make_walk(original: Any) -> Callable[..., Any]:
    def walk(tb: Any) -> Iterator[Any]:
        for entry in original(tb):
            if not _is_ours(entry[0]):
                yield entry

    return walk


def _is_ours(frame: Any) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.rsplit(".", 2)[0] == _OURS


def strip(error: Any) -> None:
    """Take the probe's entries out of the tracebacks of an exception and of its causes."""
    todo, seen = [error], set()
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        trace = _stripped(each.__traceback__)
        if trace is not each.__traceback__:
            each.__traceback__ = trace
        todo += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _stripped(trace: Any) -> Any:
    first = _skipped(trace)
    last = first
    while last is not None:
        rest = _skipped(last.tb_next)
        if rest is not last.tb_next:
            last.tb_next = rest
        last = rest
    return first


def _skipped(trace: Any) -> Any:
    while trace is not None and _is_ours(trace.tb_frame):
        trace = trace.tb_next
    return trace


def strip_handled() -> None:
    """Do the same for the exception that is being handled. Never raises."""
    try:
        strip(sys.exc_info()[1])
    except Exception:
        faults.note("a traceback")
