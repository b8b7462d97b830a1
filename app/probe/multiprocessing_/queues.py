"""multiprocessing's Queue, JoinableQueue and SimpleQueue.

A queue's id is made of its semaphore, so it is the same in every process. The queue's pipe gets the
same id, and the locks inside report nothing.
"""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import locate, register
from ..recording.thread_state import this_thread
from ..recording.waiting import GOT, bracket, hidden
from ..threading_.conditions import tag
from . import semaphores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from typing import Any, Callable

    from app.timeline import wire
else:
    from _collections import deque

    from ..recording import wire


def patch_queues(module: Any) -> None:
    """Patch ``multiprocessing.queues``."""
    method(module.Queue, "__init__", _make_queue_init("_rlock"))
    method(module.Queue, "_reset", _make_reset)
    method(module.Queue, "_start_thread", _make_start_thread)
    method(module.Queue, "put", _make_put)
    method(module.Queue, "get", _make_get)
    method(module.JoinableQueue, "__init__", _make_queue_init("_rlock"))
    method(module.JoinableQueue, "put", _make_put)
    method(module.JoinableQueue, "task_done", hidden)
    method(module.JoinableQueue, "join", _make_queue_join)
    for name in ("__init__", "__setstate__"):
        method(module.SimpleQueue, name, _make_simple_state(name))
    method(module.SimpleQueue, "put", _make_put)
    method(module.SimpleQueue, "get", _make_get)


def _queue_ident(queue: Any) -> int:
    known: int | None = queue.__dict__.get("_timeslice")
    if known is None:
        known = queue._timeslice = semaphores.ident_of(queue._rlock, "queue")
    return known


def _adopt(queue: Any) -> None:
    """Give the queue's id to both ends of its pipe, and hide its locks."""
    ident = _queue_ident(queue)
    for end in (queue._reader, queue._writer):
        end._timeslice = ident, ident
    semaphores.hide(queue._rlock, queue._wlock, getattr(queue, "_sem", None))


def _make_queue_init(lock: str) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            hidden(original)(self, *args, **kwargs)
            if this_thread.depth != 2 and hasattr(self, lock):
                register(codes.QUEUE, sys._getframe(1), "", _queue_ident(self))

        return __init__

    return make


def _make_reset(original: Any) -> Callable[..., Any]:
    def _reset(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _adopt(self)
        self._buffer = _Buffer()
        self._buffer.ident = _queue_ident(self)
        _report_gets(self._sem, self._buffer.ident)

    return _reset


def _make_simple_state(name: str) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def state(self: Any, *args: Any, **kwargs: Any) -> None:
            hidden(original)(self, *args, **kwargs)
            _adopt(self)
            if name == "__init__" and this_thread.depth != 2:
                register(codes.QUEUE, sys._getframe(1), "", _queue_ident(self))

        return state

    return make


class _Buffer(deque):  # type: ignore[type-arg]
    """The buffer from which a queue's feeder thread takes items.

    An item counts as put when it is appended: then it has its place in the queue, and no thread
    can have got it yet.
    """

    __slots__ = ("ident",)

    ident: int

    def append(self, item: Any) -> None:
        local = this_thread
        if local.putting == self.ident:  # not the mark that ends the feeder
            local.putting = 0
            local.emit(wire.PUT, 0, 0, self.ident, 0)
        super().append(item)


def _report_gets(places: Any, ident: int) -> None:
    """Report a GET before its place is free, so that the PUT that takes the place isn't older.

    ``places`` is the semaphore of the queue's free places.
    """
    raw = places._semlock.release

    def release() -> None:
        local = this_thread
        if local.getting == ident:  # not a feeder that could not pickle its item
            local.getting = 0
            local.emit(wire.GET, 0, 0, ident, 0)
        raw()

    places.release = release


def _make_start_thread(original: Any) -> Callable[..., Any]:
    """In a process's first put() the thread waits for the feeder to start, not for the queue.

    The feeder doesn't wait for the queue, either: it is idle while its own buffer is empty, however
    many items are in the pipe.
    """

    def _start_thread(self: Any) -> None:
        local = this_thread
        ident = _queue_ident(self)
        tag(self._notempty, codes.QUEUE, register(0, sys._getframe(1), "feeder buffer"))
        if local.putting != ident:
            original(self)
            return
        line, where = locate(sys._getframe(1))
        local.emit(wire.LEAVE, codes.QUEUE, 0, ident, GOT)
        local.depth = 0
        try:
            original(self)
        finally:
            local.depth = 2
            local.emit(wire.ENTER, codes.QUEUE, line, ident, where)

    return _start_thread


def _make_put(original: Any) -> Callable[..., Any]:
    def put(self: Any, *args: Any, **kwargs: Any) -> None:
        local = this_thread
        if local.depth:
            original(self, *args, **kwargs)
            return
        ident = local.putting = _queue_ident(self)
        try:
            bracket(original, codes.QUEUE, ident, 0, (self, *args), kwargs, 2)
        finally:
            local.putting = 0
        _report_value(self, ident)

    return put


def _make_get(original: Any) -> Callable[..., Any]:
    def get(self: Any, *args: Any, **kwargs: Any) -> Any:
        local = this_thread
        if local.depth:
            return original(self, *args, **kwargs)
        ident = local.getting = _queue_ident(self)
        try:
            item = bracket(original, codes.QUEUE, ident, 0, (self, *args), kwargs, 2)
            if local.getting:  # a SimpleQueue has any number of places
                local.emit(wire.GET, 0, 0, ident, 0)
        finally:
            local.getting = 0
        _report_value(self, ident)
        return item

    return get


def _report_value(queue: Any, ident: int) -> None:
    limit = getattr(queue, "_maxsize", None)
    if limit is not None:
        this_thread.emit(wire.VALUE, 0, 0, ident, limit - queue._sem._semlock._get_value())


def _make_queue_join(original: Any) -> Callable[..., Any]:
    def join(self: Any) -> None:
        bracket(original, codes.QUEUE, _queue_ident(self), 0, (self,), {}, 2)

    return join
