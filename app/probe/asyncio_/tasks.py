"""asyncio's tasks: made, ready, running, paused and done, exactly when the loop makes them so.

Both kinds of Task, in C and in Python, get into the ready queue through ``loop._call_soon``, with a
callback whose ``__self__`` is the task. That is *ready*. The handle made for it gets a class whose
``_run`` is the step. No coroutine is wrapped, no Task has a subclass, and no order changes.
"""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording.objects import fresh, locate
from ..recording.thread_state import this_thread
from . import chained_futures, eager_tasks
from .awaited import describe, report_done

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_READY, _RUN, _PAUSE = wire.TASK_READY, wire.TASK_RUN, wire.TASK_PAUSE
_DONE = wire.TASK_DONE


def patch_base_events(module: Any) -> None:
    """Patch the loop that ``asyncio.base_events`` implements, and so those derived from it."""
    kinds = _Kinds(module.tasks)
    kind_of, names, task_type = kinds.get, kinds.names, module.tasks.Task
    plain_handle = module.events.Handle
    task_handle = _task_handle(plain_handle)

    def make(original: Any) -> Callable[..., Any]:
        # If the original uses these names alone, it makes a handle and appends it. Then this hook
        # does so itself, with the right class, instead of changing the handle's class afterwards.
        plain = original.__code__.co_names == (
            "events", "Handle", "_source_traceback", "_ready", "append",
        )  # fmt: skip

        def _call_soon(self: Any, callback: Any, args: Any, context: Any) -> Any:
            kind = kind_of(callback.__class__)
            if kind is None:
                kind = kinds[callback.__class__]
            task: Any = callback.__self__ if kind else None
            if kind == 2:
                if task.__class__ is task_type and args and task._fut_waiter is args[0]:
                    pass  # certainly the task's wake-up, called with the future that it awaits
                elif callback.__name__ not in names or not isinstance(task, task_type):
                    task = None
            elif kind == 3 and callback.__func__ not in kinds.methods:
                task = None
            if task is None:
                if not plain:
                    return _other(self, callback, args, context)
                handle = plain_handle(callback, args, self, context)
                if handle._source_traceback:
                    del handle._source_traceback[-1]
                self._ready.append(handle)
                return handle
            step = this_thread.step
            try:
                ident = task._timeslice
            except AttributeError:
                ident = _introduce(task, step, sys._getframe(2))
            if plain:
                handle = task_handle(callback, args, self, context)
                if handle._source_traceback:
                    del handle._source_traceback[-1]
                self._ready.append(handle)
            else:
                handle = _other(self, callback, args, context)
                handle.__class__ = task_handle
            step.mark(_READY, ident)
            return handle

        def _other(self: Any, callback: Any, args: Any, context: Any) -> Any:
            handle = original(self, callback, args, context)
            if handle._source_traceback:
                del handle._source_traceback[-2:]  # the lines of this function and its caller
            return handle

        return _call_soon

    method(module.BaseEventLoop, "_call_soon", make)
    chained_futures.patch_loop(module.BaseEventLoop)


def patch_tasks(module: Any) -> None:
    """Patch ``asyncio.tasks``. ``create_task`` until 3.11 names a task after it is ready."""

    def make(original: Any) -> Callable[..., Any]:
        def create_task(coro: Any, *, name: Any = None, **kwargs: Any) -> Any:
            return _naming(name, original, coro, name=name, **kwargs)

        return create_task

    method(module, "create_task", make)
    chained_futures.patch_threadsafe(module)
    eager_tasks.patch(module)


def patch_taskgroups(module: Any) -> None:
    """Patch ``TaskGroup.create_task``, which in 3.11 and 3.12 names a task after it is ready."""

    def make(original: Any) -> Callable[..., Any]:
        def create_task(self: Any, coro: Any, *, name: Any = None, **kwargs: Any) -> Any:
            return _naming(name, original, self, coro, name=name, **kwargs)

        return create_task

    method(module.TaskGroup, "create_task", make)


