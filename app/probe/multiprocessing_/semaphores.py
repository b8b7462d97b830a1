"""multiprocessing's Lock, RLock, Semaphore, Condition, Event and Barrier.

Their ids are made of the name of the kernel's semaphore, which is the same in every process. Under
the start method *fork* a semaphore has no name; there the object itself takes an id to the child.
"""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import (
    fresh,
    locate,
    named,
    register,
)
from ..recording.thread_state import this_thread
from ..recording.waiting import bracket, hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_KINDS = {"Lock": codes.LOCK, "RLock": codes.RLOCK}


def ident_of(lock: Any, prefix: str = "semaphore") -> int:
    """Return the id of a SemLock, or of an object that is known by that lock.

    ``prefix`` is the kind of the object in words.
    """
    return named("%s:%s" % (prefix, lock._semlock.name or _inherited_name(lock)))


def _inherited_name(lock: Any) -> str:
    """Return a name for a lock without one; its copies in forked children keep it."""
    known = lock.__dict__
    name: str | None = known.get("_timeslice")
    if name is None:
        name = known["_timeslice"] = "%d" % fresh()
    return name


def hide(*locks: Any) -> None:
    """Let locks inside of another object work without records. None stands for no lock."""
    for lock in locks:
        if lock is not None:
            lock.acquire = lock._semlock.acquire
            lock.release = lock._semlock.release


def patch_synchronize(module: Any) -> None:
    """Patch ``multiprocessing.synchronize``."""
    method(module.SemLock, "__init__", _make_semlock_init)
    method(module.SemLock, "_make_methods", _make_methods)
    method(module.SemLock, "__enter__", lambda original: lambda self: self.acquire())
    method(module.SemLock, "__exit__", lambda original: lambda self, *_: self.release())
    method(module.Condition, "__init__", _make_condition_init)
    method(module.Condition, "_make_methods", _make_condition_methods)
    method(module.Condition, "wait", _make_condition_wait)
    method(module.Condition, "notify", _make_notify)
    method(module.Event, "__init__", _make_event_init)
    method(module.Event, "wait", _make_event_wait)
    method(module.Event, "set", _make_event_set)
    method(module.Barrier, "__init__", _make_barrier_init)
    method(module.Barrier, "wait", _make_barrier_wait, inherited=True)
    count = module.Barrier._count
    module.Barrier._count = property(count.fget, _make_count(count.fset))


def _kind(self: Any) -> int:
    return _KINDS.get(type(self).__name__, codes.SEMAPHORE)


def _make_semlock_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if this_thread.depth != 2:
            kind, ident = _kind(self), ident_of(self)
            register(kind, sys._getframe(1), "", ident)
            if kind == codes.SEMAPHORE:
                this_thread.emit(wire.VALUE, 0, 0, ident, self._semlock._get_value())

    return __init__


def _make_methods(original: Any) -> Callable[..., Any]:
    def _make_methods(self: Any) -> None:
        original(self)
        kind, ident, raw = _kind(self), ident_of(self), self._semlock

        def acquire(block: bool = True, timeout: Any = None) -> Any:
            if this_thread.depth == 2:
                return raw.acquire(block, timeout)
            if not block:
                got = raw.acquire(block, timeout)
            else:
                got = raw.acquire(False) or bracket(
                    raw.acquire, kind, ident, 0, (block, timeout), {}
                )
            if got and (kind != codes.RLOCK or raw._count() == 1):
                line, where = locate(sys._getframe(1))
                this_thread.emit(wire.ACQUIRED, 0, line, ident, where)
                if kind == codes.SEMAPHORE:
                    this_thread.emit(wire.VALUE, 0, 0, ident, raw._get_value())
            return got

        def release() -> None:
            if this_thread.depth == 2:
                raw.release()
            elif kind == codes.SEMAPHORE:
                this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], ident)
                raw.release()
                this_thread.emit(wire.NOTIFY, 0, 0, ident, 1)
                this_thread.emit(wire.VALUE, 0, 0, ident, raw._get_value())
            else:
                if kind == codes.LOCK or (raw._is_mine() and raw._count() == 1):
                    this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], ident)
                raw.release()

        self.acquire = acquire
        self.release = release

    return _make_methods


# --- Condition ---------------------------------------------------------------------------------


def _make_condition_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        hidden(original)(self, *args, **kwargs)
        if this_thread.depth != 2:
            frame = sys._getframe(1)
            if not args and kwargs.get("lock") is None:
                register(codes.RLOCK, frame, "", ident_of(self._lock))
            register(codes.CONDITION, frame, "", ident_of(self._wait_semaphore, "condition"))

    return __init__


def _make_condition_methods(original: Any) -> Callable[..., Any]:
    def _make_methods(self: Any) -> None:
        original(self)
        hide(self._sleeping_count, self._woken_count, self._wait_semaphore)

    return _make_methods


def _make_condition_wait(original: Any) -> Callable[..., Any]:
    def wait(self: Any, timeout: Any = None) -> Any:
        ident = ident_of(self._wait_semaphore, "condition")
        return bracket(original, codes.CONDITION, ident, 0, (self, timeout), {})

    return wait


def _make_notify(original: Any) -> Callable[..., Any]:
    def notify(self: Any, n: int = 1) -> None:
        if this_thread.depth != 2:
            ident = ident_of(self._wait_semaphore, "condition")
            count = min(n, self._sleeping_count._semlock._get_value())
            this_thread.emit(wire.NOTIFY, 0, 0, ident, count)
        original(self, n)

    return notify


# --- Event and Barrier -------------------------------------------------------------------------


def _make_event_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        hidden(original)(self, *args, **kwargs)
        register(codes.EVENT, sys._getframe(1), "", ident_of(self._flag, "event"))

    return __init__


def _make_event_wait(original: Any) -> Callable[..., Any]:
    def wait(self: Any, timeout: Any = None) -> Any:
        if this_thread.depth or not self._flag._semlock._is_zero():
            return hidden(original)(self, timeout)
        ident = ident_of(self._flag, "event")
        return bracket(original, codes.EVENT, ident, 0, (self, timeout), {}, 2)

    return wait


def _make_event_set(original: Any) -> Callable[..., Any]:
    def set(self: Any) -> None:
        sleeping = self._cond._sleeping_count._semlock._get_value()
        this_thread.emit(wire.NOTIFY, 0, 0, ident_of(self._flag, "event"), sleeping)
        hidden(original)(self)

    return set


def _make_barrier_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        hidden(original)(self, *args, **kwargs)
        ident = ident_of(self._cond._wait_semaphore, "barrier")
        register(codes.BARRIER, sys._getframe(1), "", ident)

    return __init__


def _make_barrier_wait(original: Any) -> Callable[..., Any]:
    def wait(self: Any, timeout: Any = None) -> Any:
        ident = ident_of(self._cond._wait_semaphore, "barrier")
        return bracket(original, codes.BARRIER, ident, 0, (self, timeout), {}, 2)

    return wait


def _make_count(original: Any) -> Callable[[Any, int], None]:
    """The hook of what sets how many have come, in memory that the processes share."""

    def _count(self: Any, value: int) -> None:
        original(self, value)
        ident = ident_of(self._cond._wait_semaphore, "barrier")
        this_thread.emit(wire.VALUE, 0, self._parties, ident, value)

    return _count
