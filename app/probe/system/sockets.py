"""Sockets that block, select, and messages to servers outside the run."""

from __future__ import annotations

import sys

from ..hooks.patching import builtin, method
from ..recording import codes
from ..recording.objects import register
from ..recording.thread_state import this_thread
from ..recording.waiting import bracket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


_sockets: dict[int, int] = {}
#: By id(), sockets that have been connected over TCP → the library that did it; from the first
#: message on the id of the server, 0 if that belongs to the run.
_clients: dict[int, Any] = {}


def patch_select(module: Any) -> None:
    """Patch ``select.select``. What polls and epolls is reported where ``selectors`` calls it."""

    def make(original: Any) -> Callable[..., Any]:
        def select(*args: Any) -> Any:
            if len(args) > 3 and args[3] == 0:
                return original(*args)
            return bracket(original, codes.POLL, 0, 0, args, {})

        return select

    builtin(module, "select", make)


def patch_selectors(module: Any) -> None:
    """Patch ``select`` of every selector: an event loop waits in it when nothing is ready."""

    def make(original: Any) -> Callable[..., Any]:
        def select(self: Any, timeout: Any = None) -> Any:
            if this_thread.depth or (timeout is not None and timeout <= 0):
                return original(self, timeout)
            return bracket(original, codes.POLL, 0, 0, (self, timeout), {})

        return select

    for cls in list(vars(module).values()):
        if isinstance(cls, type) and issubclass(cls, module.BaseSelector):
            method(cls, "select", make)


def _library(frame: Any) -> str:
    """Return the library that makes or connects a socket; "" for the program itself."""
    from . import outside_servers  # few programs come here

    return outside_servers.library(frame)


def _report_message(sock: Any, peer: Any, sends: int) -> None:
    """Report bytes sent to a server or received from it; at the first of them, find out which."""
    if peer.__class__ is not int:
        from . import outside_servers

        peer = _clients[id(sock)] = outside_servers.server(sock, peer)
    if peer:
        this_thread.emit(wire.TO_PEER if sends else wire.FROM_PEER, 0, 0, peer)


def patch_socket(module: Any) -> None:
    """Patch ``socket.socket``, for sockets that block or have a timeout; others never wait."""
    cls = module.socket

    def make_init(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            frame: Any = sys._getframe(1)
            while frame.f_back is not None and frame.f_globals is vars(module):
                frame = frame.f_back  # create_connection, socketpair
            owner = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            # A socket that a pipe or an event loop makes for itself isn't the program's.
            inner = owner in ("asyncio", "multiprocessing")
            # A library's socket is named after the library: the program's line names other things.
            _sockets[id(self)] = 0 if inner else register(codes.SOCKET, frame, _library(frame))
            if _clients:
                _clients.pop(id(self), None)  # of a socket that is gone and had the same id()

        return __init__

    def remember(sock: Any, address: Any, frame: Any) -> None:
        """Remember a connection over TCP; the first message shows whether it came about."""
        if address.__class__ is tuple and sock.type == module.SOCK_STREAM:
            _clients[id(sock)] = _library(frame)

    def make_connect(original: Any) -> Callable[..., Any]:
        def connect(self: Any, address: Any) -> Any:
            remember(self, address, sys._getframe(1))
            if this_thread.depth or self.gettimeout() == 0:
                return original(self, address)
            ident = _sockets.get(id(self), 0)
            return bracket(original, codes.SOCKET, ident, wire.SENDS, (self, address), {})

        return connect

    def make_tried(original: Any) -> Callable[..., Any]:
        def connect_ex(self: Any, address: Any) -> Any:
            remember(self, address, sys._getframe(1))
            return original(self, address)

        return connect_ex

    def make(sends: int) -> Callable[[Any], Callable[..., Any]]:
        def make_call(original: Any) -> Callable[..., Any]:
            def call(self: Any, *args: Any, **kwargs: Any) -> Any:
                if this_thread.depth or self.gettimeout() == 0:
                    result = original(self, *args, **kwargs)
                else:
                    ident = _sockets.get(id(self), 0)
                    result = bracket(original, codes.SOCKET, ident, sends, (self, *args), kwargs)
                if _clients:
                    peer = _clients.get(id(self))
                    closed = not result and result is not None  # no bytes: the other has closed
                    if peer not in (None, 0) and not closed:
                        _report_message(self, peer, sends)
                return result

            return call

        return make_call

    method(cls, "__init__", make_init)
    for name in ("accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"):
        method(cls, name, make(0), inherited=True)
    method(cls, "connect", make_connect, inherited=True)
    method(cls, "connect_ex", make_tried, inherited=True)
    for name in ("send", "sendall", "sendto", "sendmsg"):
        method(cls, name, make(wire.SENDS), inherited=True)
