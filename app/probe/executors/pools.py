"""The executors of concurrent.futures, and multiprocessing.pool."""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import locate, register
from ..recording.thread_state import this_thread
from ..threading_.conditions import condition_of, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


def patch_thread(module: Any) -> None:
    """Patch ``concurrent.futures.thread``."""
    cls = module.ThreadPoolExecutor
    method(cls, "__init__", _make_pool_init)
    method(cls, "submit", _make_submit)


def patch_process(module: Any) -> None:
    """Patch ``concurrent.futures.process``."""
    cls = module.ProcessPoolExecutor
    method(cls, "__init__", _make_pool_init)
    method(cls, "submit", _make_submit)
    method(module._CallItem, "__init__", _make_call_init)
    module._CallItem.__setstate__ = _take_call


def _make_call_init(original: Any) -> Callable[..., Any]:
    """Send the id of the future along with the call to its process."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        work = sys._getframe(1).f_locals.get("work_item")
        self._timeslice = getattr(getattr(work, "future", None), "_timeslice", 0)

    return __init__


def _take_call(self: Any, state: Any) -> None:
    """``__setstate__`` of a call: its process has it now, and executes it next."""
    self.__dict__.update(state)
    ident = state.get("_timeslice", 0)
    if ident:
        this_thread.emit(wire.FUTURE_RUN, 0, 0, ident)


def _make_pool_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        ident = self._timeslice = register(codes.KIND_POOL, sys._getframe(1))
        original(self, *args, **kwargs)
        queue: Any = getattr(self, "_work_queue", None)
        if hasattr(type(queue), "_timeslice"):
            queue._timeslice = ident  # an idle worker thread waits for its executor

    return __init__


def _make_submit(original: Any) -> Callable[..., Any]:
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        local = this_thread
        name = _name_of(fn)
        local.submit = name, getattr(self, "_timeslice", 0), locate(sys._getframe(1))[0]
        try:
            return original(self, fn, *args, **kwargs)
        finally:
            local.submit = None

    return submit


def _name_of(function: Any) -> str:
    """Return the name of the program's function, also in ``functools.partial`` or ``to_thread``."""
    # Ask for the type: an object such as a Mock has every attribute.
    while (type(function).__module__, type(function).__name__) == ("functools", "partial"):
        inner = function.func
        by_context = type(getattr(inner, "__self__", None)).__name__ == "Context"
        function = function.args[0] if by_context and function.args else inner
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


def patch_pool(module: Any) -> None:
    """Patch ``multiprocessing.pool``, which makes a pool's processes and threads."""
    method(module.Pool, "__init__", _make_pool_init)
    method(module.ApplyResult, "__init__", _make_result_init)
    method(module.IMapIterator, "__init__", _make_result_init)


def _make_result_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        known = self.__dict__
        condition = condition_of(known["_event"]) if "_event" in known else known.get("_cond")
        if condition is not None:
            ident = self._timeslice = register(codes.KIND_FUTURE, sys._getframe(1))
            tag(condition, codes.FUTURE, ident)

    return __init__
