"""Eager tasks (from CPython 3.12 on): their first step runs inside of the call that makes them.

That step needs no queue and no handle, so it is reported around the task's constructor. During the
step, the task that makes the new one waits for it.
"""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import fresh, place
from ..recording.thread_state import this_thread
from .awaited import describe, report_done

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


#: True if this interpreter has such tasks.
possible = False


def patch(module: Any) -> None:
    """Patch ``asyncio.eager_task_factory``, and those that ``create_eager_task_factory`` makes."""
    global possible
    original = getattr(module, "create_eager_task_factory", None)
    if original is None:
        return
    possible = True

    def make(original: Any) -> Callable[..., Any]:
        def create_eager_task_factory(custom_task_constructor: Any) -> Any:
            return original(_reporting(custom_task_constructor))

        return create_eager_task_factory

    method(module, "create_eager_task_factory", make)
    module.eager_task_factory = module.create_eager_task_factory(module.Task)


def ident_of(task: Any) -> int:
    """Return the id of a task whose constructor hasn't returned yet; 0 for any other."""
    for coro, ident in getattr(this_thread, "eager", ()):
        if task.get_coro() is coro:
            return int(ident)
    return 0


def _reporting(construct: Any) -> Any:
    """Return ``construct`` with the first step of its task reported."""

    def constructor(coro: Any, **kwargs: Any) -> Any:
        loop = kwargs.get("loop")
        if not kwargs.get("eager_start") or loop is None or not loop.is_running():
            return construct(coro, **kwargs)
        name = kwargs.get("name") or this_thread.step.name
        what = getattr(coro, "__qualname__", None) or type(coro).__qualname__
        line = place(sys._getframe(1))
        step = this_thread.step
        maker, ident = step.task, fresh()
        this_thread.text(wire.TASK_NEW, 0, line, ident, maker, "%s\0%s" % (name, what))
        if maker:
            this_thread.emit(wire.TASK_PAUSE, codes.TASK, line, maker, ident)
        this_thread.emit(wire.TASK_RUN, 0, 0, ident)
        step.task, step.primitive = ident, None
        inside = this_thread.__dict__.setdefault("eager", [])
        inside.append((coro, ident))
        task: Any = None
        try:
            task = construct(coro, **kwargs)
            return task
        finally:
            inside.pop()
            _over(task, ident, name, what)
            step.task, step.primitive = maker, None
            if maker:
                this_thread.emit(wire.TASK_RUN, 0, 0, maker)

    return constructor


def _over(task: Any, ident: int, name: str, what: str) -> None:
    """Report the end of the first step. Without a task, an exception ended it and the loop."""
    if task is None:
        kind = sys.exc_info()[0]
        this_thread.text(wire.TASK_DONE, wire.RAISED, 0, ident, 0, kind.__name__ if kind else "")
        return
    task._timeslice = ident
    if not name:
        this_thread.text(wire.TASK_NEW, 0, 0, ident, 0, "%s\0%s" % (task.get_name(), what))
    if task.done():
        report_done(task, ident)
        return
    reason, line, awaited = describe(task, task._fut_waiter, this_thread.step.primitive)
    this_thread.emit(wire.TASK_PAUSE, reason, line, ident, awaited)
