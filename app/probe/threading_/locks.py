"""threading.Lock and threading.RLock, as far as the program makes them.

Locks that the standard library makes for itself stay as they are and cost nothing. To acquire a
lock, a first try that can't block comes first. Only if it fails is a wait reported.
"""

from __future__ import annotations

import _thread
import sys

from ..hooks.patching import builtin, method
from ..recording import codes
from ..recording.objects import by_standard_library, locate, register
from ..recording.thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire

_allocate = _thread.allocate_lock
_LockType = _thread.LockType
_TIMEOUT_MAX = _thread.TIMEOUT_MAX


#: From CPython 3.13 on threading.Lock is the type of locks, before it is a function.
_IS_TYPE = sys.version_info >= (3, 13)


class _LockMeta(type):
    def __repr__(cls) -> str:
        return repr(_LockType)

    def __instancecheck__(cls, instance: Any) -> bool:
        return type(instance) is cls or issubclass(type(instance), _LockType)

    def __subclasscheck__(cls, other: Any) -> bool:
        return other is cls or issubclass(other, _LockType)


class Lock(metaclass=_LockMeta):
    """A lock made by the program. It holds a ``_thread.lock``, which can't have subclasses."""

    __slots__ = ("__weakref__", "_id", "_lock", "_try")

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if not _IS_TYPE:
            raise TypeError("cannot create '_thread.lock' instances")
        if args or kwargs:
            return _LockType(*args, **kwargs)  # raises TypeError, with the right words
        frame = sys._getframe(1)
        if by_standard_library(frame):
            return _allocate()
        return _made(cls, frame)

    def __init_subclass__(cls, **_: Any) -> None:
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    _lock: Any
    _try: Any
    _id: int

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return _LockType

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking is True and timeout == -1:
            if self._try(False):
                line, where = locate(sys._getframe(1))
                this_thread.emit(wire.ACQUIRED, 0, line, self._id, where)
                return True
        elif not blocking or not _lawful(timeout):
            if self._try(blocking, timeout):  # raises for an unlawful timeout
                line, where = locate(sys._getframe(1))
                this_thread.emit(wire.ACQUIRED, 0, line, self._id, where)
                return True
            return False
        elif self._try(False):
            line, where = locate(sys._getframe(1))
            this_thread.emit(wire.ACQUIRED, 0, line, self._id, where)
            return True
        return _wait(self._try, codes.LOCK, self._id, sys._getframe(1), timeout)

    def __enter__(self) -> bool:
        if self._try(False):
            line, where = locate(sys._getframe(1))
            this_thread.emit(wire.ACQUIRED, 0, line, self._id, where)
            return True
        return _wait(self._try, codes.LOCK, self._id, sys._getframe(1), -1)

    def release(self) -> None:
        # Before the release, so that the record of the next holder is never older than this one.
        lock = self._lock
        if lock.locked():
            this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], self._id)
        lock.release()

    def __exit__(self, *_: Any) -> None:
        this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], self._id)
        self._lock.release()

    acquire_lock = acquire
    release_lock = release

    def locked(self) -> bool:
        return self._lock.locked()  # type: ignore[no-any-return]

    locked_lock = locked

    def _at_fork_reinit(self) -> None:
        self._lock._at_fork_reinit()

    def __repr__(self) -> str:
        return repr(self._lock)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._lock.__reduce_ex__(protocol)  # raises TypeError, as a lock does


Lock.__module__ = "_thread"
Lock.__name__ = Lock.__qualname__ = "lock"


def patch(module: Any) -> None:
    """Let ``threading.Lock`` and ``threading.RLock`` make locks that are reported."""
    if _IS_TYPE:
        module.Lock = Lock
        where: Any = _thread
        where.lock = Lock  # the name that a pickle of it has
    else:
        builtin(module, "Lock", _make_factory)
    method(module, "RLock", _make_rlock_factory)


