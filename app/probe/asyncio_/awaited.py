"""What a suspended asyncio task awaits and at which line of the program, or how a task ended."""

from __future__ import annotations

import itertools
import sys

from ..recording import codes, faults
from ..recording.coroutine_frames import coroutine, generator_awaitables, innermost
from ..recording.objects import _files, file_of
from ..recording.thread_state import this_thread
from ..recording.waiting import MOST_EXAMINED, MOST_REPORTED, report_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire


#: Module of asyncio → its coroutines in whose innermost frame a task waits → the reason.
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


#: CPython 3.9's objects don't ask for their loop, see ``synchronization.patch_mixins``.
_UNTOLD = sys.version_info < (3, 10)


def describe(task: Any, future: Any, primitive: Any) -> tuple[int, int, int]:
    """Return for what a suspended task waits: the reason, the place in the program, and the id.

    ``future`` is what it awaits, None if it has yielded to the others. ``primitive`` is the asyncio
    object that made the future, if one did. 0 stands for what isn't known.
    """
    try:
        # Like ``innermost``, without its call, as long as coroutines await coroutines.
        inner: Any = task.get_coro()
        coro: Any = None
        code = shown = coro
        where = 0
        while inner.__class__ is coroutine:
            coro = inner
            code = coro.cr_code
            try:
                file = _files[code.co_filename]
            except KeyError:
                file = file_of(code.co_filename)
            if file:
                shown, where = coro, file
            inner = coro.cr_await
        if inner.__class__ in generator_awaitables:
            line, coro, code = innermost(task.get_coro())
        else:
            line = 0 if shown is None else where >> 12 | (shown.cr_frame.f_lineno or 0)
        if future is None:
            return 0, line, 0  # it has yielded, and awaits its turn alone
        if primitive is not None:
            known = getattr(primitive, "_timeslice_kind", None)
            if known is not None:
                return known, line, primitive._timeslice
            kind = codes.by_class.get(type(primitive).__name__, codes.FUTURE)
            return _of_iterator(task, kind), line, 0
        awaited = getattr(future, "_timeslice", 0)
        if awaited:
            return _kind_of(future), line, awaited
        reason = _by_code.get(id(code))
        if reason is None:
            reason = _learn(code)
        if _UNTOLD and codes.LOCK <= reason <= codes.QUEUE:
            primitive = coro.cr_frame.f_locals.get("self")
            if hasattr(primitive, "_timeslice_kind"):
                return primitive._timeslice_kind, line, primitive._timeslice
            return _of_iterator(task, reason), line, 0
        if reason == codes.TASK:
            alone = _alone(coro)
            awaited = getattr(alone, "_timeslice", 0)
            return (_kind_of(alone) if awaited else reason), line, awaited
        if reason == codes.FUTURE and type(future).__name__ == "_GatheringFuture":
            alone = _one_of(future._children)
            awaited = getattr(alone, "_timeslice", 0)
            return (_kind_of(alone) if awaited else codes.TASK), line, awaited
        return reason, line, 0
    except Exception:
        faults.note("what a task awaits")
        return 0, 0, 0


def report_done(task: Any, ident: int) -> None:
    """Report how a task ended that is done."""
    if task.cancelled():
        this_thread.emit(wire.TASK_DONE, wire.CANCELLED, 0, ident)
        return
    # Not task.exception(), which would mark the exception as retrieved.
    error = task._exception
    if error is None:
        this_thread.emit(wire.TASK_DONE, wire.RETURNED, 0, ident)
    else:
        this_thread.text(wire.TASK_DONE, wire.RAISED, 0, ident, 0, type(error).__name__)


def _kind_of(awaited: Any) -> int:
    """Return the reason of a wait for a task, or for a future with an executor's result."""
    return codes.TASK if hasattr(awaited, "get_coro") else codes.FUTURE


def _alone(coro: Any) -> Any:
    """Return the future for which this call of ``wait_for`` or ``wait`` waits.

    None if it waits for several, which are reported.
    """
    known = coro.cr_frame.f_locals
    awaited = known.get("fut")
    if awaited is None:
        several = known.get("fs")
        if several is None:
            owner = known.get("self")  # a task group, or the iterator of as_completed
            several = getattr(owner, "_tasks", None) or getattr(owner, "_todo", ())
        awaited = _one_of(several)
    return awaited


def _of_iterator(task: Any, reason: int) -> int:
    """Return the reason, which is TASK for the queue in which ``as_completed`` waits for tasks."""
    inner: Any = task.get_coro() if reason == codes.QUEUE else None
    while inner.__class__ is coroutine:
        if inner.cr_code.co_name == "_wait_for_one":
            several = getattr(inner.cr_frame.f_locals.get("self"), "_todo", ())  # from 3.13 on
            if several:
                _one_of(several)
            return codes.TASK
        inner = inner.cr_await
    return reason


def _one_of(several: Any) -> Any:
    """Return the future that isn't done yet; None if there are several, which are reported."""
    pending: list[Any] = []
    for future in itertools.islice(several, MOST_EXAMINED):
        if not future.done():
            pending.append(future)
            if len(pending) == MOST_REPORTED:
                break
    if len(pending) == 1 and len(several) <= MOST_EXAMINED:
        return pending[0]
    idents = sorted(getattr(each, "_timeslice", 0) for each in pending)
    report_group(idents, len(several) if len(pending) == MOST_REPORTED else len(pending))
    return None


#: Reasons by id() of a code object. Its hash isn't cached, so it would take longer than all else.
_by_code: dict[int, int] = {}
_kept: list[Any] = []  # those code objects, so that no other gets the same id()


def _learn(code: Any) -> int:
    """Return the reason of a wait in this code by the table above, and remember it."""
    if code is None:
        return codes.FUTURE  # an awaitable of another kind, not a coroutine
    _kept.append(code)
    reason = _by_code[id(code)] = _reason_in(code)
    return reason


def _reason_in(code: Any) -> int:
    for module_name, names in _WAITS.items():
        module = sys.modules.get(module_name)
        for dotted, reason in names.items() if module is not None else ():
            found: Any = module
            for part in dotted.split("."):
                found = getattr(found, part, None)
            if getattr(found, "__code__", None) is code:
                return reason
    return codes.FUTURE
