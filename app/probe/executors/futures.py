"""concurrent.futures' executors and futures, and multiprocessing's Pool."""

from __future__ import annotations

import itertools
import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import fresh, locate, register
from ..recording.ring import this_thread
from ..threading_.threads import condition_of, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_OPEN = ("PENDING", "RUNNING")
#: Of a group so many are told; so many of them are looked at.
_MOST_TOLD, _MOST_LOOKED_AT = 4, 64


def patch_base(module: Any) -> None:
    """Patch ``concurrent.futures._base``: what both executors share."""
    future = module.Future
    method(future, "__init__", _make_future_init)
    method(future, "set_running_or_notify_cancel", _make_run)
    method(future, "set_result", _make_done)
    method(future, "set_exception", _make_done)
    method(future, "cancel", _make_cancel)
    method(module._Waiter, "__init__", _make_waiter_init)
    method(module, "_create_and_install_waiters", _make_waiters)


def _make_future_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        ident = self._timeslice = fresh()
        tag(self._condition, codes.FUTURE, ident)
        local = this_thread
        if local.submit is not None:
            name, pool, line = local.submit
            local.submit = None
            local.text(wire.SUBMIT, 0, line, ident, pool, name)

    return __init__


def _make_run(original: Any) -> Callable[..., Any]:
    def set_running_or_notify_cancel(self: Any) -> Any:
        runs = original(self)
        if runs:
            # In a pool of processes it is the thread that hands it on which says so.
            by = sys._getframe(1).f_globals.get("__name__") == "concurrent.futures.process"
            this_thread.emit(wire.FUTURE_RUN, int(by), 0, getattr(self, "_timeslice", 0))
        return runs

    return set_running_or_notify_cancel


def _make_done(original: Any) -> Callable[..., Any]:
    def done(self: Any, value: Any) -> None:
        # Before: whoever waits for the result goes on after this record.
        if self._state in _OPEN:
            ident = getattr(self, "_timeslice", 0)
            if original.__name__ == "set_exception":
                name = value if isinstance(value, type) else type(value)
                this_thread.text(wire.FUTURE_DONE, 1, 0, ident, 0, name.__name__)
            else:
                this_thread.emit(wire.FUTURE_DONE, 0, 0, ident)
        original(self, value)

    return done


def _make_cancel(original: Any) -> Callable[..., Any]:
    def cancel(self: Any) -> Any:
        pending = self._state == "PENDING"
        cancelled = original(self)
        if pending and cancelled:
            this_thread.emit(wire.FUTURE_DONE, 2, 0, getattr(self, "_timeslice", 0))
        return cancelled

    return cancel


def _make_waiter_init(original: Any) -> Callable[..., Any]:
    """What wait() and as_completed() wait in."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tag(condition_of(self.event), codes.FUTURE, 0)

    return __init__


def _make_waiters(original: Any) -> Callable[..., Any]:
    """For whom wait() and as_completed() wait is told when they do."""

    def _create_and_install_waiters(fs: Any, return_when: Any) -> Any:
        waiter = original(fs, return_when)
        if condition_of(waiter.event) is not None:
            waiter.event.wait = _telling(waiter.event, fs)
        return waiter

    return _create_and_install_waiters


def _telling(event: Any, futures: Any) -> Callable[..., Any]:
    plain = event.wait

    def wait(timeout: Any = None) -> Any:
        if this_thread.depth or event.is_set():
            return plain(timeout)
        pending = [each for each in itertools.islice(futures, _MOST_LOOKED_AT)
                   if each._state in _OPEN]  # fmt: skip
        known = event._cond._timeslice
        if len(pending) == 1 and len(futures) <= _MOST_LOOKED_AT:
            ident = getattr(pending[0], "_timeslice", 0)
            event._cond._timeslice = known[0], ident, known[2]
        else:
            whole = len(futures) if len(futures) > _MOST_LOOKED_AT else len(pending)
            idents = sorted(getattr(each, "_timeslice", 0) for each in pending)
            for index, ident in enumerate(idents[:_MOST_TOLD]):
                this_thread.emit(wire.WAITS_FOR, int(not index), whole, ident)
        try:
            return plain(timeout)
        finally:
            event._cond._timeslice = known

    return wait


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
    """A call goes to its process with the id of its future."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        work = sys._getframe(1).f_locals.get("work_item")
        self._timeslice = getattr(getattr(work, "future", None), "_timeslice", 0)

    return __init__


def _take_call(self: Any, state: Any) -> None:
    """Its process has the call, and executes it next."""
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
            queue._timeslice = ident  # an idle worker waits for its pool

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
    """What the program calls it, inside ``functools.partial`` and the context of ``to_thread``."""
    # By its type: an object may have any attribute that it is asked for, as a Mock has.
    while (type(function).__module__, type(function).__name__) == ("functools", "partial"):
        inner = function.func
        by_context = type(getattr(inner, "__self__", None)).__name__ == "Context"
        function = function.args[0] if by_context and function.args else inner
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


# --- multiprocessing.pool ----------------------------------------------------------------------


def patch_pool(module: Any) -> None:
    """Patch ``multiprocessing.pool``; its workers are processes and its handlers threads."""
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
