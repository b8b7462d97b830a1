"""Locks inside of the standard library's objects: a thread that finds one taken is seen to wait.

To the program such a lock is a part of its object. So no thread is reported as its holder, and
nothing is recorded while it is free. Each handler of ``logging`` has one, which threads share while
they write. Its release is reported if another thread waits for it.
"""

from __future__ import annotations

import _thread
import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import fresh, locate
from ..recording.thread_state import this_thread
from ..recording.waiting import bracket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_LockType = _thread.LockType
_CRLock: Any = _thread.RLock
_acquire, _release = _CRLock.acquire, _CRLock.release
_save, _restore, _owned = _CRLock._release_save, _CRLock._acquire_restore, _CRLock._is_owned


class InnerLock:
    """Stands for the plain lock that it holds. A wait for it is reported as a wait for ``_id``."""

    __slots__ = ("__weakref__", "_id", "_lock", "_reason", "_try")

    def __init__(self, plain: Any, reason: int, ident: int) -> None:
        self._lock = plain
        self._try = plain.acquire
        self._reason = reason
        self._id = ident

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return _LockType

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking is True and timeout == -1:
            return self.__enter__()
        got: bool = self._try(blocking, timeout)
        return got

    def __enter__(self) -> bool:
        got: bool = self._try(False) or self._wait()
        return got

    def _wait(self) -> bool:
        got: bool = bracket(self._try, self._reason, self._id, wire.INNER, (), {})
        return got

    def release(self) -> None:
        self._lock.release()

    def __exit__(self, *_: Any) -> None:
        self._lock.release()

    def locked(self) -> bool:
        held: bool = self._lock.locked()
        return held

    def _at_fork_reinit(self) -> None:
        self._lock._at_fork_reinit()

    def __repr__(self) -> str:
        return repr(self._lock)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._lock.__reduce_ex__(protocol)  # raises TypeError, as a lock does


def put_inside(reason: int, ident: int, *conditions: Any) -> InnerLock:
    """Replace the plain lock that these conditions share by an InnerLock; return that."""
    lock = InnerLock(conditions[0]._lock, reason, ident)
    for condition in conditions:
        condition._lock = lock
        condition.acquire, condition.release = lock.acquire, lock.release
    return lock


class InnerRLock(_CRLock):  # type: ignore[misc]
    """The lock of a handler of ``logging``. It gets its id when a thread waits for it first."""

    __slots__ = ("_id", "_level", "_name", "_waiting")

    _id: int
    _level: int
    _name: str
    _waiting: list[None]  # one for each thread that waits

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking is True and timeout == -1:
            got: bool = _acquire(self, False) or self._wait()
        else:
            got = _acquire(self, blocking, timeout)
        if got:
            self._level += 1
        return got

    def __enter__(self) -> bool:
        got: bool = _acquire(self, False) or self._wait()
        self._level += 1
        return got

    def release(self) -> None:
        if _owned(self):
            if self._level == 1 and self._waiting:
                # Before the release, so that the record of the next holder isn't older than this.
                this_thread.emit(wire.RELEASED, 0, locate(sys._getframe(1))[0], self._id)
            self._level -= 1
        _release(self)

    def __exit__(self, *_: Any) -> None:
        self.release()

    def _wait(self) -> bool:
        if not self._id:
            ident = fresh()
            this_thread.text(wire.OBJECT, codes.RLOCK, 0, ident, 0, self._name)
            self._id = ident
        self._waiting.append(None)
        try:
            got: bool = bracket(_bound(self), codes.RLOCK, self._id, 0, (), {}, 1)
        finally:
            self._waiting.pop()
        return got

    def _release_save(self) -> Any:
        level = 0
        if _owned(self):
            level, self._level = self._level, 0
        return _save(self), level

    def _acquire_restore(self, state: Any) -> None:
        _restore(self, state[0])
        self._level = state[1]

    def __repr__(self) -> str:
        text: str = super().__repr__()
        return text.replace(" RLock object", " _thread.RLock object", 1)

    def _at_fork_reinit(self) -> None:
        self._id = self._level = 0
        self._waiting = []
        _CRLock._at_fork_reinit(self)


InnerRLock.__module__ = "_thread"
InnerRLock.__name__ = InnerRLock.__qualname__ = "RLock"


def _bound(lock: Any) -> Any:
    return _acquire.__get__(lock, type(lock))


def patch_logging(module: Any) -> None:
    """Give each handler of ``logging`` an InnerRLock, if it makes a lock of its own."""

    def make(original: Any) -> Callable[..., Any]:
        def createLock(self: Any) -> None:
            original(self)
            if type(self.lock) is _CRLock:
                lock = self.lock = InnerRLock()
                lock._id = lock._level = 0
                lock._name = type(self).__name__ + ".lock"
                lock._waiting = []

        return createLock

    method(module.Handler, "createLock", make)
    if module.lastResort is not None:
        module.lastResort.createLock()
