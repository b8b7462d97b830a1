"""threading.Thread: start, run, end and join."""

from __future__ import annotations

import _thread
import sys

from ..hooks.patching import method
from ..recording import codes, first_records, thread_state
from ..recording.objects import (
    fresh,
    locate,
)
from ..recording.thread_state import this_thread
from ..recording.waiting import RAISED
from ..system import main_end, tracebacks
from . import conditions, locks
from .conditions import condition_of, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

_LockType = _thread.LockType


def patch_threading(module: Any) -> None:
    """Patch the module ``threading``, its locks and conditions included."""
    locks.patch(module)
    conditions.patch(module)
    method(module.Thread, "start", _make_start)
    method(module.Thread, "join", _make_join)
    method(module.Thread, "_bootstrap_inner", _make_bootstrap)
    method(module, "_make_invoke_excepthook", _make_excepthook)
    method(module, "_shutdown", _make_shutdown(module))
    tracing = sys.modules.get(__name__.rsplit(".", 2)[0] + ".generators.tracing")
    if tracing is not None:
        tracing.patch_threading(module)


def _make_start(original: Any) -> Callable[..., Any]:
    def start(self: Any) -> None:
        known = self.__dict__
        if "_started" in known and "_timeslice" not in known:
            ident = known["_timeslice"] = fresh()
            known["_timeslice_parent"] = _thread.get_native_id()
            line, where = locate(sys._getframe(1))
            this_thread.text(wire.OBJECT, codes.KIND_THREAD, line, ident, where, self.name)
            this_thread.emit(wire.THREAD_SPAWN, 0, line, ident)
            tag(condition_of(self._started), codes.EVENT, ident)
        original(self)

    return start


def _make_bootstrap(original: Any) -> Callable[..., Any]:
    def _bootstrap_inner(self: Any) -> None:
        thread_state.newborn[_thread.get_ident()] = self
        local = this_thread
        local.raised = ""  # makes the ring, with THREAD_START
        if thread_state.newborn.pop(_thread.get_ident(), None) is not None:
            # There is no new thread: gevent runs this in a greenlet, which is named after it.
            local.text(wire.TASK_NEW, 0, 0, local.step.task, 0, self.name + "\0")
            original(self)
            return
        try:
            original(self)
        finally:
            ident = self.__dict__.get("_timeslice", 0)
            if local.raised:
                local.text(
                    wire.THREAD_END, wire.RAISED, 0, ident, first_records.cpu_ns(), local.raised
                )
            else:
                local.emit(wire.THREAD_END, wire.RETURNED, 0, ident, first_records.cpu_ns())

    return _bootstrap_inner


def _make_excepthook(original: Any) -> Callable[..., Any]:
    def _make_invoke_excepthook() -> Any:
        invoke = original()

        def invoke_excepthook(thread: Any) -> None:
            kind = sys.exc_info()[0]
            this_thread.raised = kind.__name__ if kind is not None else ""
            del kind
            tracebacks.strip_handled()
            invoke(thread)

        return invoke_excepthook

    return _make_invoke_excepthook


def _make_join(original: Any) -> Callable[..., Any]:
    def join(self: Any, timeout: Any = None) -> None:
        local = this_thread
        known = self.__dict__
        if local.depth or "_timeslice" not in known or not self.is_alive():
            original(self, timeout)
            return
        ident = known["_timeslice"]
        line, where = locate(sys._getframe(1))
        local.depth = 1
        local.emit(wire.ENTER, codes.JOIN, line, ident, where | (self.native_id or 0))
        outcome = RAISED
        try:
            original(self, timeout)
            outcome = int(not self.is_alive())
        finally:
            local.depth = 0
            local.emit(wire.LEAVE, codes.JOIN, 0, ident, outcome)

    return join


def _make_shutdown(module: Any) -> Callable[[Any], Callable[..., Any]]:
    """``_shutdown`` begins when the main module's code has ended, and waits for other threads."""

    def make(original: Any) -> Callable[..., Any]:
        def _shutdown() -> None:
            main_end.main_ended()
            local = this_thread
            others = [
                thread
                for thread in module.enumerate()
                if not thread.daemon and "_timeslice" in thread.__dict__
                if thread.ident != _thread.get_ident()
            ]
            if local.depth or not others:
                original()
                return
            # It waits for all of them; which it waits for first isn't known.
            ident = tid = 0
            if len(others) == 1:
                ident, tid = others[0]._timeslice, others[0].native_id or 0
            del others
            local.depth = 1
            local.emit(wire.ENTER, codes.JOIN, 0, ident, tid)
            try:
                original()
            finally:
                local.depth = 0
                local.emit(wire.LEAVE, codes.JOIN, 0, ident, wire.GOT)

        return _shutdown

    return make
