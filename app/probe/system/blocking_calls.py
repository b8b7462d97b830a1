"""Calls into the system that block: sleep, pipes, waiting for children, sockets, select, input."""

from __future__ import annotations

import os
import sys

from ..hooks.patching import builtin, called_by, method
from ..recording import codes
from ..recording.objects import by_standard_library, named, register
from ..recording.ring import this_thread
from ..recording.waiting import bracket
from . import pipe_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

#: What waitid(2) says of a child that ended, rather than stopped or went on.
_EXITED = getattr(os, "CLD_EXITED", 1)  # PyPy has none of the three
_ENDED = (_EXITED, getattr(os, "CLD_KILLED", 2), getattr(os, "CLD_DUMPED", 3))
#: Set while multiprocessing ends this process's daemons.
ending_daemons = False
_sockets: dict[int, int] = {}
#: Sockets that were connected over TCP: the library that did it, and from the first message on the
#: id of the server, 0 where that belongs to the run.
_clients: dict[int, Any] = {}


def _make_sleep(original: Any) -> Callable[..., Any]:
    def sleep(*args: Any) -> Any:
        if len(args) != 1 or not args[0]:  # sleep(0) gives the CPU away and waits for nothing
            return original(*args)
        return bracket(original, codes.SLEEP, 0, 0, args, {})

    return sleep


def _make_plain(reason: int) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return bracket(original, reason, 0, 0, args, kwargs)

        return call

    return make


def _make_pipe(original: Any) -> Callable[..., Any]:
    def pipe() -> Any:
        ends = original()
        frame = called_by(sys._getframe(1))
        if not by_standard_library(frame):
            # The id that the kernel's witness knows it by too, in whatever process.
            ident = named("pipe:%d" % os.fstat(ends[0]).st_ino)
            register(codes.PIPE, frame, ident=ident)
            for end in ends:
                pipe_descriptors.pipes[end] = ident
        return ends

    return pipe


def _make_kill(original: Any) -> Callable[..., Any]:
    def kill(pid: Any, signal: Any) -> Any:
        # Before the signal, so that the death it causes is never older than its cause.
        if pid.__class__ is int and pid > 0 and isinstance(signal, int) and signal > 0:
            this_thread.emit(wire.KILL, int(signal), pid, int(ending_daemons))
        return original(pid, signal)

    return kill


def _make_interval(original: Any) -> Callable[..., Any]:
    def setswitchinterval(*args: Any) -> None:
        original(*args)
        this_thread.emit(wire.INTERVAL, 0, int(sys.getswitchinterval() * 1e9))

    return setswitchinterval


