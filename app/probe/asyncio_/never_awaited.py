"""Coroutines that the program made and never awaited."""

from __future__ import annotations

import sys

from ..recording.objects import place
from ..recording.ring import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire


class _Warnings:
    """Stands for the module, as far as the function below wants it."""

    def __init__(self, warn: Any) -> None:
        self.warn = warn


def patch_warnings(module: Any) -> None:
    """The interpreter calls this function of ``warnings`` when it drops such a coroutine.

    The function warns at the line of its caller's frame, so no frame may come between them: it
    stays as it is, and the ``warn`` that it calls is another. Since 3.14 it lies in another
    module, and takes ``warn`` from ``_wm``, which is ``warnings``.
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
