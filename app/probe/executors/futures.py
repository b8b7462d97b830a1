"""concurrent.futures.Future, wait() and as_completed()."""

from __future__ import annotations

import itertools
import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import fresh
from ..recording.thread_state import this_thread
from ..recording.waiting import MOST_EXAMINED, MOST_REPORTED, report_group
from ..threading_.conditions import condition_of, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_OPEN = ("PENDING", "RUNNING")


def patch_base(module: Any) -> None:
    """Patch ``concurrent.futures._base``, which both executors share."""
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
            # For a pool of processes, this is the thread that hands the call on to a process.
            by = sys._getframe(1).f_globals.get("__name__") == "concurrent.futures.process"
            this_thread.emit(wire.FUTURE_RUN, int(by), 0, getattr(self, "_timeslice", 0))
        return runs

    return set_running_or_notify_cancel


def _make_done(original: Any) -> Callable[..., Any]:
    def done(self: Any, value: Any) -> None:
        # Before the call, so that a thread that waits for the result goes on after this record.
        if self._state in _OPEN:
            ident = getattr(self, "_timeslice", 0)
            if original.__name__ == "set_exception":
                name = value if isinstance(value, type) else type(value)
                this_thread.text(wire.FUTURE_DONE, wire.RAISED, 0, ident, 0, name.__name__)
            else:
                this_thread.emit(wire.FUTURE_DONE, wire.RETURNED, 0, ident)
        original(self, value)

    return done


def _make_cancel(original: Any) -> Callable[..., Any]:
    def cancel(self: Any) -> Any:
        pending = self._state == "PENDING"
        cancelled = original(self)
        if pending and cancelled:
            this_thread.emit(wire.FUTURE_DONE, wire.CANCELLED, 0, getattr(self, "_timeslice", 0))
        return cancelled

    return cancel


def _make_waiter_init(original: Any) -> Callable[..., Any]:
    """The hook of the object in which wait() and as_completed() wait."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tag(condition_of(self.event), codes.FUTURE, 0)

    return __init__


def _make_waiters(original: Any) -> Callable[..., Any]:
    """Report the futures for which wait() and as_completed() wait, when they begin to."""

    def _create_and_install_waiters(fs: Any, return_when: Any) -> Any:
        waiter = original(fs, return_when)
        if condition_of(waiter.event) is not None:
            waiter.event.wait = _reporting(waiter.event, fs)
        return waiter

    return _create_and_install_waiters


def _reporting(event: Any, futures: Any) -> Callable[..., Any]:
    plain = event.wait

    def wait(timeout: Any = None) -> Any:
        if this_thread.depth or event.is_set():
            return plain(timeout)
        pending = [each for each in itertools.islice(futures, MOST_EXAMINED)
                   if each._state in _OPEN]  # fmt: skip
        known = event._cond._timeslice
        if len(pending) == 1 and len(futures) <= MOST_EXAMINED:
            ident = getattr(pending[0], "_timeslice", 0)
            event._cond._timeslice = known[0], ident, known[2]
        else:
            whole = len(futures) if len(futures) > MOST_EXAMINED else len(pending)
            idents = sorted(getattr(each, "_timeslice", 0) for each in pending)
            report_group(idents[:MOST_REPORTED], whole)
        try:
            return plain(timeout)
        finally:
            event._cond._timeslice = known

    return wait
