"""trio's locks, events, limiters and channels: ids, holders, and which task waits for which.

trio's coroutines are written in Python, so the frames of a suspended task show what it waits for.
"""

from __future__ import annotations

import sys
import weakref

from ..hooks.patching import method
from ..recording import codes
from ..recording.coroutine_frames import coroutine, generator_awaitables, generator_of
from ..recording.objects import place, register
from ..recording.thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

#: The program's tasks that are alive → their ids; ``tasks`` fills it.
task_ids: dict[Any, int] = {}
#: Module of trio → its coroutines in which a task waits → reason, and the local variable that holds
#: the object.
_WAITS = {
    "trio._timeouts": {
        "sleep": (codes.SLEEP, ""),
        "sleep_until": (codes.SLEEP, ""),
        "sleep_forever": (codes.SLEEP, ""),
    },
    "trio._sync": {
        "Event.wait": (codes.EVENT, "self"),
        "CapacityLimiter.acquire": (codes.SEMAPHORE, "self"),
        "CapacityLimiter.acquire_on_behalf_of": (codes.SEMAPHORE, "self"),
        "Semaphore.acquire": (codes.SEMAPHORE, "self"),
        "_LockImpl.acquire": (codes.LOCK, "self"),
        "Condition.wait": (codes.CONDITION, "self"),
    },
    "trio._channel": {
        "MemorySendChannel.send": (codes.QUEUE, "self"),
        "MemoryReceiveChannel.receive": (codes.QUEUE, "self"),
    },
    "trio._core._run": {"Nursery._nested_child_finished": (codes.TASK, "self")},
    "trio._core._io_epoll": {
        "EpollIOManager.wait_readable": (codes.SOCKET, ""),
        "EpollIOManager.wait_writable": (codes.SOCKET, ""),
    },
    "trio._threads": {
        "to_thread_run_sync": (codes.FUTURE, ""),
        "run_sync": (codes.FUTURE, ""),  # trio gives its public functions their public names
    },
    "trio._subprocess": {"Process.wait": (codes.WAIT_CHILD, "")},
}
_NOTHING = (0, "")
_by_code: dict[int, tuple[int, str]] = {}  # by id(), as in ``asyncio_/awaited``
_kept: list[Any] = []
#: id() of an object → (a reference that sees its end, its id). Some of trio's classes have no room
#: for an attribute.
_known: dict[int, tuple[Any, int]] = {}


def waiting(inner: Any) -> tuple[int, Any]:
    """Return why a suspended coroutine of trio waits and for which object; else 0 and None."""
    try:
        while True:
            if inner.__class__ is coroutine:
                code, frame, after = inner.cr_code, inner.cr_frame, inner.cr_await
            elif inner.__class__ in generator_awaitables:
                generator = generator_of(inner)
                code, frame, after = generator.ag_code, generator.ag_frame, generator.ag_await
            else:
                return 0, None
            known = _by_code.get(id(code))
            if known is None:
                known = _learn(code, frame, getattr(inner, "__qualname__", ""))
            reason, name = known
            if reason:
                return reason, frame.f_locals.get(name) if name else None
            inner = after
    except (AttributeError, StopIteration):
        return 0, None


def _learn(code: Any, frame: Any, qualname: str) -> tuple[int, str]:
    module = frame.f_globals.get("__name__")
    _kept.append(code)
    found = _by_code[id(code)] = _WAITS.get(module, {}).get(qualname, _NOTHING)
    return found


def ident_of(owner: Any) -> int:
    """Return the id of an object of trio, for the end of a channel that of the channel.

    0 if the program hasn't made it.
    """
    found = _known.get(id(getattr(owner, "_state", owner)))
    return found[1] if found is not None else 0


def _introduce(owner: Any, kind: int, frame: Any) -> int:
    """Give an object an id if the program has made it; return the id, or 0 if trio has."""
    while frame is not None and frame.f_globals.get("__name__") in ("trio._channel", "trio._util"):
        frame = frame.f_back
    if frame is None or str(frame.f_globals.get("__name__")).startswith("trio."):
        return 0
    return _know(owner, register(kind, frame))


def _know(owner: Any, ident: int) -> int:
    key = id(owner)
    _known[key] = weakref.ref(owner, lambda _: _known.pop(key, None)), ident
    return ident


def patch_sync(module: Any) -> None:
    """Patch ``trio._sync``: events, locks and others get an id when they are made."""
    for name, kind in (
        ("Event", codes.EVENT),
        ("Lock", codes.LOCK),
        ("StrictFIFOLock", codes.LOCK),
        ("Condition", codes.CONDITION),
        ("Semaphore", codes.SEMAPHORE),
        ("CapacityLimiter", codes.SEMAPHORE),
    ):
        method(getattr(module, name), "__init__", _make_init(kind), inherited=True)
    if "_owner" not in vars(module._LockImpl):
        module._LockImpl._owner = _Owner()


def patch_channel(module: Any) -> None:
    """Patch ``trio._channel``: a memory channel has its id by the state that both ends share."""
    method(module.MemoryChannelState, "__init__", _make_init(codes.QUEUE))


def _make_init(kind: int) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            ident = _introduce(self, kind, sys._getframe(1))
            lock = getattr(self, "_lock", None)
            if ident and kind == codes.CONDITION and not ident_of(lock):
                _know(lock, ident)  # to the program, its own lock is the condition

        return __init__

    return make


class _Owner:
    """A lock's attribute for the task that holds it, watched (see ``hooks``)."""

    def __set__(self, lock: Any, task: Any) -> None:
        known = lock.__dict__
        before = known.get("_owner")
        known["_owner"] = task
        ident = ident_of(lock)
        if before is task or not ident:
            return
        line = place(sys._getframe(1))
        if before is not None:
            this_thread.emit(wire.TASK_RELEASED, 0, line, ident)
        if task is not None:
            # A lock that is handed over is acquired at the line where its new owner waits.
            line = line if before is None else 0
            this_thread.emit(wire.TASK_ACQUIRED, 0, line, ident, task_ids.get(task, 0))
