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

#: Slots of a thread's rings in their order. All but the last are filled once and then left for the
#: next, so a thread with few records takes little memory. Only the last goes round.
CAPACITIES = (1 << 10, 1 << 13, 1 << 16, 1 << 18)

_PART = struct.Struct("32s")
#: A text that fills one slot; struct pads it with zeros.
_SHORT_TEXT = struct.Struct("<H30s")
#: On a little-endian machine the native layout is that of the wire. ``struct`` packs it faster, and
#: a long faster than a long long.
_native = struct.Struct("@LHHILL")
_is_native = sys.byteorder == "little" and _native.size == wire.SLOT_SIZE
_SLOT = _native if _is_native else wire.SLOT
#: A slot with a time, a kind and ``b``; all else is 0.
_MARK = struct.Struct("@LLLL" if _is_native else "<QQQQ")
_NO_LIMIT = 1 << 63
# Bound here for the reasons given in ``first_records``.
_open, _close, _rename, _unlink = os.open, os.close, os.rename, os.unlink
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_pack_header = wire.HEADER.pack_into
_allocate: Any = getattr(os, "posix_fallocate", None) or (
    lambda fd, _, size: os.ftruncate(fd, size)
)

directory = first_records.directory
#: By ident, the Thread objects of threads that have started and have no ring yet.
newborn: dict[int, Any] = {}


def writers(buffer: Any, head: Any, capacity: int, grow: _Grow | None = None) -> _Writers:
    """Return what writes the records of one thread: ``emit(kind, aux, a, b, c)``,
    ``text(kind, aux, a, b, c, string)``, and ``mark(kind, b)``, a faster ``emit(kind, 0, 0, b)``.

    ``capacity`` is a power of two. ``grow(capacity)`` makes the ring that follows a full one of
    that capacity; it returns that ring's buffer, head and capacity, and whether it is the last.
    The last goes round, as does a ring without ``grow`` or one whose ``grow`` raises.

    Only one thread may call them. A signal handler or a finalizer may interrupt a call and make
    another. So a slot is claimed and filled without a call in between.
    """
    pack, pack_text, pack_mark = _SLOT.pack_into, _SHORT_TEXT.pack_into, _MARK.pack_into
    TEXT, now = wire.TEXT, monotonic_ns
    slots = memoryview(buffer)[wire.HEADER_SIZE :]
    used = 0
    # The index of a ring that will be followed isn't masked: pack refuses a slot behind its end.
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
        """Write the record into the ring that follows this full one."""
        nonlocal buffer, slots, head, capacity, used, mask, limit, waiting
        waiting.append(record)
        if len(waiting) > 1:
            return  # this call has interrupted the making of that ring, which writes it then
        last, old = True, buffer
        try:
            if grow is not None:
                buffer, head, capacity, last = grow(capacity)
                slots, used = memoryview(buffer)[wire.HEADER_SIZE :], 0
        except Exception:
            faults.note("a ring could not grow")
        if buffer is old:
            wire.FLAGS.pack_into(buffer, wire.FLAGS_OFFSET, 0)  # from now on it goes round
        mask, limit = (capacity - 1, _NO_LIMIT) if last else (-1, capacity)
        records, waiting = waiting, []
        for each in records:
            slot = used
            used = slot + 1 + ((len(each[6]) + 31) >> 5)
            if used > limit:  # more calls have interrupted this one than fit
                mask, limit = capacity - 1, _NO_LIMIT
            _write(slots, slot, mask, each)
        head[0] = used

    return emit, text, mark


def _write(slots: Any, slot: int, mask: int, record: tuple[Any, ...]) -> None:
    """Store a record into the slots claimed for it. Its last field is the encoded text."""
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
    """Make a ring file; return its mapped buffer and the word of its head. Raises OSError.

    ``number`` is that of the file; ``thread`` is that of its thread, the same in all rings of one
    thread. ``flags`` are those of the header. The file gets its name once it is complete.
    """
    pid, tid = os.getpid(), _thread.get_native_id()
    path = os.path.join(directory, "%s%d-%d-%d" % (wire.RING_PREFIX, pid, tid, number))
    size = wire.HEADER_SIZE + capacity * wire.SLOT_SIZE
    unfinished = path.replace(wire.RING_PREFIX, "new-")
    fd = _open(unfinished, _CREATE, 0o600)
    try:
        # Take the blocks now: on a full disk, a store into a hole would be a SIGBUS.
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
    """Return the ``grow`` of this thread's rings, see ``writers``.

    Nothing is written into the old ring once the new one has its name. So a reader that finds the
    new one can read all of the old one first.
    """

    def grow(capacity: int) -> tuple[Any, Any, int, bool]:
        bigger = CAPACITIES[CAPACITIES.index(capacity) + 1]
        last = bigger == CAPACITIES[-1]
        buffer, head = make(bigger, next(_numbers), thread, 0 if last else wire.FOLLOWED)
        return buffer, head, bigger, last

    return grow


def _nothing(*_: Any) -> None:
    """Stand for ``emit``, ``text`` and ``mark`` in a thread that has no ring."""


class Step:
    """The step of a coroutine that this thread runs."""

    __slots__ = ("driven", "emit", "loops", "mark", "name", "primitive", "task", "text")

    def __init__(
        self,
        emit: Callable[..., None],
        text: Callable[..., None],
        mark: Callable[[int, int], None],
    ) -> None:
        self.emit, self.text, self.mark = emit, text, mark
        self.task = 0  # the coroutine's id; 0: none
        self.primitive: Any = None  # the asyncio object that it is about to await
        self.name = ""  # the name of the task that is being made
        self.loops = False  # True: the loop runs until the task that is being made is done
        self.driven: Any = None  # the running generator that the program has started by hand


class ThisThread(_thread._local):
    """What belongs to one thread; it is made on the thread's first use."""

    def __init__(self) -> None:
        self.emit: Callable[..., None] = _nothing
        self.text: Callable[..., None] = _nothing
        #: 1: inside a wait that is reported as a whole; 2: and nothing inside it is reported.
        self.depth = 0
        self.submit: Any = None  # (name, id of the pool, line) of a submit under way
        self.putting = 0  # the id of the multiprocessing queue whose put() is under way
        self.getting = 0  # the same of a get(), until its item is reported
        self.raised = ""  # the type of the exception that ended this thread's run()
        mark = begin(self)
        self.step = Step(self.emit, self.text, mark)


def begin(local: ThisThread) -> Callable[[int, int], None]:
    """Make the calling thread's ring with its first record, THREAD_START; return its ``mark``.

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
        first_records.introduce(local.text)  # the file of the first records could not be made
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
    """Make the ring that follows the file of the first records; return its ``emit`` and ``text``.

    The calling thread writes into it from now on. Code that still holds ``first_records.emit`` may
    go on calling it: that one calls the new one.
    """
    local = this_thread
    step = local.step
    emit, text, mark = _mapped(next(_numbers), first_records.number)
    local.emit, local.text = step.emit, step.text = emit, text
    step.mark = mark
    return emit, text


def _count() -> Any:
    """Return the numbers for this process's rings, after that of the file of the first records."""
    return itertools.count(first_records.number + 1 if first_records.owner else 0)


_numbers = _count()
this_thread = ThisThread()


def after_fork() -> None:
    """In a forked child, after ``first_records.begin``: write no more into the parent's rings."""
    global _numbers
    _numbers = _count()
    if newborn:
        newborn.clear()
    this_thread.__init__()  # type: ignore[misc]


first_records.this_thread = this_thread
first_records.follow = _follow
first_records.after_fork = after_fork
first_records.pack = wire.SLOT.pack
