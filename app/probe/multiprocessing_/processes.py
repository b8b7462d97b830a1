"""multiprocessing.Process: start, run, end and join; and multiprocessing's helper processes."""

from __future__ import annotations

import atexit
import sys

from ..hooks.patching import method
from ..recording import codes, first_records
from ..recording.objects import fresh, locate
from ..recording.thread_state import this_thread
from ..recording.waiting import RAISED
from ..system import blocking_calls, main_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


def patch_process(module: Any) -> None:
    """Patch ``BaseProcess``, the class of the processes of every start method."""
    method(module.BaseProcess, "start", _make_start)
    method(module.BaseProcess, "join", _make_join)
    method(module.BaseProcess, "_bootstrap", _make_bootstrap)


def _make_start(original: Any) -> Callable[..., Any]:
    def start(self: Any) -> None:
        known = self.__dict__
        if "_timeslice" in known or known.get("_popen") is not None:
            original(self)  # raises: a process starts once
            return
        ident = known["_timeslice"] = fresh()  # goes to the child with the object
        line, where = locate(sys._getframe(1))
        name = str(self.name)
        this_thread.text(wire.OBJECT, codes.KIND_PROCESS, line, ident, where, name)
        this_thread.text(wire.PROCESS_SPAWN, int(bool(self.daemon)), line, ident, 0, name)
        try:
            original(self)
        except BaseException:
            known.pop("_timeslice", None)
            raise
        this_thread.emit(wire.PROCESS_SPAWNED, 0, self._popen.pid, ident)

    return start


def _make_join(original: Any) -> Callable[..., Any]:
    def join(self: Any, timeout: Any = None) -> None:
        local = this_thread
        popen = getattr(self, "_popen", None)
        if local.depth or popen is None or popen.returncode is not None:
            original(self, timeout)
            return
        ident = self.__dict__.get("_timeslice", 0)
        line, where = locate(sys._getframe(1))
        local.depth = 2
        local.emit(wire.ENTER, codes.JOIN, line, ident, where | popen.pid)
        outcome = RAISED
        try:
            original(self, timeout)
            outcome = int(popen.returncode is not None)
        finally:
            local.depth = 0
            local.emit(wire.LEAVE, codes.JOIN, 0, ident, outcome)

    return join


def _make_bootstrap(original: Any) -> Callable[..., Any]:
    def _bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        main_end.not_main()
        ident = self.__dict__.get("_timeslice", 0)
        config = getattr(self, "_config", {})
        this_thread.text(wire.PROCESS_NAME, int(bool(config.get("daemon"))), 0, ident, 0, self.name)
        self.__dict__["run"] = _reporting(self, self.__dict__.get("run"), ident)
        return original(self, *args, **kwargs)

    return _bootstrap


def _reporting(process: Any, own: Any, ident: int) -> Callable[[], None]:
    """Return a ``run`` that reports when and how the process's function ended.

    ``own`` is the process's own attribute ``run``, if it has one. This ``run`` removes itself from
    the process when it is called. From CPython 3.11 on it leaves no entry in a traceback.
    """

    def run() -> None:
        if own is None:
            del process.__dict__["run"]
        else:
            process.__dict__["run"] = own
        try:
            process.run()
        except BaseException as error:
            how = main_end.EXIT if isinstance(error, SystemExit) else main_end.RAISED
            this_thread.text(
                wire.PROCESS_END, how, 0, ident, first_records.cpu_ns(), type(error).__name__
            )
            trace = error.__traceback__
            error.__traceback__ = trace and trace.tb_next
            raise  # which adds no second entry for this function
        this_thread.emit(wire.PROCESS_END, main_end.RETURNED, 0, ident, first_records.cpu_ns())

    return run


def patch_helper(module: Any) -> None:
    """Patch ``main`` of ``multiprocessing.forkserver`` or ``.resource_tracker``.

    A helper process runs this function alone, so it is the place to report what the process is.
    """
    what = module.__name__.rpartition(".")[2].replace("_", " ")

    def make(original: Any) -> Callable[..., Any]:
        def main(*args: Any, **kwargs: Any) -> Any:
            this_thread.text(wire.PROCESS_NAME, 0, 0, 0, 0, what)
            return original(*args, **kwargs)

        return main

    method(module, "main", make)


def patch_util(module: Any) -> None:
    """Patch ``_exit_function``, which runs when a process exits.

    It ends the process's daemons and joins its other children.
    """
    before = module._exit_function

    def make(original: Any) -> Callable[..., Any]:
        def _exit_function(*args: Any, **kwargs: Any) -> None:
            main_end.main_ended()
            blocking_calls.ending_daemons = True
            try:
                original(*args, **kwargs)
            finally:
                blocking_calls.ending_daemons = False

        return _exit_function

    method(module, "_exit_function", make)
    atexit.unregister(before)
    atexit.register(module._exit_function)
