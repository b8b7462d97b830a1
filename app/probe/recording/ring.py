"""The writer's side of a ring (layout: ``wire``): one file per thread, mapped, without locks.

``this_thread`` belongs to the calling thread: its ``emit`` and ``text`` write records; its other
attributes are what hooks remember between two records of one thread. A thread's first use of it
makes the ring. An emit is two stores into memory: no system call, so it doesn't give the GIL away.
"""

from __future__ import annotations

import _thread
import itertools
import os
import struct
import sys
from time import monotonic_ns

from . import faults, first_records, mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire

    _Writers = tuple[Callable[..., None], Callable[..., None], Callable[[int, int], None]]
    _Grow = Callable[[int], tuple[Any, Any, int, bool]]
else:
    from . import wire

#: Slots of a thread's rings, one after the other. All but the last are filled once and then left
#: for the next, so a thread that says little takes little memory, and only the last goes round.
CAPACITIES = (1 << 10, 1 << 13, 1 << 16, 1 << 18)

_PART = struct.Struct("32s")
#: A text that fills one slot; struct pads it with zeros.
_SHORT_TEXT = struct.Struct("<H30s")
#: On a little-endian machine the native layout is the wire's, and is packed faster; a long faster
#: than a long long.
_native = struct.Struct("@LHHILL")
_is_native = sys.byteorder == "little" and _native.size == wire.SLOT_SIZE
_SLOT = _native if _is_native else wire.SLOT
#: A slot with but a time, a kind and ``b``.
_MARK = struct.Struct("@LLLL" if _is_native else "<QQQQ")
_NO_LIMIT = 1 << 63
# Bound here, because the program's own may be reported, and because a forked child copies each page
# of memory that it looks something up in.
_open, _close, _rename, _unlink = os.open, os.close, os.rename, os.unlink
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_pack_header = wire.HEADER.pack_into
_allocate: Any = getattr(os, "posix_fallocate", None) or (
    lambda fd, _, size: os.ftruncate(fd, size)
)

directory = first_records.directory
#: A thread started by ``threading`` stands here, by ident, until its ring is made.
newborn: dict[int, Any] = {}


