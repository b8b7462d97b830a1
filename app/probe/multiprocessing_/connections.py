"""multiprocessing's Pipe and Connection.

A message is one SEND and one RECV of the same stream, in the same order on both sides if a lock of
their object orders them. The id of a stream is made of its queue's semaphore, or of the inode of
the end that receives. So it is the same in every process, however that got its end.
"""

from __future__ import annotations

import os
import stat
import sys

from ..hooks.patching import method
from ..recording import codes, first_records
from ..recording.objects import named, register
from ..recording.thread_state import this_thread
from ..recording.waiting import bracket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


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
    """Make a link by which a spawned process finds the other end of a socket pair."""
    if not first_records.directory:
        return
    link = os.path.join(first_records.directory, "pair-%d" % inode)
    try:
        os.unlink(link)
    except FileNotFoundError:
        pass
    os.symlink(str(peer), link)


def _streams(connection: Any) -> tuple[int, int]:
    """Return the ids of the streams that this end sends into and receives from."""
    known: tuple[int, int] | None = connection.__dict__.get("_timeslice")
    if known is not None:
        return known
    status = os.fstat(connection._handle)
    if stat.S_ISFIFO(status.st_mode):
        sends = receives = named("pipe:%d" % status.st_ino)
    else:
        receives = named("socket:%d" % status.st_ino)
        try:
            peer = os.readlink(os.path.join(first_records.directory, "pair-%d" % status.st_ino))
            sends = named("socket:" + peer)
        except OSError:  # no pair: a connection through a listener
            sends = named("peer:%d" % status.st_ino)
    connection._timeslice = sends, receives
    return sends, receives


def _make_send(original: Any) -> Callable[..., Any]:
    def _send_bytes(self: Any, buffer: Any) -> None:
        local = this_thread
        ident = _streams(self)[0]
        # Before the write, so that the RECV is never older.
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
