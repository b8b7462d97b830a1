"""The writer's side of a ring (layout: ``wire``): one file per thread, mapped, without locks.

An emit is two stores into memory: no system call, so it doesn't give the GIL away.
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


def for_thread(number: int, thread: int) -> _Writers:
    """Make the first ring of a thread, the file ``number``; return its writers. Raises OSError."""
    capacity = CAPACITIES[0]
    buffer, head = make(capacity, number, thread, wire.FOLLOWED)
    return writers(buffer, head, capacity, _growing(thread))


def _growing(thread: int) -> _Grow:
    """Return the ``grow`` of this thread's rings, see ``writers``.

    Nothing is written into the old ring once the new one has its name. So a reader that finds the
    new one can read all of the old one first.
    """

    def grow(capacity: int) -> tuple[Any, Any, int, bool]:
        bigger = CAPACITIES[CAPACITIES.index(capacity) + 1]
        last = bigger == CAPACITIES[-1]
        buffer, head = make(bigger, next_number(), thread, 0 if last else wire.FOLLOWED)
        return buffer, head, bigger, last

    return grow


def _count() -> Any:
    """Return the numbers for this process's rings, after that of the file of the first records."""
    return itertools.count(first_records.number + 1 if first_records.owner else 0)


def next_number() -> int:
    """Return the next free number of a ring file in this process."""
    number: int = next(_numbers)
    return number


def after_fork() -> None:
    """In a forked child, after ``first_records.begin``: number the rings anew."""
    global _numbers
    _numbers = _count()


_numbers = _count()
first_records.pack = wire.SLOT.pack