def _make_wait(options: int | None, named: bool) -> Callable[[Any], Callable[..., Any]]:
    """``options`` is the position of the call's flags; ``named``: its first argument is a pid."""

    def make(original: Any) -> Callable[..., Any]:
        def reap(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            # WUNTRACED and WCONTINUED tell of children that live on.
            if result[0] > 0 and (os.WIFEXITED(result[1]) or os.WIFSIGNALED(result[1])):
                this_thread.emit(wire.REAPED, 0, result[0], result[1])
            return result

        def wait(*args: Any, **kwargs: Any) -> Any:
            flags = kwargs.get("options", 0)
            if options is not None and len(args) > options:
                flags = args[options]
            if this_thread.depth or flags:
                return reap(*args, **kwargs)
            target = args[0] if named and args else kwargs.get("pid", 0)
            if target.__class__ is not int or target < 0:
                target = 0
            return bracket(reap, codes.WAIT_CHILD, 0, target, args, kwargs)

        return wait

    return make


def _make_waitid(original: Any) -> Callable[..., Any]:
    def waitid(*args: Any) -> Any:
        result = bracket(original, codes.WAIT_CHILD, 0, 0, args, {})
        if result is not None and result.si_code in _ENDED and not args[2] & os.WNOWAIT:
            # siginfo_t tells cause and status apart; a raw status holds both (wait(2))
            raw = result.si_status << 8 if result.si_code == _EXITED else result.si_status
            this_thread.emit(wire.REAPED, 0, result.si_pid, raw)
        return result

    return waitid


def _transfer(original: Any, ident: int, args: Any) -> Any:
    return bracket(original, codes.PIPE, ident, 0, args, {})


pipe_descriptors.bracket = _transfer
#: Built-in function → what makes its hook. Which function of which module is in ``install``.
HOOKS: dict[str, Callable[[Any], Callable[..., Any]]] = {
    "sleep": _make_sleep,
    "input": _make_plain(codes.INPUT),
    "pipe": _make_pipe,
    "fsync": _make_plain(codes.FILE),
    "fdatasync": _make_plain(codes.FILE),
    "kill": _make_kill,
    "wait": _make_wait(None, False),
    "waitpid": _make_wait(1, True),
    "wait3": _make_wait(0, False),
    "wait4": _make_wait(1, True),
    "waitid": _make_waitid,
    "setswitchinterval": _make_interval,
}


# --- modules ----------------------------------------------------------------------------------


def patch_select(module: Any) -> None:
    """select.select; poll and epoll objects are reported by ``selectors``."""

    def make(original: Any) -> Callable[..., Any]:
        def select(*args: Any) -> Any:
            if len(args) > 3 and args[3] == 0:
                return original(*args)
            return bracket(original, codes.POLL, 0, 0, args, {})

        return select

    builtin(module, "select", make)


def patch_interpreters(module: Any) -> None:
    """Code in a subinterpreter with a GIL of its own (from CPython 3.12 on) holds not ours."""
    names = "call", "create", "destroy", "exec", "run_func", "run_string"
    for name in names if sys.version_info >= (3, 12) else ():
        builtin(module, name, _make_plain(codes.OTHER))


def patch_selectors(module: Any) -> None:
    """Every selector's ``select``: where an event loop waits when nothing is ready."""

    def make(original: Any) -> Callable[..., Any]:
        def select(self: Any, timeout: Any = None) -> Any:
            if this_thread.depth or (timeout is not None and timeout <= 0):
                return original(self, timeout)
            return bracket(original, codes.POLL, 0, 0, (self, timeout), {})

        return select

    for cls in list(vars(module).values()):
        if isinstance(cls, type) and issubclass(cls, module.BaseSelector):
            method(cls, "select", make)


def _connects(frame: Any) -> str:
    """The library that makes or connects a socket; "" for the program itself."""
    from . import outside_servers  # few programs come here

    return outside_servers.library(frame)


def _talked(sock: Any, peer: Any, sends: int) -> None:
    """Bytes went to a server or came from it; the first tell who that is."""
    if peer.__class__ is not int:
        from . import outside_servers

        peer = _clients[id(sock)] = outside_servers.server(sock, peer)
    if peer:
        this_thread.emit(wire.TO_PEER if sends else wire.FROM_PEER, 0, 0, peer)


def patch_socket(module: Any) -> None:
    """Blocking sockets (also those with a timeout); the others never wait."""
    cls = module.socket

    def make_init(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            frame: Any = sys._getframe(1)
            while frame.f_back is not None and frame.f_globals is vars(module):
                frame = frame.f_back  # create_connection, socketpair
            owner = frame.f_globals.get("__name__", "").partition(".")[0]
            # A pipe's or an event loop's own socket is no object of the program.
            inner = owner in ("asyncio", "multiprocessing")
            # The program's line would name what the library's call gives, and not its socket.
            _sockets[id(self)] = 0 if inner else register(codes.SOCKET, frame, _connects(frame))
            if _clients:
                _clients.pop(id(self), None)  # another's, which is gone

        return __init__

    def dials(sock: Any, address: Any, frame: Any) -> None:
        """Whether it gets there shows with the first message."""
        if address.__class__ is tuple and sock.type == module.SOCK_STREAM:
            _clients[id(sock)] = _connects(frame)

    def make_connect(original: Any) -> Callable[..., Any]:
        def connect(self: Any, address: Any) -> Any:
            dials(self, address, sys._getframe(1))
            if this_thread.depth or self.gettimeout() == 0:
                return original(self, address)
            ident = _sockets.get(id(self), 0)
            return bracket(original, codes.SOCKET, ident, wire.SENDS, (self, address), {})

        return connect

    def make_tried(original: Any) -> Callable[..., Any]:
        def connect_ex(self: Any, address: Any) -> Any:
            dials(self, address, sys._getframe(1))
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
                    if peer not in (None, 0) and (
                        result or result is None
                    ):  # nothing: the other has closed
                        _talked(self, peer, sends)
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
