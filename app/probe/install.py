"""Puts the probe into this process: what is here already at once, the rest when it is imported."""

from __future__ import annotations

import os

from . import blocking, ending, faults, objects, output, patching, ring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: module of the standard library: (our module, its function that patches it)
HOOKS = {
    "threading": ("threads", "patch_threading"),
    "queue": ("queues", "patch_queue"),
    "subprocess": ("processes", "patch_subprocess"),
    "multiprocessing.process": ("processes", "patch_process"),
    "multiprocessing.forkserver": ("processes", "patch_helper"),
    "multiprocessing.resource_tracker": ("processes", "patch_helper"),
    "multiprocessing.util": ("processes", "patch_util"),
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
    "warnings": ("unawaited", "patch_warnings"),
    "asyncio.base_events": ("tasks", "patch_base_events"),
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


def install(finder: Any) -> None:
    """Begin recording. A part that fails is left out and noted beside the rings.

    ``finder`` stands first on the meta path and finds the probe's own modules.
    """
    objects.reset()
    objects.read_environment()
    os.register_at_fork(after_in_child=_after_fork)
    patching.guarded(blocking.patch_builtins, os)
    patching.guarded(output.patch, os)
    patching.guarded(ending.patch, os)
    hooks = {name: _lazily(*where) for name, where in HOOKS.items()}
    patching.ImportHook(hooks, finder).install()


def _lazily(module: str, function: str) -> Callable[[Any], None]:
    def hook(target: Any) -> None:
        full = __package__ + "." + module
        getattr(__import__(full, fromlist=[function]), function)(target)

    return hook


def _after_fork() -> None:
    try:
        objects.reset()
        ring.after_fork()
        ending.forget()
    except Exception:
        faults.note("fork")
