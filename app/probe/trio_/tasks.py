"""trio's tasks, by trio's own interface for such purposes (trio.abc.Instrument).

trio calls ``task_scheduled``, ``before_task_step`` and ``after_task_step`` exactly when a task gets
ready, runs and pauses. How a task ended is not for instruments, but for ``Runner.task_exited``.
"""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes, faults
from ..recording.coroutine_frames import innermost
from ..recording.objects import fresh, place
from ..recording.thread_state import this_thread
from . import synchronization
from .synchronization import task_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


def patch_run(module: Any) -> None:
    """Patch ``trio._core._run``: each run gets our instrument after those of the program."""

    def make_setup(original: Any) -> Callable[..., Any]:
        def setup_runner(clock: Any, instruments: Any, *args: Any, **kwargs: Any) -> Any:
            return original(clock, (*instruments, _Instrument()), *args, **kwargs)

        return setup_runner

    def make_exited(original: Any) -> Callable[..., Any]:
        def task_exited(self: Any, task: Any, outcome: Any) -> Any:
            try:
                return original(self, task, outcome)
            finally:
                ident = task_ids.pop(task, 0)
                if ident:
                    _report_done(ident, getattr(outcome, "error", None), module.Cancelled)

        return task_exited

    method(module, "setup_runner", make_setup)
    method(module.Runner, "task_exited", make_exited)


class _Instrument:
    """Writes a record for each call of trio's. It changes nothing and keeps no task alive."""

    def task_spawned(self, task: Any) -> None:
        try:
            if not _is_trios_own(task):
                _introduce(task, sys._getframe(1))
        except Exception:
            faults.note("a task of trio")

    def task_scheduled(self, task: Any) -> None:
        ident = task_ids.get(task)
        if ident:
            this_thread.emit(wire.TASK_READY, 0, 0, ident)

    def before_task_step(self, task: Any) -> None:
        ident = task_ids.get(task)
        if ident:
            this_thread.step.task = ident
            this_thread.emit(wire.TASK_RUN, 0, 0, ident)

    def after_task_step(self, task: Any) -> None:
        this_thread.step.task = 0
        ident = task_ids.get(task)
        if ident:
            reason, line, awaited = _describe(task)
            this_thread.emit(wire.TASK_PAUSE, reason, line, ident, awaited)

    def before_io_wait(self, timeout: float) -> None:
        if timeout > 0 and not this_thread.depth:
            this_thread.emit(wire.ENTER, codes.POLL)

    def after_io_wait(self, timeout: float) -> None:
        if timeout > 0 and not this_thread.depth:
            this_thread.emit(wire.LEAVE, codes.POLL, 0, 0, wire.GOT)


def _introduce(task: Any, frame: Any) -> None:
    what = getattr(task.coro, "__qualname__", "")
    given = task.name
    name = "" if what and given.endswith("." + what) else given
    line = place(frame)
    ident = task_ids[task] = fresh()
    this_thread.text(wire.TASK_NEW, 0, line, ident, this_thread.step.task, "%s\0%s" % (name, what))


def _is_trios_own(task: Any) -> bool:
    """True for the task in which all others run, and the one that takes calls of other threads."""
    if task.parent_nursery is None:
        return True
    frame = getattr(task.coro, "cr_frame", None)
    return frame is not None and frame.f_globals.get("__name__") == "trio._core._entry_queue"


def _report_done(ident: int, error: Any, cancelled: Any) -> None:
    if error is None:
        this_thread.emit(wire.TASK_DONE, wire.RETURNED, 0, ident)
    elif _only(error, cancelled):
        this_thread.emit(wire.TASK_DONE, wire.CANCELLED, 0, ident)
    else:
        this_thread.text(wire.TASK_DONE, wire.RAISED, 0, ident, 0, type(error).__name__)


def _only(error: BaseException, cancelled: Any) -> bool:
    """True if a cancellation alone has ended the task."""
    inner = getattr(error, "exceptions", None)
    if inner and type(error).__name__.endswith("ExceptionGroup"):
        return all(_only(each, cancelled) for each in inner)
    return isinstance(error, cancelled)


def _describe(task: Any) -> tuple[int, int, int]:
    """Return the reason, the place in the program, and the id of what a suspended task awaits."""
    try:
        line = innermost(task.coro)[0]
        reason, owner = synchronization.waiting(task.coro)
        if reason == codes.TASK and owner is not None:
            children = owner.child_tasks
            alone = task_ids.get(next(iter(children)), 0) if len(children) == 1 else 0
            return reason, line, alone
        return reason, line, synchronization.ident_of(owner) if owner is not None else 0
    except Exception:
        faults.note("what a task of trio awaits")
        return 0, 0, 0
