"""Coroutines that the program has made and never awaited."""

from __future__ import annotations

import sys

from ..recording.objects import place
from ..recording.thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire


class _Warnings:
    """Stands for the module ``warnings``, as far as the function below needs it."""

    def __init__(self, warn: Any) -> None:
        self.warn = warn


def patch_warnings(module: Any) -> None:
    """Patch the function of ``warnings`` that the interpreter calls for such a coroutine.

    The function warns at the line of its caller's frame, so no frame may come in between. Its code
    stays the same, and calls another ``warn``. Since 3.14 it is in another module, and takes
    ``warn`` from ``_wm``, which is ``warnings``.
    """
    original = module._warn_unawaited_coroutine

    def warn(message: Any, category: Any = None, stacklevel: int = 1, source: Any = None) -> None:
        name = getattr(source, "__qualname__", None) or type(source).__qualname__
        this_thread.text(wire.NEVER_AWAITED, 0, place(sys._getframe(2)), 0, 0, name)
        module.warn(message, category, stacklevel + 1, source)

    names = {"warn": warn, "_wm": _Warnings(warn)}
    module._warn_unawaited_coroutine = type(original)(
        original.__code__, {**original.__globals__, **names}, original.__name__
    )
