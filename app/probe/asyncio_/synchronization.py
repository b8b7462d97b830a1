"""asyncio's locks, events, queues and others: ids, values, and the tasks that hold locks."""

from __future__ import annotations

import sys

from ..hooks.patching import method
from ..recording import codes
from ..recording.objects import made_by_program, place, register
from ..recording.thread_state import this_thread
from ..threading_ import queues
from ..threading_.conditions import Count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire


def patch_mixins(module: Any) -> None:
    """Patch ``asyncio.mixins``: each object asks for its loop just before a task waits for it."""

    def make(original: Any) -> Callable[..., Any]:
        def _get_loop(self: Any) -> Any:
            this_thread.step.primitive = self
            return original(self)

        return _get_loop

    method(module._LoopBoundMixin, "_get_loop", make)


def patch_locks(module: Any) -> None:
    """Patch ``asyncio.locks``: the program's objects get an id when they are made."""
    for name in ("Lock", "Event", "Condition", "Semaphore", "Barrier"):
        if hasattr(module, name):
            method(getattr(module, name), "__init__", _make_init(codes.by_class[name]))
    method(module.Condition, "notify", _make_notify)
    kinds = (("Lock", "_locked", _Locked), ("Event", "_value", _Flag),
             ("Semaphore", "_value", _Permits), ("Barrier", "_count", Count))  # fmt: skip
    for name, attribute, watched in kinds:
        cls = getattr(module, name, None)
        if cls is not None and attribute not in vars(cls):
            setattr(cls, attribute, watched())


class _Locked:
    """A lock's attribute that is True while it is held, watched (see ``hooks``)."""

    def __set__(self, lock: Any, value: Any) -> None:
        known = lock.__dict__
        changed = bool(known.get("_locked")) is not bool(value)
        known["_locked"] = value
        ident = known.get("_timeslice", 0)
        if changed and ident and known["_timeslice_kind"] == codes.LOCK:
            line = place(sys._getframe(1))
            if value:
                this_thread.emit(wire.TASK_ACQUIRED, 0, line, ident, this_thread.step.task)
            else:
                this_thread.emit(wire.TASK_RELEASED, 0, line, ident)


class _Permits:
    """A semaphore's attribute for the number of free permits, watched."""

    def __set__(self, semaphore: Any, value: Any) -> None:
        known = semaphore.__dict__
        before = known.get("_value")
        known["_value"] = value
        ident = known.get("_timeslice", 0)
        if not ident or before == value:
            return
        frame = sys._getframe(1)
        line, task = place(frame), this_thread.step.task
        if value > before:
            this_thread.emit(wire.TASK_RELEASED, 0, line, ident, task)
        elif frame.f_code.co_name == "_wake_up_next":
            # From CPython 3.10 on the permit is for the waiter whose future is set next.
            this_thread.emit(wire.TASK_ACQUIRED, 1, 0, ident)
        else:
            this_thread.emit(wire.TASK_ACQUIRED, 0, line, ident, task)
        this_thread.emit(wire.VALUE, 0, 0, ident, value)


class _Flag:
    """An event's attribute that is True while it is set, watched. Waiters get ready after that."""

    def __set__(self, event: Any, value: Any) -> None:
        known = event.__dict__
        changed = bool(known.get("_value")) is not bool(value)
        known["_value"] = value
        ident = known.get("_timeslice", 0)
        if changed and ident and value and known["_timeslice_kind"] == codes.EVENT:
            this_thread.emit(wire.NOTIFY, 0, 0, ident, len(event._waiters))


def _make_notify(original: Any) -> Callable[..., Any]:
    """The hook of a condition's ``notify``, which ``notify_all`` calls."""

    def notify(self: Any, n: int = 1) -> None:
        ident = self.__dict__.get("_timeslice", 0)
        if ident:
            this_thread.emit(wire.NOTIFY, 0, 0, ident, min(n, len(self._waiters)))
        original(self, n)

    return notify


def patch_queues(module: Any) -> None:
    """Patch ``asyncio.queues``: ids of queues, and the items that are put and got."""
    method(module.Queue, "__init__", _make_init(codes.QUEUE))
    for cls in (module.Queue, module.LifoQueue, module.PriorityQueue):
        method(cls, "_put", queues.make_put)
        method(cls, "_get", queues.make_get)


def _make_init(kind: int) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            frame = made_by_program(sys._getframe(1), original, kind == codes.SEMAPHORE)
            if frame is None:
                return
            ident = register(kind, frame)
            _identify(self, ident, kind)
            if kind == codes.CONDITION:
                if "_timeslice" not in self._lock.__dict__:
                    _identify(
                        self._lock, ident, codes.LOCK
                    )  # its own: to the program the condition
            elif kind == codes.SEMAPHORE:
                this_thread.emit(wire.VALUE, 0, 0, ident, self._value)
            elif kind == codes.BARRIER:
                _identify(self._cond, ident, kind)
                _identify(self._cond._lock, ident, kind)
            elif kind == codes.QUEUE:
                _identify(self._finished, ident, kind)  # where ``join`` waits

        return __init__

    return make


def _identify(thing: Any, ident: int, kind: int) -> None:
    """Give ``thing`` this id, and let a wait for it be reported with this kind."""
    thing._timeslice = ident
    thing._timeslice_kind = kind
