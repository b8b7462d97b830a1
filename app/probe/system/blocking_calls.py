"""Calls into the system: sleep, input, pipes, fsync, waiting for children, and kill."""

from __future__ import annotations

import os
import sys

from ..hooks.patching import builtin, called_by
from ..recording import codes
from ..recording.objects import by_standard_library, named, register
from ..recording.thread_state import this_thread
from ..recording.waiting import bracket
from . import pipe_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

#: The codes of waitid(2) for a child that has ended, and not stopped or gone on.
_EXITED = getattr(os, "CLD_EXITED", 1)  # PyPy has none of the three
_ENDED = (_EXITED, getattr(os, "CLD_KILLED", 2), getattr(os, "CLD_DUMPED", 3))
#: True while multiprocessing ends this process's daemons.
ending_daemons = False


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
            # In every process the kernel's witness knows the pipe by the same id.
            ident = named("pipe:%d" % os.fstat(ends[0]).st_ino)
            register(codes.PIPE, frame, ident=ident)
            for end in ends:
                pipe_descriptors.pipes[end] = ident
        return ends

    return pipe


def _make_kill(original: Any) -> Callable[..., Any]:
    def kill(pid: Any, signal: Any) -> Any:
        # Before the signal, so that the death it causes is never older than its cause.
        # A number without room in the record is no pid and no signal: the call itself raises.
        is_pid = pid.__class__ is int and 0 < pid < 1 << 32
        if is_pid and isinstance(signal, int) and 0 < signal < 1 << 16:
            this_thread.emit(wire.KILL, int(signal), pid, int(ending_daemons))
        return original(pid, signal)

    return kill


def _make_interval(original: Any) -> Callable[..., Any]:
    def setswitchinterval(*args: Any) -> None:
        original(*args)
        # The record has 32 bits for it, so 4.29 s stand for any longer interval.
        interval_ns = min(int(sys.getswitchinterval() * 1e9), 0xFFFFFFFF)
        this_thread.emit(wire.INTERVAL, 0, interval_ns)

    return setswitchinterval


def _make_wait(options: int | None, named: bool) -> Callable[[Any], Callable[..., Any]]:
    """Return what makes the hook of a function such as ``waitpid``.

    ``options`` is the position of its flags. ``named`` is True if its first argument is a pid.
    """

    def make(original: Any) -> Callable[..., Any]:
        def reap(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            # With WUNTRACED and WCONTINUED it may return for children that live on.
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
            # siginfo_t has cause and status apart; a raw status has both in one (wait(2)).
            raw = result.si_status << 8 if result.si_code == _EXITED else result.si_status
            this_thread.emit(wire.REAPED, 0, result.si_pid, raw)
        return result

    return waitid


def _transfer(original: Any, ident: int, args: Any) -> Any:
    return bracket(original, codes.PIPE, ident, 0, args, {})


pipe_descriptors.bracket = _transfer
#: Built-in function → what makes its hook. ``loading/install`` says of which module it is.
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


def patch_interpreters(module: Any) -> None:
    """Report code in a subinterpreter as a wait: from CPython 3.12 on it may have its own GIL."""
    names = "call", "create", "destroy", "exec", "run_func", "run_string"
    for name in names if sys.version_info >= (3, 12) else ():
        builtin(module, name, _make_plain(codes.OTHER))
