"""Futures between threads and event loops: which task or call gives which future its result.

``run_in_executor`` and ``wrap_future`` chain a future of an event loop to one of an executor.
``run_coroutine_threadsafe`` chains a future for which a thread waits to a task. The chain is
reported where asyncio makes it.
"""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording.thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


def patch_futures(module: Any) -> None:
    """Patch ``asyncio.futures``."""

    def make(original: Any) -> Callable[..., Any]:
        def _chain_future(source: Any, destination: Any) -> None:
            ident = getattr(source, "_timeslice", 0)
            if ident and hasattr(source, "get_coro"):
                future = getattr(destination, "_timeslice", 0)
                if future:
                    this_thread.emit(wire.FUTURE_BY, 0, 0, future, ident)
            elif ident and module.isfuture(destination):
                # A task that awaits this future waits for that one, see ``awaited.describe``.
                destination._timeslice = ident
            original(source, destination)

        return _chain_future

    method(module, "_chain_future", make)


def patch_threadsafe(module: Any) -> None:
    """Patch ``run_coroutine_threadsafe``.

    Until there is a task for its future, the caller waits for the loop's thread.
    """

    def make(original: Any) -> Callable[..., Any]:
        def run_coroutine_threadsafe(coro: Any, loop: Any) -> Any:
            future = original(coro, loop)
            ident = getattr(future, "_timeslice", 0)
            if ident:
                what = getattr(coro, "__qualname__", None) or type(coro).__qualname__
                this_thread.text(wire.FUTURE_BY, 0, _thread_of(loop), ident, 0, what)
            return future

        return run_coroutine_threadsafe

    method(module, "run_coroutine_threadsafe", make)


def _thread_of(loop: Any) -> int:
    """Return the kernel's id of the thread that runs this loop; 0 if it isn't known."""
    threads = getattr(sys.modules.get("threading"), "_active", {})
    thread = threads.get(getattr(loop, "_thread_id", None))
    return getattr(thread, "native_id", 0) or 0


def patch_loop(cls: Any) -> None:
    """Patch ``run_until_complete``: the thread's call of it is over when the task is done."""

    def make(original: Any) -> Callable[..., Any]:
        def run_until_complete(self: Any, future: Any) -> Any:
            step = this_thread.step
            ident = getattr(future, "_timeslice", 0)
            if ident and hasattr(future, "get_coro"):
                step.emit(wire.TASK_LOOP, 0, 0, ident)
            elif not hasattr(future, "_asyncio_future_blocking"):
                step.loops = True  # the task that it makes is the next one
            try:
                return original(self, future)
            finally:
                step.loops = False
                step.emit(wire.TASK_LOOP)

        return run_until_complete

    method(cls, "run_until_complete", make, inherited=True)
