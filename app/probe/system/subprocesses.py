"""subprocess.Popen: start and wait."""

from __future__ import annotations

import os
import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import fresh, locate
from ..recording.thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


def patch_subprocess(module: Any) -> None:
    """Patch ``subprocess``. The child's end is reported by the hook of ``os.waitpid``."""
    method(module.Popen, "_execute_child", _make_execute)
    method(module.Popen, "wait", _make_popen_wait)


def _make_execute(original: Any) -> Callable[..., Any]:
    # Not __init__: it warns at its caller's line, which would be that of a hook.
    def _execute_child(self: Any, args: Any, *rest: Any, **kwargs: Any) -> None:
        ident = self._timeslice = fresh()
        line, where = locate(sys._getframe(1))
        name = _program_name(args)
        this_thread.text(wire.OBJECT, codes.KIND_PROCESS, line, ident, where, name)
        this_thread.text(wire.PROCESS_SPAWN, 0, line, ident, 0, name)
        original(self, args, *rest, **kwargs)
        this_thread.emit(wire.PROCESS_SPAWNED, 0, self.pid, ident)

    return _execute_child


def _program_name(args: Any) -> str:
    try:
        first = args if isinstance(args, (str, bytes, os.PathLike)) else args[0]
        name = os.fsdecode(first)
    except (TypeError, IndexError, KeyError):
        return ""  # Popen itself raises what is wrong with it
    return os.path.basename(name.split()[0]) if name.split() else ""


def _make_popen_wait(original: Any) -> Callable[..., Any]:
    def wait(self: Any, timeout: Any = None) -> Any:
        local = this_thread
        if local.depth or self.returncode is not None:
            return original(self, timeout)
        ident = self.__dict__.get("_timeslice", 0)
        line, where = locate(sys._getframe(1))
        local.depth = 2
        local.emit(wire.ENTER, codes.WAIT_CHILD, line, ident, where | self.pid)
        outcome = 0  # a wait with a timeout raises TimeoutExpired
        try:
            result = original(self, timeout)
            outcome = 1
            return result
        finally:
            local.depth = 0
            local.emit(wire.LEAVE, codes.WAIT_CHILD, 0, ident, outcome)

    return wait
