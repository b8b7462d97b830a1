"""The instant at which the main module's code ended, and how."""

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

#: The process that said it, or needn't: a forked child has an end of its own.
_said = 0
#: The process, the outermost frame and its last instruction, when sys.exit was called in the main
#: thread.
_exit: tuple[int, Any, int] | None = None


def patch(_: Any) -> None:
    """Wait for the end. First registered, so it runs after all other atexit functions: it serves
    a program without threading; others say it when ``threading._shutdown`` begins."""
    atexit.register(main_ended)
    patching.builtin(sys, "exit", _make_exit)
    if sys.excepthook is sys.__excepthook__:
        patching.builtin(sys, "excepthook", _make_excepthook)
        sys.__excepthook__ = sys.excepthook


def main_ended() -> None:
    """Report once that the main module's code ended."""
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
    """This process runs a function of its parent's program, so no main code will end here."""
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
    """What prints the exception that ends the program: without our entries in its traceback."""

    def excepthook(kind: Any, value: Any, trace: Any) -> None:
        try:
            if value is not None and value.__traceback__ is trace:
                from .tracebacks import strip

                strip(value)
                trace = value.__traceback__
        except Exception:  # the interpreter is ending, and imports nothing any more
            faults.note("a traceback")
        original(kind, value, trace)

    return excepthook
