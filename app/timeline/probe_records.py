"""The probe's records as types: one for each kind, with the names that ``wire`` gives its numbers.

``wire`` alone says which name stands for which number, and what it means: ``record.reason`` of an
``Enter`` is the ``aux`` of its slot. The annotations here are for the type checker.
"""

from __future__ import annotations

from typing import NamedTuple

from app.timeline import wire


class Slot(NamedTuple):
    """A record as it lies in a ring, with its thread. ``thread`` differs between two threads that
    had the same tid one after the other.
    """

    t: int
    pid: int
    tid: int
    thread: int
    kind: int
    aux: int
    a: int
    b: int
    c: int
    text: str


class ProbeRecord(Slot):
    """A record of the probe. It is of the type of its kind; of this type if the kind isn't known.

    ``tuple.__new__(type, slot)`` makes one, too, in half the time.
    """

    __slots__ = ()

    def __new__(
        cls,
        t: int,
        pid: int,
        tid: int,
        thread: int,
        kind: int,
        aux: int,
        a: int,
        b: int,
        c: int,
        text: str,
    ) -> ProbeRecord:
        slot = (t, pid, tid, thread, kind, aux, a, b, c, text)
        return tuple.__new__(TYPES.get(kind, ProbeRecord), slot)

    def __init_subclass__(cls, kind: int) -> None:
        """Gives the numbers of the slot their names in this kind."""
        names = dict(zip(wire.FIELDS[kind], _NUMBERS, strict=True))
        names.pop("", None)
        if names.keys() | {"text"} != cls.__annotations__.keys() | {"text"}:
            raise TypeError(f"{cls.__name__} does not have the names of its kind: {list(names)}")
        for name, number in names.items():
            setattr(cls, name, getattr(Slot, number))
        TYPES[kind] = cls


_NUMBERS = ("aux", "a", "b", "c", "text")
#: By kind. A kind of a newer probe has no type of its own.
TYPES: dict[int, type[ProbeRecord]] = {}


# --- processes and threads ----------------------------------------------------------------------


class Hello(ProbeRecord, kind=wire.HELLO):
    __slots__ = ()
    version: int
    ppid: int
    flags: int
    implementation: str


class ThreadStart(ProbeRecord, kind=wire.THREAD_START):
    __slots__ = ()
    daemon: int
    obj: int
    parent_tid: int
    name: str


class ThreadEnd(ProbeRecord, kind=wire.THREAD_END):
    __slots__ = ()
    outcome: int
    obj: int
    cpu_ns: int
    exception: str


class ThreadSpawn(ProbeRecord, kind=wire.THREAD_SPAWN):
    __slots__ = ()
    line: int
    obj: int


class ProcessSpawn(ProbeRecord, kind=wire.PROCESS_SPAWN):
    __slots__ = ()
    daemon: int
    line: int
    obj: int
    name: str


class ProcessSpawned(ProbeRecord, kind=wire.PROCESS_SPAWNED):
    __slots__ = ()
    child: int
    obj: int


class ProcessName(ProbeRecord, kind=wire.PROCESS_NAME):
    __slots__ = ()
    daemon: int
    obj: int
    name: str


class ProcessEnd(ProbeRecord, kind=wire.PROCESS_END):
    __slots__ = ()
    outcome: int
    obj: int
    cpu_ns: int
    exception: str


class MainEnd(ProbeRecord, kind=wire.MAIN_END):
    __slots__ = ()
    outcome: int
    cpu_ns: int
    exception: str


class Kill(ProbeRecord, kind=wire.KILL):
    __slots__ = ()
    signal: int
    target: int
    of_daemon: int


class Reaped(ProbeRecord, kind=wire.REAPED):
    __slots__ = ()
    child: int
    status: int


class Interval(ProbeRecord, kind=wire.INTERVAL):
    __slots__ = ()
    ns: int


# --- waits ----------------------------------------------------------------------------------------


class Enter(ProbeRecord, kind=wire.ENTER):
    __slots__ = ()
    reason: int
    line: int
    obj: int
    where: int


class Leave(ProbeRecord, kind=wire.LEAVE):
    __slots__ = ()
    reason: int
    obj: int
    outcome: int


