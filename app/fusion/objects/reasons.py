"""One row for each reason to wait: what fusion may conclude from it.

Add a reason here when you add it to ``timeline.states``; a test asks for its row. What a trait
allows is decided where the sets at the end of this file are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.timeline.states import ObjectKind, Reason


class Traits(NamedTuple):
    """What is true of a wait for this reason. A trait that is not given is not."""

    #: The kind of object that is waited for, if no record of the probe says so.
    kind: ObjectKind = ObjectKind.OTHER
    #: One thread has it at a time. When it is released, its waiter wants to go on, and may find it
    #: taken again.
    lock: bool = False
    #: A thread's wait for it ends when its holder releases it.
    released: bool = False
    #: The same for a coroutine. There is no RLock in asyncio, Trio or AnyIO.
    released_to_coroutine: bool = False
    #: It is held by the thread or coroutine that is to give the result.
    promised: bool = False
    #: A thread's wait for it ends by ``notify``, ``set``, a result and the like. A semaphore of
    #: ``threading`` is a lock and a condition, so its wait may end by either.
    notified: bool = False
    #: The same for a coroutine. A semaphore of asyncio hands its permit on by its release alone.
    notified_coroutine: bool = False
    #: Its waiters are let go on oldest first, or all at once, and the probe reports it.
    awaits_notice: bool = False
    #: It is over when a thread or process is.
    join: bool = False
    #: It is over when a coroutine is.
    join_coroutine: bool = False
    #: Bytes go through it. No clock ends a wait for them, unless the program sets a time for it.
    channel: bool = False
    #: Starting or ending the call wakes no other thread, except one that waits for the GIL.
    silent: bool = False
    #: The kernel ends the wait by the wake-up itself. The waiter of a lock may find it taken again;
    #: a condition or a queue waits in several steps, so it is none of these.
    one_wake_up: bool = False
    #: One wait can be for several of them, which the probe lists just before.
    group: bool = False


_Kind = ObjectKind
TRAITS: dict[Reason, Traits] = {
    Reason.NONE: Traits(),
    Reason.LOCK: Traits(
        _Kind.LOCK, lock=True, released=True, released_to_coroutine=True, silent=True,
        one_wake_up=True,
    ),
    Reason.RLOCK: Traits(_Kind.RLOCK, lock=True, released=True, silent=True, one_wake_up=True),
    Reason.CONDITION: Traits(
        _Kind.CONDITION, notified=True, notified_coroutine=True, awaits_notice=True
    ),
    Reason.SEMAPHORE: Traits(
        _Kind.SEMAPHORE, released=True, released_to_coroutine=True, notified=True
    ),
    Reason.EVENT: Traits(
        _Kind.EVENT, notified=True, notified_coroutine=True, awaits_notice=True, one_wake_up=True
    ),
    Reason.BARRIER: Traits(_Kind.BARRIER, notified=True, notified_coroutine=True),
    Reason.QUEUE: Traits(_Kind.QUEUE),
    Reason.PIPE: Traits(_Kind.PIPE, channel=True, one_wake_up=True),
    Reason.SOCKET: Traits(_Kind.SOCKET, channel=True, one_wake_up=True),
    Reason.FILE: Traits(_Kind.FILE, one_wake_up=True),
    Reason.SLEEP: Traits(silent=True, one_wake_up=True),
    Reason.JOIN: Traits(_Kind.THREAD, join=True, silent=True),
    Reason.WAIT_CHILD: Traits(_Kind.PROCESS, join=True, silent=True, one_wake_up=True),
    Reason.FUTURE: Traits(
        _Kind.FUTURE, promised=True, notified=True, notified_coroutine=True, awaits_notice=True,
        group=True,
    ),
    Reason.INPUT: Traits(),
    Reason.OTHER: Traits(),
    Reason.TASK: Traits(_Kind.TASK, join_coroutine=True, group=True),
    Reason.POLL: Traits(one_wake_up=True),
    Reason.YIELD: Traits(),
}  # fmt: skip


class _ByCode(dict[int, Reason]):
    def __missing__(self, code: int) -> Reason:
        return Reason.OTHER


#: The reason of a code; an unknown code of a newer probe is OTHER. A look-up in a dictionary takes
#: less time than a call.
BY_CODE = _ByCode(enumerate(Reason))


def _where(holds: Callable[[Traits], bool]) -> frozenset[Reason]:
    return frozenset(reason for reason, traits in TRAITS.items() if holds(traits))


# Looking a reason up in a set takes less time than reading its row.
LOCKS = _where(lambda of: of.lock)
RELEASED = _where(lambda of: of.released)
RELEASED_TO_COROUTINE = _where(lambda of: of.released_to_coroutine)
#: A thread or coroutine may hold it, or is to give it.
HELD = _where(lambda of: of.released or of.promised)
HELD_FROM_COROUTINE = _where(lambda of: of.released_to_coroutine or of.promised)
NOTIFIED = _where(lambda of: of.notified)
NOTIFIED_COROUTINE = _where(lambda of: of.notified_coroutine)
AWAITS_NOTICE = _where(lambda of: of.awaits_notice)
JOINS = _where(lambda of: of.join)
JOINS_ANY = _where(lambda of: of.join or of.join_coroutine)
CHANNELS = _where(lambda of: of.channel)
#: No clock ends a wait for it, unless the program sets a time for it.
TIMELESS = _where(lambda of: of.channel or of.lock)
SILENT = _where(lambda of: of.silent)
ONE_WAKE_UP = _where(lambda of: of.one_wake_up)
GROUPS = _where(lambda of: of.group)
