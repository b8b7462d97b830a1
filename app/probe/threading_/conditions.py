"""threading.Condition, and what is built on it: Event, Semaphore, Barrier, Timer.

These, queue.Queue and Future wait in a Condition of their own. It is tagged with the object that it
belongs to. So a wait is reported exactly when one happens and under the name of that object, and
the methods of those classes need no hooks.
"""

from __future__ import annotations

import _thread
import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import by_standard_library, locate, made_by_program, register
from ..recording.thread_state import this_thread
from ..recording.waiting import RAISED
from . import locks
from .inner_locks import put_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


_LockType = _thread.LockType


def tag(condition: Any, reason: int, ident: int, owner: Any = None) -> None:
    """Let waits in ``condition`` be reported as waits for ``ident``, with this reason.

    ``owner`` is the semaphore that the condition belongs to, if it is one's. A condition of None is
    passed over.
    """
    if condition is not None:
        condition._timeslice = reason, ident, owner


def condition_of(event: Any) -> Any:
    """Return the condition in which threads wait for an Event; None for gevent's, without one."""
    return getattr(event, "_cond", None)


def patch(module: Any) -> None:
    """Patch ``threading``'s Condition, Event, Semaphore, Barrier and Timer."""
    method(module.Condition, "__init__", _make_condition_init)
    method(module.Condition, "wait", _make_wait)
    method(module.Condition, "notify", _make_notify)
    method(module.Event, "__init__", _make_init(codes.EVENT))
    method(module.Barrier, "__init__", _make_init(codes.BARRIER))
    if "_count" not in vars(module.Barrier):
        module.Barrier._count = Count()
    method(module.Semaphore, "__init__", _make_init(codes.SEMAPHORE))
    method(module.Semaphore, "acquire", _make_semaphore_acquire)
    module.Semaphore.__enter__ = module.Semaphore.acquire
    method(module.Timer, "__init__", _make_timer_init)


def _make_condition_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, lock: Any = None) -> None:
        frame = sys._getframe(1)
        if by_standard_library(frame):
            original(self, lock)
            return
        original(self, locks.make_rlock(frame) if lock is None else lock)
        tag(self, codes.CONDITION, register(codes.CONDITION, frame))

    return __init__


def _make_wait(original: Any) -> Callable[..., Any]:
    def wait(self: Any, timeout: Any = None) -> Any:
        local = this_thread
        known = self.__dict__.get("_timeslice")
        if known is None or local.depth:
            return original(self, timeout)
        reason, ident, _ = known
        line, where = locate(sys._getframe(1))
        outcome = RAISED
        local.depth = 1
        local.emit(wire.ENTER, reason, line, ident, where)
        try:
            result = original(self, timeout)
            outcome = int(result)
            return result
        finally:
            local.depth = 0
            local.emit(wire.LEAVE, reason, 0, ident, outcome)

    return wait


def _make_notify(original: Any) -> Callable[..., Any]:
    def notify(self: Any, n: int = 1) -> None:
        known = self.__dict__.get("_timeslice")
        if known is None:
            original(self, n)
            return
        count = min(n, len(self._waiters))
        original(self, n)
        # The caller holds the condition's lock, so no waiter goes on before this record.
        _, ident, owner = known
        this_thread.emit(wire.NOTIFY, 0, 0, ident, count)
        if owner is not None:  # a semaphore that is being released
            this_thread.emit(wire.RELEASED, 0, 0, ident)
            this_thread.emit(wire.VALUE, 0, 0, ident, owner._value)

    return notify


def _make_init(kind: int) -> Callable[[Any], Callable[..., Any]]:
    """Return what makes the hook of ``__init__`` of a class that waits in its ``_cond``.

    ``kind`` is the ObjectKind, and the same number is the Reason of waits.
    """

    def make(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            frame = made_by_program(sys._getframe(1), original, kind == codes.SEMAPHORE)
            if frame is None:
                return
            ident = register(kind, frame)
            if type(self._cond._lock) is _LockType:
                put_inside(kind, ident, self._cond)
            if kind == codes.SEMAPHORE:
                tag(self._cond, kind, ident, self)
                this_thread.emit(wire.VALUE, 0, 0, ident, self._value)
            else:
                tag(self._cond, kind, ident)
            if kind == codes.BARRIER:
                # Its action runs with the lock held, so a thread that comes then waits for it.
                put_inside(kind, ident, self._cond)
                self._timeslice = ident

        return __init__

    return make


class Count:
    """A barrier's attribute for how many threads have come, watched (see ``hooks``)."""

    def __set__(self, barrier: Any, value: Any) -> None:
        known = barrier.__dict__
        known["_count"] = value
        ident = known.get("_timeslice", 0)
        if ident:
            this_thread.emit(wire.VALUE, 0, known["_parties"], ident, value)


def _make_semaphore_acquire(original: Any) -> Callable[..., Any]:
    def acquire(self: Any, blocking: bool = True, timeout: Any = None) -> Any:
        got = original(self, blocking, timeout)
        known = self._cond.__dict__.get("_timeslice")
        if got and known is not None:
            line, where = locate(sys._getframe(1))
            this_thread.emit(wire.ACQUIRED, 0, line, known[1], where)
            this_thread.emit(wire.VALUE, 0, 0, known[1], self._value)
        return got

    return acquire


def _make_timer_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        ident = register(codes.EVENT, sys._getframe(1))
        tag(condition_of(self.finished), codes.EVENT, ident)

    return __init__
