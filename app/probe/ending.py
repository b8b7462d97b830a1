"""The instant at which the main module's code ended, and how."""

from __future__ import annotations

import _thread
import atexit
import sys

from . import patching
from .ring import cpu_ns, here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

RETURNED, RAISED, EXIT = 0, 1, 2

_said = False
#: The outermost frame, and its last instruction, when sys.exit was called in the main thread.
_exit: tuple[Any, int] | None = None


def patch(_: Any) -> None:
    """Wait for the end. First registered, so it runs after all other atexit functions: it serves
    a program without threading; others say it when ``threading._shutdown`` begins."""
    atexit.register(main_ended)
    patching.builtin(sys, "exit", _make_exit)


def main_ended() -> None:
    """Report once that the main module's code ended."""
    global _said
    if _said:
        return
    _said = True
    kind = getattr(sys, "last_type", None)
    if kind is not None:
        here.text(wire.MAIN_END, RAISED, cpu_ns(), 0, 0, kind.__name__)
    elif _exit is not None and _exit[0].f_lasti == _exit[1]:
        # The outermost frame never went on after it called sys.exit: nobody caught it.
        here.text(wire.MAIN_END, EXIT, cpu_ns(), 0, 0, "SystemExit")
    else:
        here.emit(wire.MAIN_END, RETURNED, cpu_ns())


def not_main() -> None:
    """This process runs a function of its parent's program, so no main code will end here."""
    global _said
    _said = True


def forget() -> None:
    """A forked child has an end of its own."""
    global _said, _exit
    _said, _exit = False, None


def _make_exit(original: Any) -> Callable[..., Any]:
    main = _thread.get_ident()

    def exit(*args: Any) -> Any:
        global _exit
        if _thread.get_ident() == main:
            frame = sys._getframe(1)
            while frame.f_back is not None:
                frame = frame.f_back
            _exit = frame, frame.f_lasti
        return original(*args)

    return exit