def writers(buffer: Any, head: Any, capacity: int, grow: _Grow | None = None) -> _Writers:
    """For one thread ``emit(kind, aux, a, b, c)``, ``text(kind, aux, a, b, c, string)``, and
    ``mark(kind, b)``, which is ``emit(kind, 0, 0, b)`` in less time.

    ``capacity`` is a power of two. ``grow(capacity)`` makes the ring that follows a full one of
    that capacity: its buffer, head and capacity, and whether it is the last. The last goes round,
    as does one without ``grow``, or whose ``grow`` raises.

    Only one thread may call them. A signal handler or a finalizer may interrupt a call and call
    again: a slot is claimed and filled without a call in between.
    """
    pack, pack_text, pack_mark = _SLOT.pack_into, _SHORT_TEXT.pack_into, _MARK.pack_into
    TEXT, now = wire.TEXT, monotonic_ns
    slots = memoryview(buffer)[wire.HEADER_SIZE :]
    used = 0
    # A ring that will be followed is not masked: a slot behind its end is refused by pack.
    mask = capacity - 1 if grow is None else -1
    limit = _NO_LIMIT if grow is None else capacity
    waiting: list[tuple[Any, ...]] = []

    def emit(kind: int, aux: int = 0, a: int = 0, b: int = 0, c: int = 0) -> None:
        nonlocal used
        t = now()
        slot = used
        used = slot + 1
        try:
            pack(slots, (slot & mask) << 5, t, kind, aux, a, b, c)
        except Exception:
            if slot >= limit:
                used = slot
                return follow(t, kind, aux, a, b, c, b"")
            pack(slots, (slot & mask) << 5, t, 0, 0, 0, 0, 0)
            faults.note("emit")
        head[0] = used

    def mark(kind: int, b: int) -> None:
        nonlocal used
        t = now()
        slot = used
        used = slot + 1
        try:
            pack_mark(slots, (slot & mask) << 5, t, kind, b, 0)
        except Exception:
            used = slot
            return emit(kind, 0, 0, b)
        head[0] = used

    def text(kind: int, aux: int, a: int, b: int, c: int, string: str) -> None:
        nonlocal used
        if not string:
            return emit(kind, aux, a, b, c)
        data = string.encode("utf-8", "backslashreplace")
        length = len(data)
        if length <= 30:  # the text of most records is a short name
            t = now()
            slot = used
            if slot + 1 < limit:
                used = slot + 2
                try:
                    pack(slots, (slot & mask) << 5, t, kind | TEXT, aux, a, b, c)
                except Exception:
                    pack(slots, (slot & mask) << 5, t, TEXT, 0, 0, 0, 0)
                    faults.note("emit")
                pack_text(slots, ((slot + 1) & mask) << 5, length, data)
                head[0] = used
                return
        data = _cut(data)
        data = wire.TEXT_LENGTH.pack(len(data)) + data
        count = (len(data) + 31) >> 5
        t = now()
        slot = used
        if slot + count >= limit:
            return follow(t, kind | wire.TEXT, aux, a, b, c, data)
        used = slot + 1 + count
        _write(slots, slot, mask, (t, kind | wire.TEXT, aux, a, b, c, data))
        head[0] = used

    def follow(*record: Any) -> None:
        """Write the record into the ring that follows this one, which is full."""
        nonlocal buffer, slots, head, capacity, used, mask, limit, waiting
        waiting.append(record)
        if len(waiting) > 1:
            return  # this call interrupted the making of that ring, and is written when it is made
        last, old = True, buffer
        try:
            if grow is not None:
                buffer, head, capacity, last = grow(capacity)
                slots, used = memoryview(buffer)[wire.HEADER_SIZE :], 0
        except Exception:
            faults.note("a ring could not grow")
        if buffer is old:
            wire.FLAGS.pack_into(buffer, wire.FLAGS_OFFSET, 0)  # before it goes round
        mask, limit = (capacity - 1, _NO_LIMIT) if last else (-1, capacity)
        records, waiting = waiting, []
        for each in records:
            slot = used
            used = slot + 1 + ((len(each[6]) + 31) >> 5)
            if used > limit:  # so many calls interrupted this one
                mask, limit = capacity - 1, _NO_LIMIT
            _write(slots, slot, mask, each)
        head[0] = used

    return emit, text, mark


def _write(slots: Any, slot: int, mask: int, record: tuple[Any, ...]) -> None:
    """Store a record, and the text that is its last part, into the slots claimed for it."""
    t, kind, aux, a, b, c, data = record
    try:
        _SLOT.pack_into(slots, (slot & mask) << 5, t, kind, aux, a, b, c)
    except Exception:
        _SLOT.pack_into(slots, (slot & mask) << 5, t, kind & wire.TEXT, 0, 0, 0, 0)
        faults.note("emit")
    for start in range(0, len(data), 32):
        slot += 1
        # struct pads the last part with zeros
        _PART.pack_into(slots, (slot & mask) << 5, data[start : start + 32])


def _cut(data: bytes) -> bytes:
    if len(data) <= wire.TEXT_MAX:
        return data
    return data[: wire.TEXT_MAX].decode("utf-8", "ignore").encode()


def make(capacity: int, number: int, thread: int, flags: int = 0) -> tuple[Any, Any]:
    """The mapped buffer and the head of a new ring file, which takes its name when it is whole.

    ``number`` is the file's, ``thread`` its thread's: all rings of one thread have the same.
    ``flags`` are the header's.
    """
    pid, tid = os.getpid(), _thread.get_native_id()
    path = os.path.join(directory, "%s%d-%d-%d" % (wire.RING_PREFIX, pid, tid, number))
    size = wire.HEADER_SIZE + capacity * wire.SLOT_SIZE
    unfinished = path.replace(wire.RING_PREFIX, "new-")
    fd = _open(unfinished, _CREATE, 0o600)
    try:
        # Blocks are taken now: a store into a hole of a full disk would be a SIGBUS.
        _allocate(fd, 0, size)
        buffer, head = mapping.shared(fd, size, wire.HEAD_OFFSET)
    except BaseException:
        _unlink(unfinished)
        raise
    finally:
        _close(fd)
    _pack_header(
        buffer, 0, wire.MAGIC, wire.VERSION, flags, pid, tid, capacity, 0, 0, monotonic_ns(), thread
    )
    _rename(unfinished, path)
    return buffer, head


