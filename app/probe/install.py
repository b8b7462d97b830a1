"""Puts the probe into this process: what is here already at once, the rest when it is imported."""

from __future__ import annotations

import builtins
import os
import sys
import time

from . import descriptors, ending, faults, first, output, patching, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: module of the standard library: (our module, its function that patches it)
HOOKS = {
    "threading": ("threads", "patch_threading"),
    "queue": ("queues", "patch_queue"),
    "logging": ("inner_locks", "patch_logging"),
    "subprocess": ("processes", "patch_subprocess"),
    "multiprocessing.process": ("processes", "patch_process"),
    "multiprocessing.forkserver": ("processes", "patch_helper"),
    "multiprocessing.resource_tracker": ("leftovers", "patch_tracker"),
    "multiprocessing.util": ("processes", "patch_util"),
    "multiprocessing.spawn": ("sources", "patch_spawn"),
    "multiprocessing.synchronize": ("semaphores", "patch_synchronize"),
    "multiprocessing.queues": ("channels", "patch_queues"),
    "multiprocessing.connection": ("channels", "patch_connection"),
    "multiprocessing.pool": ("futures", "patch_pool"),
    "concurrent.futures._base": ("futures", "patch_base"),
    "concurrent.futures.thread": ("futures", "patch_thread"),
    "concurrent.futures.process": ("futures", "patch_process"),
    "socket": ("blocking", "patch_socket"),
    "select": ("blocking", "patch_select"),
    "selectors": ("blocking", "patch_selectors"),
    "_interpreters": ("blocking", "patch_interpreters"),
    "_xxsubinterpreters": ("blocking", "patch_interpreters"),
    "traceback": ("tracebacks", "patch_traceback"),
    "warnings": ("unawaited", "patch_warnings"),
    "asyncio.base_events": ("tasks", "patch_base_events"),
    "asyncio.futures": ("chains", "patch_futures"),
    "asyncio.tasks": ("tasks", "patch_tasks"),
    "asyncio.taskgroups": ("tasks", "patch_taskgroups"),
    "asyncio.mixins": ("primitives", "patch_mixins"),
    "asyncio.locks": ("primitives", "patch_locks"),
    "asyncio.queues": ("primitives", "patch_queues"),
    "uvloop": ("tasks", "patch_uvloop"),
    "greenlet": ("greenlets", "patch_greenlet"),
    "gevent.greenlet": ("greenlets", "patch_gevent"),
    "trio._core._run": ("trio_tasks", "patch_run"),
    "trio._sync": ("trio_objects", "patch_sync"),
    "trio._channel": ("trio_objects", "patch_channel"),
}


#: Built-in functions whose hooks are in ``blocking``.
BLOCKING = ("kill", "pipe", "fsync", "fdatasync", "wait", "waitpid", "wait3", "wait4", "waitid")
#: After these, our files may be out of reach: what is loaded and mapped before stays.
LEAVING = ("chroot", "setuid", "seteuid", "setreuid", "setresuid", "setns", "unshare")


def install(finder: Any) -> None:
    """Begin recording. A part that fails is left out and noted beside the rings.

    ``finder`` finds the probe's own modules.
    """
    patching.guarded(_begin, first)
    os.register_at_fork(after_in_child=_after_fork)
    patching.guarded(_patch_builtins, os)
    patching.guarded(output.patch, sys)
    patching.guarded(ending.patch, sys)
    imports = patching.ImportHook(HOOKS, finder)
    imports.install()
    patching.guarded(sources.patch, imports)


def _begin(_: Any) -> None:
    first.begin()


def _patch_builtins(_: Any) -> None:
    """Patch what every interpreter has from its start."""
    patching.later(time, ("sleep",), "blocking")
    patching.later(builtins, ("input",), "blocking")
    patching.later(os, BLOCKING, "blocking")
    patching.later(sys, ("setswitchinterval",), "blocking")
    patching.builtin(os, "read", descriptors.make_transfer)
    patching.builtin(os, "write", descriptors.make_transfer)
    patching.builtin(os, "close", descriptors.make_close)
    for name in LEAVING:
        patching.builtin(os, name, _make_leaving)


def _make_leaving(original: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        patching.guarded(_leave, first)
        return original(*args, **kwargs)

    return call


def _leave(_: Any) -> None:
    for module in ("blocking", "printing"):
        __import__(__package__ + "." + module)
    first.leave()


def _after_fork() -> None:
    try:
        first.begin()
        if first.after_fork is not None:
            first.after_fork()
    except Exception:
        faults.note("fork")
