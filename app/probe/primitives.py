"""What a paused asyncio task awaits: asyncio's own locks, queues and events, and the rest."""

from __future__ import annotations

import sys

from . import codes, queues
from .objects import _files, by_standard_library, file_of, locate, register
from .patching import method
from .ring import here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

_REASONS = {
    "Lock": codes.LOCK,
    "Event": codes.EVENT,
    "Condition": codes.CONDITION,
    "Semaphore": codes.SEMAPHORE,
    "BoundedSemaphore": codes.SEMAPHORE,
    "Barrier": codes.BARRIER,
    "Queue": codes.QUEUE,
    "PriorityQueue": codes.QUEUE,
    "LifoQueue": codes.QUEUE,
}

#: Coroutines of asyncio in whose innermost frame a task waits → the reason.
_WAITS = {
    "asyncio.tasks": {
        "sleep": codes.SLEEP,
        "wait": codes.TASK,
        "_wait": codes.TASK,
        "wait_for": codes.TASK,
        "_cancel_and_wait": codes.TASK,
        "_AsCompletedIterator._wait_for_one": codes.TASK,
    },
    "asyncio.taskgroups": {"TaskGroup.__aexit__": codes.TASK, "TaskGroup._aexit": codes.TASK},
    "asyncio.locks": {
        "Lock.acquire": codes.LOCK,
        "Event.wait": codes.EVENT,
        "Condition.wait": codes.CONDITION,
        "Semaphore.acquire": codes.SEMAPHORE,
    },
    "asyncio.queues": {
        "Queue.get": codes.QUEUE,
        "Queue.put": codes.QUEUE,
        "Queue.join": codes.QUEUE,
    },
    "asyncio.streams": {
        "StreamReader._wait_for_data": codes.SOCKET,
        "FlowControlMixin._drain_helper": codes.SOCKET,
    },
    "asyncio.selector_events": {
        "BaseSelectorEventLoop." + name: codes.SOCKET
        for name in (
            "sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall",
            "sock_sendto", "sock_connect", "sock_accept",
        )
    },
    "asyncio.base_subprocess": {"BaseSubprocessTransport._wait": codes.WAIT_CHILD},
}  # fmt: skip


def describe(task: Any, future: Any, primitive: Any) -> tuple[int, int, int]:
    """Reason, place in the program, and id of what a paused task awaits: ``future``.

    ``primitive`` is the object of asyncio whose future it is, where it is one.
    """
    inner: Any = task.get_coro()
    line = where = file = 0
    coro: Any = None
    code = shown = coro
    try:
        while inner.__class__ is _coroutine:
            coro = inner
            code = coro.cr_code
            try:
                file = _files[code.co_filename]
            except KeyError:
                file = file_of(code.co_filename)
            if file:
                shown, where = coro, file
            inner = coro.cr_await
        if shown is not None:
            line = where >> 12 | (shown.cr_frame.f_lineno or 0)
    except AttributeError:
        pass  # a coroutine of some C extension: its line can't be told
    if future is None:
        return 0, line, 0  # it yielded, and awaits nothing but its turn
    if primitive is not None:
        known = getattr(primitive, "_timeslice_kind", None)
        if known is not None:
            return known, line, primitive._timeslice
        return _REASONS.get(type(primitive).__name__, codes.FUTURE), line, 0
    awaited = getattr(future, "_timeslice", 0)
    if awaited:
        return codes.TASK, line, awaited
    reason = _by_code.get(code)
    if reason is None:
        reason = _learn(code)
    if reason == codes.TASK:
        return reason, line, _alone(coro)
    if reason == codes.FUTURE and type(future).__name__ == "_GatheringFuture":
        children = future._children
        alone = getattr(children[0], "_timeslice", 0) if len(children) == 1 else 0
        return codes.TASK, line, alone
    return reason, line, 0


def _alone(coro: Any) -> int:
    """The one task for which this call of ``wait_for`` or ``wait`` waits; 0 when it is several."""
    known = coro.cr_frame.f_locals
    awaited = known.get("fut")
    if awaited is None:
        several = known.get("fs", ())
        awaited = next(iter(several)) if len(several) == 1 else None
    return getattr(awaited, "_timeslice", 0)


async def _nothing() -> None:
    """Only its type is wanted."""


_sample = _nothing()
_coroutine = type(_sample)
_sample.close()
_by_code: dict[Any, int] = {}


def _learn(code: Any) -> int:
    """The reason of a wait in this code, from the table above; remembered."""
    for module_name, names in _WAITS.items():
        module = sys.modules.get(module_name)
        for dotted, reason in names.items() if module is not None else ():
            found: Any = module
            for part in dotted.split("."):
                found = getattr(found, part, None)
            if getattr(found, "__code__", None) is code:
                _by_code[code] = reason
                return reason
    _by_code[code] = codes.FUTURE
    return codes.FUTURE


# --- asyncio's own objects ---------------------------------------------------------------------


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
            method(getattr(module, name), "__init__", _make_init(_REASONS[name]))
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
            line = locate(sys._getframe(1))[0]
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
