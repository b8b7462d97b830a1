"""asyncio tasks: made, ready, running, paused and done, exactly when the loop makes them so.

Both kinds of Task (C and Python) are put into the ready queue through ``loop._call_soon`` with a
callback whose ``__self__`` is the task. That is *ready*; the handle made for it gets a class whose
``_run`` is the step. No coroutine is wrapped, no Task subclassed, and no order changed.
"""

from __future__ import annotations

import sys

from . import primitives
from .objects import fresh, locate
from .patching import method
from .ring import here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

_READY, _RUN, _PAUSE, _DONE = wire.TASK_READY, wire.TASK_RUN, wire.TASK_PAUSE, wire.TASK_DONE


def patch_base_events(module: Any) -> None:
    """Patch the loop that ``asyncio.base_events`` implements, and so those derived from it."""
    is_step = _step_test(module.tasks)
    task_handle = _task_handle(module.events.Handle)

    def make(original: Any) -> Callable[..., Any]:
        def _call_soon(self: Any, callback: Any, args: Any, context: Any) -> Any:
            handle = original(self, callback, args, context)
            if handle._source_traceback:
                del handle._source_traceback[-1]  # this function's own line
            if is_step(callback):
                handle.__class__ = task_handle
                task = callback.__self__
                local = here
                step = local.step
                try:
                    ident = task._timeslice
                except AttributeError:
                    ident = _introduce(task, step.name, step.task)
                if ident == step.task:
                    step.again = True  # TASK_READY follows when its step is over
                else:
                    local.emit(_READY, 0, 0, ident)
            return handle

        return _call_soon

    method(module.BaseEventLoop, "_call_soon", make)


def patch_taskgroups(module: Any) -> None:
    """A TaskGroup of 3.11 and 3.12 names its task after it is in the ready queue."""

    def make(original: Any) -> Callable[..., Any]:
        def create_task(self: Any, coro: Any, *, name: Any = None, **kwargs: Any) -> Any:
            step = here.step
            step.name = "" if name is None else str(name)
            try:
                return original(self, coro, name=name, **kwargs)
            finally:
                step.name = ""

        return create_task

    method(module.TaskGroup, "create_task", make)


def _step_test(tasks: Any) -> Callable[[Any], bool]:
    """Whether a callback is a task's step or wake-up (and not, say, its ``cancel``)."""
    methods = {
        function
        for name, function in vars(tasks._PyTask).items()
        if name in ("_Task__step", "_Task__wakeup")
    }
    #: type of callback → 1 a step, 0 none, 2 look closer
    kinds: dict[Any, int] = {}
    bound, native = type(tasks._PyTask.cancel.__get__(0)), type(len)

    def learn(kind: Any) -> int:
        if kind is bound or kind is native:
            found = 2
        else:
            found = int(kind.__name__ in ("TaskStepMethWrapper", "TaskWakeupMethWrapper"))
        kinds[kind] = found
        return found

    def is_step(callback: Any) -> bool:
        kind = callback.__class__
        found = kinds.get(kind)
        if found is None:
            found = learn(kind)
        if found != 2:
            return found == 1
        if kind is native:
            return callback.__name__ in _NATIVE and isinstance(callback.__self__, tasks.Task)
        return callback.__func__ in methods

    return is_step


#: What the C Task's wake-up callback is called, by version.
_NATIVE = frozenset(("TaskWakeupMethWrapper", "task_wakeup", "__wakeup"))


def _task_handle(base: Any) -> Any:
    run = base._run
    describe = primitives.describe

    class Handle(base):  # type: ignore[misc]
        """A loop's handle that runs a step of a task."""

        __slots__ = ()

        def _run(self) -> None:
            task = self._callback.__self__
            local = here
            emit, step = local.emit, local.step
            before = step.task
            ident = step.task = task._timeslice
            step.again = False
            step.primitive = None
            emit(_RUN, 0, 0, ident)
            try:
                run(self)
            finally:
                step.task = before
                if task.done():
                    _report_done(local, task, ident)
                else:
                    reason, line, awaited = describe(task, step.primitive)
                    emit(_PAUSE, reason, line, ident, awaited)
                    if step.again:
                        emit(_READY, 0, 0, ident)

    Handle.__module__ = base.__module__
    Handle.__qualname__ = base.__qualname__
    return Handle


def _report_done(local: Any, task: Any, ident: int) -> None:
    if task.cancelled():
        local.emit(_DONE, 2, 0, ident)
        return
    # Not task.exception(): that would mark the exception as retrieved.
    error = task._exception
    if error is None:
        local.emit(_DONE, 0, 0, ident)
    else:
        local.text(_DONE, 1, 0, ident, 0, type(error).__name__)


def _introduce(task: Any, name: str, parent: int) -> int:
    ident = fresh()
    task._timeslice = ident
    coro = task.get_coro()
    what = getattr(coro, "__qualname__", None) or type(coro).__qualname__
    line = locate(sys._getframe(2))[0]
    text = "%s\0%s" % (name or task.get_name(), what)
    here.text(wire.TASK_NEW, 0, line, ident, parent, text)
    return ident
