"""When and how the main module's code ended."""

from __future__ import annotations

import _thread
import atexit
import sys

from ..hooks import patching
from ..recording import faults, first_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

RETURNED, RAISED, EXIT = 0, 1, 2

#: The pid of the process that has reported its end or has none; a forked child has its own.
_said = 0
#: The pid, the outermost frame and its instruction, when the main thread last called sys.exit.
_exit: tuple[int, Any, int] | None = None


def patch(_: Any) -> None:
    """Wait for the end of the main module's code.

    The atexit function serves programs without ``threading``; it is registered first, so it runs
    last. In all others the end is reported when ``threading._shutdown`` begins.
    """
    atexit.register(main_ended)
    patching.builtin(sys, "exit", _make_exit)
    if sys.excepthook is sys.__excepthook__:
        patching.builtin(sys, "excepthook", _make_excepthook)
        sys.__excepthook__ = sys.excepthook


def main_ended() -> None:
    """Report that the main module's code has ended, once in each process."""
    global _said
    if _said == first_records.pid:
        return
    _said = first_records.pid
    kind = getattr(sys, "last_type", None)
    if kind is not None:
        _report(RAISED, kind.__name__)
    elif _exit is not None and _exit[0] == first_records.pid and _exit[1].f_lasti == _exit[2]:
        # The outermost frame hasn't gone on since it called sys.exit: nothing caught SystemExit.
        _report(EXIT, "SystemExit")
    else:
        _report(RETURNED, "")


def _report(outcome: int, error: str) -> None:
    cpu_ns = first_records.cpu_ns()
    first_records.this_thread.text(first_records.MAIN_END, outcome, 0, 0, cpu_ns, error)


def not_main() -> None:
    """Expect no end: this process runs a function of its parent's program, and no main module."""
    global _said
    _said = first_records.pid


def _make_exit(original: Any) -> Callable[..., Any]:
    main, get_ident, get_frame = _thread.get_ident(), _thread.get_ident, sys._getframe

    def exit(*args: Any) -> Any:
        global _exit
        if get_ident() == main:
            frame = get_frame(1)
            while frame.f_back is not None:
                frame = frame.f_back
            _exit = first_records.pid, frame, frame.f_lasti
        return original(*args)

    return exit


def _make_excepthook(original: Any) -> Callable[..., Any]:
    """The hook of ``sys.excepthook``: it takes the probe's entries out of the traceback."""

    def excepthook(kind: Any, value: Any, trace: Any) -> None:
        try:
            if value is not None and value.__traceback__ is trace:
                from .tracebacks import strip

                strip(value)
                trace = value.__traceback__
        except Exception:  # the interpreter is ending and may refuse the import
            faults.note("a traceback")
        original(kind, value, trace)

    return excepthook
