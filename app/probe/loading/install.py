"""Installs the hooks: at once for what is there already, else when the program imports it."""

from __future__ import annotations

import builtins
import os
import sys
import time

from ..generators import program_text
from ..hooks import imports, patching
from ..recording import faults, first_records
from ..system import main_end, output, pipe_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: Module of the program's → our module, and its function that patches the other.
HOOKS = {
    "threading": ("threading_.threads", "patch_threading"),
    "queue": ("threading_.queues", "patch_queue"),
    "logging": ("threading_.inner_locks", "patch_logging"),
    "subprocess": ("system.subprocesses", "patch_subprocess"),
    "multiprocessing.process": ("multiprocessing_.processes", "patch_process"),
    "multiprocessing.forkserver": ("multiprocessing_.processes", "patch_helper"),
    "multiprocessing.resource_tracker": ("multiprocessing_.kernel_names", "patch_tracker"),
    "multiprocessing.util": ("multiprocessing_.processes", "patch_util"),
    "multiprocessing.spawn": ("generators.program_text", "patch_spawn"),
    "multiprocessing.synchronize": ("multiprocessing_.semaphores", "patch_synchronize"),
    "multiprocessing.queues": ("multiprocessing_.queues", "patch_queues"),
    "multiprocessing.connection": ("multiprocessing_.connections", "patch_connection"),
    "multiprocessing.pool": ("executors.pools", "patch_pool"),
    "concurrent.futures._base": ("executors.futures", "patch_base"),
    "concurrent.futures.thread": ("executors.pools", "patch_thread"),
    "concurrent.futures.process": ("executors.pools", "patch_process"),
    "socket": ("system.sockets", "patch_socket"),
    "select": ("system.sockets", "patch_select"),
    "selectors": ("system.sockets", "patch_selectors"),
    "_interpreters": ("system.blocking_calls", "patch_interpreters"),
    "_xxsubinterpreters": ("system.blocking_calls", "patch_interpreters"),
    "traceback": ("system.tracebacks", "patch_traceback"),
    "warnings": ("asyncio_.never_awaited", "patch_warnings"),
    "asyncio.base_events": ("asyncio_.tasks", "patch_base_events"),
    "asyncio.futures": ("asyncio_.chained_futures", "patch_futures"),
    "asyncio.tasks": ("asyncio_.tasks", "patch_tasks"),
    "asyncio.taskgroups": ("asyncio_.tasks", "patch_taskgroups"),
    "asyncio.mixins": ("asyncio_.synchronization", "patch_mixins"),
    "asyncio.locks": ("asyncio_.synchronization", "patch_locks"),
    "asyncio.queues": ("asyncio_.synchronization", "patch_queues"),
    "uvloop": ("asyncio_.tasks", "patch_uvloop"),
    "greenlet": ("greenlets.switches", "patch_greenlet"),
    "gevent.greenlet": ("greenlets.switches", "patch_gevent"),
    "trio._core._run": ("trio_.tasks", "patch_run"),
    "trio._sync": ("trio_.synchronization", "patch_sync"),
    "trio._channel": ("trio_.synchronization", "patch_channel"),
}

_PROBE = __name__.rsplit(".", 2)[0] + "."
#: Functions of ``os`` whose hooks are in ``blocking_calls``.
BLOCKING = ("kill", "pipe", "fsync", "fdatasync", "wait", "waitpid", "wait3", "wait4", "waitid")
#: After these functions of ``os`` our files may be out of reach, so what may be needed later is
#: loaded and mapped before the call.
LEAVING = ("chroot", "setuid", "seteuid", "setreuid", "setresuid", "setns", "unshare")


def install(finder: Any) -> None:
    """Begin to record. A part that fails is noted beside the rings and left out.

    ``finder`` is the ``Finder`` of the probe's own modules.
    """
    patching.guarded(_begin, first_records)
    os.register_at_fork(after_in_child=_after_fork)
    patching.guarded(_patch_builtins, os)
    patching.guarded(output.patch, sys)
    patching.guarded(main_end.patch, sys)
    watching = imports.ImportHook(HOOKS, finder)
    watching.install()
    patching.guarded(program_text.patch, watching)


def _begin(_: Any) -> None:
    first_records.begin()


def _patch_builtins(_: Any) -> None:
    """Hook the functions that every interpreter has from its start."""
    patching.later(time, ("sleep",), "system.blocking_calls")
    patching.later(builtins, ("input",), "system.blocking_calls")
    patching.later(os, BLOCKING, "system.blocking_calls")
    patching.later(sys, ("setswitchinterval",), "system.blocking_calls")
    patching.builtin(os, "read", pipe_descriptors.make_transfer)
    patching.builtin(os, "write", pipe_descriptors.make_transfer)
    patching.builtin(os, "close", pipe_descriptors.make_close)
    for name in LEAVING:
        patching.builtin(os, name, _make_leaving)


def _make_leaving(original: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        patching.guarded(_leave, first_records)
        return original(*args, **kwargs)

    return call


def _leave(_: Any) -> None:
    for module in ("system.blocking_calls", "system.sockets", "system.output_records"):
        __import__(_PROBE + module)
    first_records.leave()


def _after_fork() -> None:
    try:
        first_records.begin()
        if first_records.after_fork is not None:
            first_records.after_fork()
    except Exception:
        faults.note("fork")