class Acquired(ProbeRecord, kind=wire.ACQUIRED):
    __slots__ = ()
    line: int
    obj: int
    where: int


class Released(ProbeRecord, kind=wire.RELEASED):
    __slots__ = ()
    line: int
    obj: int


class Value(ProbeRecord, kind=wire.VALUE):
    __slots__ = ()
    most: int
    obj: int
    value: int


class Put(ProbeRecord, kind=wire.PUT):
    __slots__ = ()
    sized: int
    size: int
    obj: int
    item: int


class Get(ProbeRecord, kind=wire.GET):
    __slots__ = ()
    sized: int
    size: int
    obj: int
    item: int


class Send(ProbeRecord, kind=wire.SEND):
    __slots__ = ()
    obj: int
    size: int


class Recv(ProbeRecord, kind=wire.RECV):
    __slots__ = ()
    obj: int
    size: int


class Notify(ProbeRecord, kind=wire.NOTIFY):
    __slots__ = ()
    obj: int
    waiters: int


class WaitsFor(ProbeRecord, kind=wire.WAITS_FOR):
    __slots__ = ()
    first: int
    members: int
    obj: int


class Peer(ProbeRecord, kind=wire.PEER):
    __slots__ = ()
    obj: int
    name: str


class ToPeer(ProbeRecord, kind=wire.TO_PEER):
    __slots__ = ()
    obj: int


class FromPeer(ProbeRecord, kind=wire.FROM_PEER):
    __slots__ = ()
    obj: int


# --- objects and files ----------------------------------------------------------------------------


class Object(ProbeRecord, kind=wire.OBJECT):
    __slots__ = ()
    object_kind: int
    line: int
    obj: int
    where: int
    name: str


class File(ProbeRecord, kind=wire.FILE):
    __slots__ = ()
    number: int
    path: str


# --- coroutines -----------------------------------------------------------------------------------


class TaskNew(ProbeRecord, kind=wire.TASK_NEW):
    __slots__ = ()
    origin: int
    place: int
    task: int
    parent: int
    names: str


class TaskReady(ProbeRecord, kind=wire.TASK_READY):
    __slots__ = ()
    task: int


class TaskRun(ProbeRecord, kind=wire.TASK_RUN):
    __slots__ = ()
    task: int


class TaskPause(ProbeRecord, kind=wire.TASK_PAUSE):
    __slots__ = ()
    reason: int
    place: int
    task: int
    awaited: int


class TaskDone(ProbeRecord, kind=wire.TASK_DONE):
    __slots__ = ()
    outcome: int
    task: int
    exception: str


class NeverAwaited(ProbeRecord, kind=wire.NEVER_AWAITED):
    __slots__ = ()
    place: int
    function: str


class TaskAcquired(ProbeRecord, kind=wire.TASK_ACQUIRED):
    __slots__ = ()
    handed: int
    place: int
    obj: int
    task: int


class TaskReleased(ProbeRecord, kind=wire.TASK_RELEASED):
    __slots__ = ()
    place: int
    obj: int
    task: int


class TaskLoop(ProbeRecord, kind=wire.TASK_LOOP):
    __slots__ = ()
    task: int


class TaskBegan(ProbeRecord, kind=wire.TASK_BEGAN):
    __slots__ = ()
    place: int
    task: int
    when: int


class TaskPaused(ProbeRecord, kind=wire.TASK_PAUSED):
    __slots__ = ()
    reason: int
    place: int
    task: int
    when: int
    awaited: str


# --- futures, output ------------------------------------------------------------------------------


class Submit(ProbeRecord, kind=wire.SUBMIT):
    __slots__ = ()
    line: int
    obj: int
    pool: int
    function: str


class FutureRun(ProbeRecord, kind=wire.FUTURE_RUN):
    __slots__ = ()
    by_process: int
    obj: int


class FutureDone(ProbeRecord, kind=wire.FUTURE_DONE):
    __slots__ = ()
    outcome: int
    obj: int
    exception: str


class FutureBy(ProbeRecord, kind=wire.FUTURE_BY):
    __slots__ = ()
    tid: int
    obj: int
    task: int
    function: str


class Output(ProbeRecord, kind=wire.OUTPUT):
    __slots__ = ()
    stream: int
    task: int