def _growing(thread: int) -> _Grow:
    """What makes the further rings of this thread.

    The old ring is not written any more when the new one appears under its name, so a reader that
    finds the new one has all of the old one before it.
    """

    def grow(capacity: int) -> tuple[Any, Any, int, bool]:
        bigger = CAPACITIES[CAPACITIES.index(capacity) + 1]
        last = bigger == CAPACITIES[-1]
        buffer, head = make(bigger, next(_numbers), thread, 0 if last else wire.FOLLOWED)
        return buffer, head, bigger, last

    return grow


def _nothing(*_: Any) -> None:
    """The emit of a thread that has no ring."""


class Step:
    """The step of an asyncio task that this thread runs."""

    __slots__ = ("driven", "emit", "loops", "mark", "name", "primitive", "task", "text")

    def __init__(
        self,
        emit: Callable[..., None],
        text: Callable[..., None],
        mark: Callable[[int, int], None],
    ) -> None:
        self.emit, self.text, self.mark = emit, text, mark
        self.task = 0  # the task's id; 0: none
        self.primitive: Any = None  # the asyncio object that it is about to await
        self.name = ""  # name of the task that is being made
        self.loops = False  # the task that is being made is what its loop is run for
        self.driven: Any = None  # the generator that was started by hand and runs


class ThisThread(_thread._local):
    """What belongs to one thread."""

    def __init__(self) -> None:
        self.emit: Callable[..., None] = _nothing
        self.text: Callable[..., None] = _nothing
        #: 1: inside an operation that is reported as a whole; 2: its locks are hidden too.
        self.depth = 0
        self.submit: Any = None  # (name, pool, line, where) of a submit under way
        self.putting = 0  # id of the multiprocessing queue into which a put() is under way
        self.getting = 0  # the same of a get(), until its item is told
        self.raised = ""  # type of what ended this thread's run()
        mark = begin(self)
        self.step = Step(self.emit, self.text, mark)


def begin(local: ThisThread) -> Callable[[int, int], None]:
    """Give the calling thread its ring and write the record that introduces it; its ``mark``.

    Without a folder for rings nothing is recorded.
    """
    ident = _thread.get_ident()
    thread = newborn.pop(ident, None)
    if not directory:
        return _nothing
    if ident == first_records.owner:
        local.emit, local.text = first_records.emit, first_records.text
        return first_records.mark
    number = next(_numbers)
    try:
        local.emit, local.text, mark = _mapped(number, number)
    except Exception:
        faults.note("thread %d is not recorded" % _thread.get_native_id())
        return _nothing
    if number == 0:
        first_records.introduce(local.text)  # it has no file
    elif thread is not None:
        ident = getattr(thread, "_timeslice", 0)
        maker = getattr(thread, "_timeslice_parent", 0)
        local.text(wire.THREAD_START, int(thread.daemon), 0, ident, maker, thread.name)
    else:
        local.emit(wire.THREAD_START, 1)
    return mark


def _mapped(number: int, thread: int) -> _Writers:
    capacity = CAPACITIES[0]
    ring = make(capacity, number, thread, wire.FOLLOWED)
    return writers(*ring, capacity, _growing(thread))


def _follow() -> tuple[Callable[..., None], Callable[..., None]]:
    """The writers of the ring that follows the file of the first records, from now those of the
    calling thread. (Who holds the old ones is passed on by them.)"""
    local = this_thread
    step = local.step
    emit, text, mark = _mapped(next(_numbers), first_records.number)
    local.emit, local.text = step.emit, step.text = emit, text
    step.mark = mark
    return emit, text


def _count() -> Any:
    """Numbers for rings; the file of the first records has one already."""
    return itertools.count(first_records.number + 1 if first_records.owner else 0)


_numbers = _count()
this_thread = ThisThread()


def after_fork() -> None:
    """In the child, after ``first`` began: leave the parent's rings alone."""
    global _numbers
    _numbers = _count()
    if newborn:
        newborn.clear()
    this_thread.__init__()  # type: ignore[misc]


first_records.this_thread = this_thread
first_records.follow = _follow
first_records.after_fork = after_fork
first_records.pack = wire.SLOT.pack
