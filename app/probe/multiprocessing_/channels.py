"""multiprocessing's Queue, JoinableQueue, SimpleQueue, Pipe and Connection.

A message is one SEND and one RECV of the same stream, in the same order on both sides where the
object's own lock orders them. A stream is known by its queue's semaphore, or by the inode of the
end that receives, so that a process that got its end by any way names it alike.
"""

from __future__ import annotations

import os
import stat
import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import locate, named, register
from ..recording.ring import directory, this_thread
from ..recording.waiting import GOT, bracket, hidden
from ..threading_.threads import tag
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
    """Let the queue's pipe be the queue, and its locks be hidden."""
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
        _tell_gets(self._sem, self._buffer.ident)

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
    """What a queue's feeder thread takes its items from. An item is put when it is appended: it
    has its place in the queue, and nobody can have got it yet."""

    __slots__ = ("ident",)

    ident: int

    def append(self, item: Any) -> None:
        local = this_thread
        if local.putting == self.ident:  # not the mark that ends the feeder
            local.putting = 0
            local.emit(wire.PUT, 0, 0, self.ident, 0)
        super().append(item)


def _tell_gets(places: Any, ident: int) -> None:
    """Report a GET before its place is free: the PUT that it makes room for is never older."""
    raw = places._semlock.release

    def release() -> None:
        local = this_thread
        if local.getting == ident:  # not a feeder that could not pickle its item
            local.getting = 0
            local.emit(wire.GET, 0, 0, ident, 0)
        raw()

    places.release = release


def _make_start_thread(original: Any) -> Callable[..., Any]:
    """A process's first put() waits for its feeder to start, which is no wait for the queue.

    Nor does the feeder wait for the queue: it is idle while its own buffer is empty, however many
    items are in the pipe.
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
        _value(self, ident)

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
        _value(self, ident)
        return item

    return get


def _value(queue: Any, ident: int) -> None:
    limit = getattr(queue, "_maxsize", None)
    if limit is not None:
        this_thread.emit(wire.VALUE, 0, 0, ident, limit - queue._sem._semlock._get_value())


def _make_queue_join(original: Any) -> Callable[..., Any]:
    def join(self: Any) -> None:
        bracket(original, codes.QUEUE, _queue_ident(self), 0, (self,), {}, 2)

    return join


# --- pipes -------------------------------------------------------------------------------------


def patch_connection(module: Any) -> None:
    """Patch ``multiprocessing.connection``."""
    method(module, "Pipe", _make_pipe)
    method(module.Connection, "_send_bytes", _make_send)
    method(module.Connection, "_recv_bytes", _make_recv)
    method(module.Connection, "_poll", _make_poll)


def _make_pipe(original: Any) -> Callable[..., Any]:
    def Pipe(duplex: bool = True) -> Any:
        first, second = original(duplex)
        if this_thread.depth == 2:
            return first, second
        frame = sys._getframe(1)
        if duplex:
            inodes = [os.fstat(end._handle).st_ino for end in (first, second)]
            idents = [named("socket:%d" % inode) for inode in inodes]
            first._timeslice = idents[1], idents[0]
            second._timeslice = idents[0], idents[1]
            _remember(inodes[0], inodes[1])
            _remember(inodes[1], inodes[0])
            for ident in idents:
                register(codes.PIPE, frame, "", ident)
        else:
            register(codes.PIPE, frame, "", _streams(first)[1])
        return first, second

    return Pipe


def _remember(inode: int, peer: int) -> None:
    """Leave a link by which a spawned process learns the other end of a socket pair."""
    if not directory:
        return
    link = os.path.join(directory, "pair-%d" % inode)
    try:
        os.unlink(link)
    except FileNotFoundError:
        pass
    os.symlink(str(peer), link)


def _streams(connection: Any) -> tuple[int, int]:
    """Ids of what this end sends into and of what it receives from."""
    known: tuple[int, int] | None = connection.__dict__.get("_timeslice")
    if known is not None:
        return known
    status = os.fstat(connection._handle)
    if stat.S_ISFIFO(status.st_mode):
        sends = receives = named("pipe:%d" % status.st_ino)
    else:
        receives = named("socket:%d" % status.st_ino)
        try:
            peer = os.readlink(os.path.join(directory, "pair-%d" % status.st_ino))
            sends = named("socket:" + peer)
        except OSError:  # no pair: a connection through a listener
            sends = named("peer:%d" % status.st_ino)
    connection._timeslice = sends, receives
    return sends, receives


def _make_send(original: Any) -> Callable[..., Any]:
    def _send_bytes(self: Any, buffer: Any) -> None:
        local = this_thread
        ident = _streams(self)[0]
        # Before the write: what receives it is never older.
        if local.putting == ident:  # a SimpleQueue's item, put and sent at once
            local.putting = 0
            local.emit(wire.PUT, 0, 0, ident, 0)
        local.emit(wire.SEND, 0, 0, ident, len(buffer))
        bracket(original, codes.PIPE, ident, 0, (self, buffer), {})

    return _send_bytes


def _make_recv(original: Any) -> Callable[..., Any]:
    def _recv_bytes(self: Any, *args: Any, **kwargs: Any) -> Any:
        ident = _streams(self)[1]
        result = bracket(original, codes.PIPE, ident, 0, (self, *args), kwargs)
        if result is not None:
            this_thread.emit(wire.RECV, 0, 0, ident, result.getbuffer().nbytes)
        return result

    return _recv_bytes


def _make_poll(original: Any) -> Callable[..., Any]:
    def _poll(self: Any, timeout: Any) -> Any:
        if this_thread.depth or (timeout is not None and timeout <= 0):
            return original(self, timeout)
        return bracket(original, codes.PIPE, _streams(self)[1], 0, (self, timeout), {})

    return _poll
