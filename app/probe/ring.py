"""The writer's side of a ring (layout: ``wire``): one file per thread, mapped, without locks.

``here`` is this thread's own: its ``emit`` and ``text`` write records, its other attributes are
what hooks must remember between two records of one thread. A thread's first use of it makes the
ring. An emit is two stores into memory: no system call, so the GIL is not given away by it.
"""

from __future__ import annotations

import _thread
import os
import struct
import sys
from time import monotonic_ns

from . import faults, mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

MAIN_CAPACITY = 1 << 16
THREAD_CAPACITY = 1 << 13

_PART = struct.Struct("32s")
#: On a little-endian machine the native layout is the wire's, and is packed faster.
_native = struct.Struct("@QHHIQQ")
_SLOT = _native if sys.byteorder == "little" and _native.size == wire.SLOT_SIZE else wire.SLOT
_open, _close, _rename, _unlink = os.open, os.close, os.rename, os.unlink
_allocate: Any = getattr(os, "posix_fallocate", None) or (
    lambda fd, _, size: os.ftruncate(fd, size)
)

directory = os.environ.get(wire.RING_DIRECTORY_VARIABLE, "")
#: A thread started by ``threading`` stands here, by ident, until its ring is made.
newborn: dict[int, Any] = {}
_numbers = 0


def writers(
    buffer: Any, head: Any, capacity: int
) -> tuple[Callable[..., None], Callable[..., None]]:
    """``emit(kind, aux, a, b, c)`` and ``text(kind, aux, a, b, c, string)`` for one ring.

    ``capacity`` is a power of two. Only one thread may call them. A signal handler or a finalizer
    may interrupt a call and call again: a slot is claimed and filled without a call in between.
    """
    pack = _SLOT.pack_into
    mask = capacity - 1
    now = monotonic_ns
    used = 0

    def emit(kind: int, aux: int = 0, a: int = 0, b: int = 0, c: int = 0) -> None:
        nonlocal used
        t = now()
        slot = used
        used = slot + 1
        try:
            pack(buffer, 64 + ((slot & mask) << 5), t, kind, aux, a, b, c)
        except Exception:
            pack(buffer, 64 + ((slot & mask) << 5), t, 0, 0, 0, 0, 0)
            faults.note("emit")
        head[0] = used

    def text(kind: int, aux: int, a: int, b: int, c: int, string: str) -> None:
        nonlocal used
        if not string:
            return emit(kind, aux, a, b, c)
        data = _cut(string.encode("utf-8", "backslashreplace"))
        data = wire.TEXT_LENGTH.pack(len(data)) + data
        count = (len(data) + 31) >> 5
        data = data.ljust(count << 5, b"\0")
        t = now()
        slot = used
        used = slot + 1 + count
        pack(buffer, 64 + ((slot & mask) << 5), t, kind | wire.TEXT, aux, a, b, c)
        for part in range(count):
            start = 64 + ((slot + 1 + part & mask) << 5)
            _PART.pack_into(buffer, start, data[part << 5 : (part << 5) + 32])
        head[0] = used

    return emit, text


def _cut(data: bytes) -> bytes:
    if len(data) <= wire.TEXT_MAX:
        return data
    return data[: wire.TEXT_MAX].decode("utf-8", "ignore").encode()


def make(capacity: int, number: int) -> tuple[Any, Any]:
    """The mapped buffer and the head of a new ring file, which takes its name when it is whole."""
    pid, tid = os.getpid(), _thread.get_native_id()
    path = os.path.join(directory, "%s%d-%d-%d" % (wire.RING_PREFIX, pid, tid, number))
    size = wire.HEADER_SIZE + capacity * wire.SLOT_SIZE
    unfinished = path.replace(wire.RING_PREFIX, "new-")
    fd = _open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # Blocks are taken now: a store into a hole of a full disk would be a SIGBUS.
        _allocate(fd, 0, size)
        buffer, head = mapping.shared(fd, size, wire.HEAD_OFFSET)
    except BaseException:
        _unlink(unfinished)
        raise
    finally:
        _close(fd)
    wire.HEADER.pack_into(
        buffer, 0, wire.MAGIC, wire.VERSION, 0, pid, tid, capacity, 0, 0, monotonic_ns(), number
    )
    _rename(unfinished, path)
    return buffer, head


def _nothing(*_: Any) -> None:
    """The emit of a thread that has no ring."""


class Step:
    """The step of an asyncio task that this thread runs."""

    __slots__ = ("emit", "name", "primitive", "task")

    def __init__(self, emit: Callable[..., None]) -> None:
        self.emit = emit
        self.task = 0  # the task's id; 0: none
        self.primitive: Any = None  # the asyncio object that it is about to await
        self.name = ""  # name of the task that is being made


class Here(_thread._local):
    """What belongs to one thread."""

    def __init__(self) -> None:
        self.emit: Callable[..., None] = _nothing
        self.text: Callable[..., None] = _nothing
        #: 1: inside an operation that is reported as a whole; 2: its locks are hidden too.
        self.depth = 0
        self.submit: Any = None  # (name, pool, line, where) of a submit under way
        self.raised = ""  # type of what ended this thread's run()
        begin(self)
        self.step = Step(self.emit)


def begin(local: Here) -> None:
    """Give the calling thread its ring and write the record that introduces it."""
    global _numbers
    number = _numbers
    _numbers += 1
    thread = newborn.pop(_thread.get_ident(), None)
    try:
        capacity = THREAD_CAPACITY if number else MAIN_CAPACITY
        local.emit, local.text = writers(*make(capacity, number), capacity)
    except Exception:
        faults.note("thread %d is not recorded" % _thread.get_native_id())
        return
    if number == 0:
        _hello(local)
    elif thread is not None:
        ident = getattr(thread, "_timeslice", 0)
        maker = getattr(thread, "_timeslice_parent", 0)
        local.text(wire.THREAD_START, int(thread.daemon), 0, ident, maker, thread.name)
    else:
        local.emit(wire.THREAD_START, 1)


def _hello(local: Here) -> None:
    flags = 0
    free: Any = getattr(sys, "_is_gil_enabled", None)
    if free is not None and not free():
        flags |= 1
    name = sys.implementation.name
    if name == "pypy":
        flags |= 2
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(name, name)
    version = sys.version_info[0] << 8 | sys.version_info[1]
    local.text(wire.HELLO, version, os.getppid(), flags, 0, name)
    local.text(wire.THREAD_START, 0, 0, 0, 0, "MainThread")


here = Here()


def after_fork() -> None:
    """In the child: leave the parent's rings alone and begin with a ring of its own."""
    global _numbers
    _numbers = 0
    newborn.clear()
    here.__init__()  # type: ignore[misc]
