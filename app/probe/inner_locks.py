"""The lock inside an object of the standard library: who finds it taken is seen to wait.

To the program it is a part of that object, so nobody is said to hold it, and there is no record
of it while it is free.
"""

from __future__ import annotations

import _thread

from .waiting import bracket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LockType = _thread.LockType


class InnerLock:
    """Stands for the plain lock that it holds; a wait for it is one of ``_reason`` for ``_id``."""

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
        got: bool = self._try(False) or bracket(self._try, self._reason, self._id, 0, (), {})
        return got

    def release(self) -> None:
        self._lock.release()

    def __exit__(self, *_: Any) -> None:
        self._lock.release()

    def locked(self) -> bool:
        held: bool = self._lock.locked()
        return held

    def __repr__(self) -> str:
        return repr(self._lock)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._lock.__reduce_ex__(protocol)  # raises TypeError, as a lock does


def put_inside(reason: int, ident: int, *conditions: Any) -> InnerLock:
    """Let the plain lock that these conditions have in common be such a lock, which is returned."""
    lock = InnerLock(conditions[0]._lock, reason, ident)
    for condition in conditions:
        condition._lock = lock
        condition.acquire, condition.release = lock.acquire, lock.release
    return lock