def _make_factory(original: Any) -> Any:
    def allocate_lock(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        if args or kwargs or by_standard_library(frame):
            return original(*args, **kwargs)
        return _made(Lock, frame)

    return allocate_lock


def _made(cls: Any, frame: Any) -> Any:
    lock = object.__new__(cls)
    lock._lock = _allocate()
    lock._try = lock._lock.acquire
    lock._id = register(codes.LOCK, frame)
    return lock


def _lawful(timeout: Any) -> bool:
    return isinstance(timeout, (int, float)) and (timeout == -1 or 0 <= timeout <= _TIMEOUT_MAX)


def _wait(acquire: Any, reason: int, ident: int, frame: Any, timeout: float) -> bool:
    """Acquire a lock that wasn't free. The wait is reported unless it is inside another one."""
    local = this_thread
    line, where = locate(frame)
    if local.depth:
        got = acquire(True, timeout)
    else:
        local.depth = 1
        local.emit(wire.ENTER, reason, line, ident, where)
        got = None
        try:
            got = acquire(True, timeout)
        finally:
            local.depth = 0
            local.emit(wire.LEAVE, reason, 0, ident, wire.FAILED if got is None else int(got))
    if got:
        local.emit(wire.ACQUIRED, 0, line, ident, where)
    return got  # type: ignore[no-any-return]


_CRLock: Any = _thread.RLock
_acquire, _release = _CRLock.acquire, _CRLock.release
_save, _restore, _owned = _CRLock._release_save, _CRLock._acquire_restore, _CRLock._is_owned


class TracedRLock(_CRLock):  # type: ignore[misc]
    """An RLock made by the program; its first acquire and its last release are reported."""

    __slots__ = ("_id", "_level")

    _id: int
    _level: int

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if _owned(self):
            if _acquire(self, blocking, timeout):
                self._level += 1
                return True
            return False
        if not blocking or not _lawful(timeout):
            if not _acquire(self, blocking, timeout):
                return False
        elif not _acquire(self, False):
            got = _wait(_bind(_acquire, self), codes.RLOCK, self._id, sys._getframe(1), timeout)
            self._level += got
            return got
        self._level += 1
        line, where = locate(sys._getframe(1))
        this_thread.emit(wire.ACQUIRED, 0, line, self._id, where)
        return True

    __enter__ = acquire

    def release(self) -> None:
        if _owned(self):
            if self._level == 1:
                this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], self._id)
            self._level -= 1
        _release(self)

    def __exit__(self, *_: Any) -> None:
        self.release()

    def _release_save(self) -> Any:
        if _owned(self):
            this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], self._id)
            level, self._level = self._level, 0
            return _save(self), level
        return _save(self)

    def _acquire_restore(self, state: Any) -> None:
        state, level = state
        _restore(self, state)
        self._level = level
        line, where = locate(sys._getframe(1))
        this_thread.emit(wire.ACQUIRED, 0, line, self._id, where)

    def __repr__(self) -> str:
        text: str = super().__repr__()
        return text.replace(" RLock object", " _thread.RLock object", 1)

    def _at_fork_reinit(self) -> None:
        self._level = 0
        _CRLock._at_fork_reinit(self)


TracedRLock.__module__ = "_thread"
TracedRLock.__name__ = TracedRLock.__qualname__ = "RLock"


def _bind(function: Any, self: Any) -> Any:
    return function.__get__(self, type(self))


def make_rlock(frame: Any) -> Any:
    """Make an RLock of the program, which asked for it in ``frame``."""
    lock = TracedRLock()
    lock._level = 0
    lock._id = register(codes.RLOCK, frame)
    return lock


def _make_rlock_factory(original: Any) -> Any:
    def RLock(*args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            return _with_arguments(original, args, kwargs)
        frame = sys._getframe(1)
        return _CRLock() if by_standard_library(frame) else make_rlock(frame)

    return RLock


def _with_arguments(original: Any, args: Any, kwargs: Any) -> Any:
    """Make an RLock. CPython 3.13 warns of arguments: let it warn at the program's line."""
    import warnings

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        lock = original(*args, **kwargs)
    for each in said:
        warnings.warn(each.message, stacklevel=3)
    return lock
