"""asyncio's own locks, queues and events: their ids, and which task holds a lock."""

from __future__ import annotations

import sys

from . import codes, queues
from .awaiting import REASONS
from .objects import by_standard_library, place, register
from .patching import method
from .ring import here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire


def patch_mixins(module: Any) -> None:
    """Each of asyncio's objects asks for its loop just before it lets a task wait for it."""

    def make(original: Any) -> Callable[..., Any]:
        def _get_loop(self: Any) -> Any:
            here.step.primitive = self
            return original(self)

        return _get_loop

    method(module._LoopBoundMixin, "_get_loop", make)


def patch_locks(module: Any) -> None:
    """Objects of the program get an id where they are made."""
    for name in ("Lock", "Event", "Condition", "Semaphore", "Barrier"):
        if hasattr(module, name):
            method(getattr(module, name), "__init__", _make_init(REASONS[name]))
    if "_locked" not in vars(module.Lock):
        module.Lock._locked = _Locked()


class _Locked:
    """The attribute in which a lock keeps whether it is held: setting it is seen, reading is not.

    A data descriptor without ``__get__`` leaves reading to the object's own dictionary.
    """

    def __set__(self, lock: Any, value: Any) -> None:
        known = lock.__dict__
        changed = bool(known.get("_locked")) is not bool(value)
        known["_locked"] = value
        ident = known.get("_timeslice", 0)
        if changed and ident:
            line = place(sys._getframe(1))
            if value:
                here.emit(wire.TASK_ACQUIRED, 0, line, ident, here.step.task)
            else:
                here.emit(wire.TASK_RELEASED, 0, line, ident)


def patch_queues(module: Any) -> None:
    """asyncio's queues: their id, and what is put and got."""
    method(module.Queue, "__init__", _make_init(codes.QUEUE))
    for cls in (module.Queue, module.LifoQueue, module.PriorityQueue):
        method(cls, "_put", queues.make_put)
        method(cls, "_get", queues.make_get)


def _make_init(kind: int) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            frame: Any = sys._getframe(1)
            if by_standard_library(frame):
                # BoundedSemaphore's own __init__ stands between the program and this one
                frame = frame.f_back
                if kind != codes.SEMAPHORE or frame is None or by_standard_library(frame):
                    return
            self._timeslice = register(kind, frame)
            self._timeslice_kind = kind
            if kind == codes.CONDITION:
                known = self._lock.__dict__
                if "_timeslice" not in known:  # its own: to the program it is the condition
                    known["_timeslice"] = self._timeslice
                    known["_timeslice_kind"] = codes.LOCK

        return __init__

    return make
