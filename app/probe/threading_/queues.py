"""queue: Queue, LifoQueue, PriorityQueue and SimpleQueue."""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import by_standard_library, locate, register
from ..recording.thread_state import this_thread
from ..recording.waiting import RAISED
from .conditions import tag
from .inner_locks import InnerLock, put_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_PUT, _GET = wire.PUT, wire.GET
#: Tells an item from the others. PyPy has negative ids.
key_of: Callable[[Any], int] = id
if sys.implementation.name == "pypy":
    key_of = lambda item: id(item) & 0xFFFFFFFFFFFFFFFF  # noqa: E731


def patch_queue(module: Any) -> None:
    """Patch the module ``queue``."""
    method(module.Queue, "__init__", _make_init)
    method(module.Queue, "put", _make_whole_put(module.Queue))
    method(module.Queue, "get", _make_whole_get(module.Queue))
    for cls in (module.Queue, module.LifoQueue, module.PriorityQueue):
        method(cls, "_put", make_put)
        method(cls, "_get", make_get)
    module.SimpleQueue = _simple_queue(module.SimpleQueue, module.Empty)


def _make_init(original: Any) -> Callable[..., Any]:
    def __init__(self: Any, maxsize: int = 0) -> None:
        original(self, maxsize)
        ident = self._timeslice = register(codes.QUEUE, sys._getframe(1))
        conditions = self.not_empty, self.not_full, self.all_tasks_done
        for condition in conditions:
            tag(condition, codes.QUEUE, ident)
        self.mutex = put_inside(codes.QUEUE, ident, *conditions)

    return __init__


def _make_whole_put(plain: type[Any]) -> Callable[[Any], Callable[..., Any]]:
    """Return what makes a ``put`` that itself puts into a queue that isn't full.

    The original makes six calls for that. Saving them pays for the record.
    """
    shuts = hasattr(plain, "shutdown")

    def make(original: Any) -> Callable[..., Any]:
        def put(self: Any, item: Any, block: bool = True, timeout: Any = None) -> None:
            mutex = self.mutex
            ours = self.__class__ is plain and type(mutex) is InnerLock
            if ours and timeout is None and not (shuts and self.is_shutdown):
                if not mutex._try(False):
                    mutex.acquire()
                try:
                    queue = self.queue
                    size = len(queue)
                    if not 0 < self.maxsize <= size and not (shuts and self.is_shutdown):
                        queue.append(item)
                        self.unfinished_tasks += 1
                        this_thread.emit(_PUT, 1, size + 1, self._timeslice, key_of(item))
                        if self.not_empty._waiters:
                            self.not_empty.notify()
                        return
                finally:
                    mutex._lock.release()
            original(self, item, block, timeout)

        return put

    return make


def _make_whole_get(plain: type[Any]) -> Callable[[Any], Callable[..., Any]]:
    """Return what makes a ``get`` that itself gets from a queue that isn't empty, likewise."""

    def make(original: Any) -> Callable[..., Any]:
        def get(self: Any, block: bool = True, timeout: Any = None) -> Any:
            mutex = self.mutex
            if self.__class__ is plain and timeout is None and type(mutex) is InnerLock:
                if not mutex._try(False):
                    mutex.acquire()
                try:
                    queue = self.queue
                    if queue:
                        item = queue.popleft()
                        this_thread.emit(_GET, 1, len(queue), self._timeslice, key_of(item))
                        if self.not_full._waiters:
                            self.not_full.notify()
                        return item
                finally:
                    mutex._lock.release()
            return original(self, block, timeout)

        return get

    return make


def make_put(original: Any) -> Callable[..., Any]:
    """The hook of ``_put``, which runs under the queue's lock or in its event loop.

    So records of PUT are in the true order.
    """

    def _put(self: Any, item: Any) -> None:
        original(self, item)
        ident = getattr(self, "_timeslice", 0)
        if ident:
            this_thread.emit(_PUT, 1, _size(self), ident, key_of(item))

    return _put


def make_get(original: Any) -> Callable[..., Any]:
    """The hook of ``_get``, which runs under the queue's lock or in its event loop."""

    def _get(self: Any) -> Any:
        item = original(self)
        ident = getattr(self, "_timeslice", 0)
        if ident:
            this_thread.emit(_GET, 1, _size(self), ident, key_of(item))
        return item

    return _get


def _size(queue: Any) -> int:
    size: int = queue._qsize() if hasattr(queue, "_qsize") else queue.qsize()
    return size


def _simple_queue(base: Any, empty: Any) -> Any:
    take, give = base.get, base.put

    class SimpleQueue(base):  # type: ignore[misc]
        __slots__ = ("_timeslice",)

        _timeslice: int

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            self = base.__new__(cls, *args, **kwargs)
            frame = sys._getframe(1)
            # An executor's queue gets the id of the executor later, from ``executors/pools``.
            self._timeslice = 0 if by_standard_library(frame) else register(codes.QUEUE, frame)
            return self

        def put(self, item: Any, block: bool = True, timeout: Any = None) -> None:
            _report(wire.PUT, self, item)
            give(self, item, block, timeout)

        def put_nowait(self, item: Any) -> None:
            _report(wire.PUT, self, item)
            give(self, item)

        def get(self, block: bool = True, timeout: Any = None) -> Any:
            if block and (timeout is None or _lawful(timeout)):
                try:
                    item = take(self, False)
                except empty:
                    pass
                else:
                    _report(wire.GET, self, item)
                    return item
                item = _wait(self, sys._getframe(1), timeout)
            else:
                item = take(self, block, timeout)
            _report(wire.GET, self, item)
            return item

        def get_nowait(self) -> Any:
            item = take(self, False)
            _report(wire.GET, self, item)
            return item

    def _wait(self: Any, frame: Any, timeout: Any) -> Any:
        local = this_thread
        if local.depth:
            return take(self, True, timeout)
        ident = self._timeslice
        line, where = locate(frame)
        outcome = RAISED
        local.depth = 1
        local.emit(wire.ENTER, codes.QUEUE, line, ident, where)
        try:
            item = take(self, True, timeout)
            outcome = 1
            return item
        except empty:
            outcome = 0
            raise
        finally:
            local.depth = 0
            local.emit(wire.LEAVE, codes.QUEUE, 0, ident, outcome)

    SimpleQueue.__module__ = base.__module__
    SimpleQueue.__qualname__ = base.__qualname__
    SimpleQueue.__doc__ = base.__doc__
    return SimpleQueue


def _report(kind: int, queue: Any, item: Any) -> None:
    ident = queue._timeslice
    if ident:
        this_thread.emit(kind, 0, 0, ident, key_of(item))


def _lawful(timeout: Any) -> bool:
    return isinstance(timeout, (int, float)) and timeout >= 0