def patch_uvloop(module: Any) -> None:
    """Patch uvloop. Its loop is compiled, but its tasks are asyncio's and call ``call_soon``."""
    tasks = sys.modules["asyncio.tasks"]
    kinds = _Kinds(tasks)
    task_type, task_handle = tasks.Task, _task_handle(_Callback)

    def make(original: Any) -> Callable[..., Any]:
        def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:
            kind = kinds[callback.__class__]
            task = callback.__self__ if kind else None
            if (
                not isinstance(task, task_type)
                or (kind == 2 and callback.__name__ not in kinds.names)
                or (kind == 3 and callback.__func__ not in kinds.methods)
            ):
                return original(self, callback, *args, context=context)
            step = this_thread.step
            try:
                ident = task._timeslice
            except AttributeError:
                ident = _introduce(task, step, sys._getframe(1))
            handle = original(self, task_handle(callback, args)._run, context=context)
            step.mark(_READY, ident)
            return handle

        return call_soon

    method(module.Loop, "call_soon", make, inherited=True)
    chained_futures.patch_loop(module.Loop)


class _Callback:
    """Has as much of a loop's handle as the step of a task needs."""

    __slots__ = ("_args", "_callback")

    def __init__(self, callback: Any, args: Any) -> None:
        self._callback, self._args = callback, args

    def _run(self) -> None:
        self._callback(*self._args)


def _naming(task_name: Any, original: Any, *args: Any, **kwargs: Any) -> Any:
    """Call ``original``, and report the task that it makes under this name."""
    if task_name is None:
        return original(*args, **kwargs)
    step = this_thread.step
    step.name = str(task_name)
    try:
        return original(*args, **kwargs)
    finally:
        step.name = ""


class _Kinds(dict):  # type: ignore[type-arg]
    """Type of a callback → 0: of no task; 1: a step of a task; 2, 3: a closer look is needed.

    A callback that is bound to a task may be another of its methods, such as ``cancel``.
    """

    #: The names of the C Task's wake-up callback in the versions of CPython.
    names = frozenset(("TaskWakeupMethWrapper", "task_wakeup", "__wakeup"))

    def __init__(self, tasks: Any) -> None:
        own = vars(tasks._PyTask)
        self.methods = {own.get("_Task__step"), own.get("_Task__wakeup")}
        self.update({type(len): 2, type(tasks._PyTask.cancel.__get__(0)): 3})

    def __missing__(self, kind: Any) -> int:
        found = int(kind.__name__ in ("TaskStepMethWrapper", "TaskWakeupMethWrapper"))
        self[kind] = found
        return found


def _task_handle(base: Any) -> Any:
    run = base._run

    class Handle(base):  # type: ignore[misc]
        """A loop's handle that runs a step of a task."""

        __slots__ = ()

        def _run(self) -> None:
            task = self._callback.__self__
            step = this_thread.step
            before = step.task
            ident = step.task = task._timeslice
            step.primitive = None
            step.mark(_RUN, ident)
            try:
                run(self)
            finally:
                step.task = before
                future = task._fut_waiter
                if future is None and task.done():
                    if task._exception is None and not task.cancelled():
                        step.mark(_DONE, ident)
                    else:
                        report_done(task, ident)
                else:
                    reason, line, awaited = describe(task, future, step.primitive)
                    step.emit(_PAUSE, reason, line, ident, awaited)
                # An exception may keep this frame alive, and the frame must not keep the task.
                del self, task, future

    Handle.__module__ = base.__module__
    Handle.__qualname__ = base.__qualname__
    return Handle


def _introduce(task: Any, step: Any, frame: Any) -> int:
    """Report a new task, made in ``frame`` or by a function that called it; return its id."""
    ident = eager_tasks.ident_of(task) if eager_tasks.possible else 0
    if ident:
        task._timeslice = ident
        return ident
    ident = task._timeslice = fresh()
    coro = task.get_coro()
    what = getattr(coro, "__qualname__", None) or type(coro).__qualname__
    line, file = locate(frame)
    text = "%s\0%s" % (step.name or task.get_name(), what)
    step.text(wire.TASK_NEW, 0, file >> 12 | line, ident, step.task, text)
    if step.loops:
        step.loops = False
        step.emit(wire.TASK_LOOP, 0, 0, ident)
    return ident
