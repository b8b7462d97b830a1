"""One of the probe's ring files, read (layout: app/timeline/wire.py).

The file belongs to the program, which may be hostile: it may be shortened, overwritten, or no ring
at all. So the mapped file is never read directly (see ``mapped``), its head is believed only if it
can be true, and what can't be a record is counted as lost.
"""

from __future__ import annotations

import mmap
import os
import stat
import sys
from array import array
from functools import partial

from app.timeline import wire
from app.timeline.probe_records import TYPES, ProbeRecord
from app.timeline.records import Dropped, Record
from app.timeline.sealed import Sealed

_TEXT = wire.TEXT
#: Where a slot has the byte of its kind whose highest bit says that a text follows.
_TEXT_BYTE = 9
#: The slots that the longest text takes.
_TEXT_SLOTS = -(-(wire.TEXT_LENGTH.size + wire.TEXT_MAX) // wire.SLOT_SIZE)
#: A thread that wrote more than this since the last poll is in a storm, or the poll is late: its
#: slots are kept as they are and decoded later, so that the other rings are emptied soon.
SEALED_SLOTS = 2_048
#: A record has the time at which its writing began. It may be older than the ring that was made for
#: it, because its thread waited for a CPU meanwhile, and newer than the poll, for the same reason.
_OLDER_NS = 10_000_000_000
_NEWER_NS = 60_000_000_000
#: No writer fills a slot in less time.
_LEAST_NS = 20
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


class DamagedRing(Exception):
    """The program shortened the file, or wrote a head that can't be true."""


class Ring:
    """The records of one thread, or those that fitted into one file, in the order of writing.

    ``folder`` is an open directory. Raises ValueError when the file is no ring (yet), and OSError.
    """

    def __init__(self, folder: int, name: str) -> None:
        self.name = name
        fd = os.open(name, _OPEN, dir_fd=folder)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                raise ValueError(f"{name} is no file of ours")
            self.inode = status.st_ino
            header = os.pread(fd, wire.HEADER_SIZE, 0)
            if len(header) < wire.HEADER_SIZE:
                raise ValueError(f"{name} has no header")
            (magic, version, _flags, self.pid, self.tid, self.capacity, _, _, self.birth_ns,
             self.thread) = wire.HEADER.unpack_from(header)  # fmt: skip
            if magic != wire.MAGIC or version != wire.VERSION:
                raise ValueError(f"{name} is no ring of version {wire.VERSION}")
            if not 0 < self.capacity <= wire.CAPACITY_MAX:
                raise ValueError(f"{name} claims {self.capacity} slots")
            size = wire.HEADER_SIZE + self.capacity * wire.SLOT_SIZE
            if size > status.st_size:
                raise ValueError(f"{name} is shorter than its {self.capacity} slots")
            self._map = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        finally:
            os.close(fd)
        view = memoryview(self._map)
        self._header = view[: wire.HEADER_SIZE]
        self._slots = view[wire.HEADER_SIZE :]
        #: The head, to be copied and never read.
        self.head = view[wire.HEAD_OFFSET : wire.HEAD_OFFSET + wire.HEAD.size]
        self._views = (view, self._header, self._slots, self.head)
        self.tail = 0
        self._resync = False
        #: Records that are not decoded yet, see ``RingsReader.take_sealed``.
        self.sealed: list[Sealed] = []

    def pieces(self, head: int) -> list[memoryview]:
        """What ``take`` needs a copy of: the slots up to ``head``, and after them the header."""
        size, capacity = wire.SLOT_SIZE, self.capacity
        first = self._first(head)
        if first >= head:
            return [self._header]
        begin, end = first % capacity * size, head % capacity * size
        if begin < end:
            return [self._slots[begin:end], self._header]
        if not end:
            return [self._slots[begin:], self._header]
        return [self._slots[begin:], self._slots[:end], self._header]

    def _first(self, head: int) -> int:
        """The first slot that wasn't read, or the oldest that is kept."""
        oldest: int = head - self.capacity
        return max(self.tail, oldest)

    def take(self, head: int, copy: bytes | None, now_ns: int) -> list[Record]:
        """The new records up to ``head``, from a copy of ``pieces(head)``; lost ones become one
        Dropped. Raises DamagedRing, also if there is no copy.
        """
        if copy is None:
            raise DamagedRing("its file was shortened")
        tail, first = self.tail, self._first(head)
        end = len(copy) - wire.HEADER_SIZE
        (again,) = wire.HEAD.unpack_from(copy, end + wire.HEAD_OFFSET)
        data = copy[:end]
        if head < tail <= again:
            return []  # the first look fell into the writer's store
        if tail <= again < head:
            head = again  # here, too
            data = data[: max(0, head - first) * wire.SLOT_SIZE]
        most = self.capacity + (now_ns + _NEWER_NS - self.birth_ns) // _LEAST_NS
        if not tail <= head <= again <= most:
            raise DamagedRing("its head was overwritten")
        # The writer may have come round meanwhile, and the slot that it is about to store lies
        # where slot `again - capacity` was.
        safe = again - self.capacity + (1 if again != head or again > self.capacity else 0)
        if again == self.capacity and self._followed(copy[end:]):
            safe = 0  # it is full, and its writer goes on in another
        lost = max(0, min(safe, head) - tail)
        if lost:
            self._resync = True
            data = data[max(0, safe - first) * wire.SLOT_SIZE :]
            first = max(first, safe)
        if self._resync:
            rest = self._rest_of_text(data, now_ns)
            lost += max(0, rest - _TEXT_SLOTS)
            data = data[rest * wire.SLOT_SIZE :]
            first += rest
        read = self._seal if len(data) >= SEALED_SLOTS * wire.SLOT_SIZE else self._decode
        records, used, wrong = read(data, now_ns)
        self.tail = min(head, first + used) if data else head
        if lost or wrong:
            records.insert(0, Dropped(now_ns, "probe", lost + wrong, self.pid, self.tid))
        return records

    @staticmethod
    def _followed(header: bytes) -> bool:
        (flags,) = wire.FLAGS.unpack_from(header, wire.FLAGS_OFFSET)
        return bool(flags & wire.FOLLOWED)

    def _rest_of_text(self, data: bytes, now_ns: int) -> int:
        """How many slots after a loss are no record: the rest of a text has no time of this run."""
        since, until = self.birth_ns - _OLDER_NS, now_ns + _NEWER_NS
        index = 0
        for t, kind, *_ in wire.SLOT.iter_unpack(data):
            if since <= t <= until and (kind & ~_TEXT) in TYPES:
                self._resync = False
                break
            index += 1
        return index

    def _seal(self, data: bytes, now_ns: int) -> tuple[list[Record], int, int]:
        """Like ``_decode``, but puts off what it can: such parts go to ``sealed``.

        A part is put off when no slot has a text, or may be the rest of one, and the times, which
        lie at the beginning of each slot, are in order and of this run.
        """
        since, until = self.birth_ns - _OLDER_NS, now_ns + _NEWER_NS
        size = SEALED_SLOTS * wire.SLOT_SIZE
        for begin in range(0, len(data), size):
            part = data[begin : begin + size]
            words = array("Q", part)
            if sys.byteorder == "big":
                words.byteswap()
            times = words[:: wire.SLOT_SIZE // words.itemsize].tolist()
            if (
                max(part[_TEXT_BYTE :: wire.SLOT_SIZE]) >= _TEXT >> 8
                or times != sorted(times)
                or not since <= times[0] <= times[-1] <= until
            ):
                records, used, wrong = self._decode(data[begin:], now_ns)
                return records, begin // wire.SLOT_SIZE + used, wrong
            decode = partial(_plain, part, self.pid, self.tid, self.thread)
            self.sealed.append(Sealed(times[0], times[-1], len(times), decode))
        return [], len(data) // wire.SLOT_SIZE, 0

    def _decode(self, data: bytes, now_ns: int) -> tuple[list[Record], int, int]:
        """The records in whole slots, how many slots they took (a cut text is left over), and how
        many of these are neither a record nor a text.
        """
        since, until = self.birth_ns - _OLDER_NS, now_ns + _NEWER_NS
        records: list[Record] = []
        add, new = records.append, tuple.__new__  # what a named tuple's own call does in the end
        type_of = TYPES.get
        pid, tid, thread = self.pid, self.tid, self.thread
        slots = wire.SLOT.iter_unpack(data)
        texts = wrong = 0  # slots that are no record
        for t, kind, aux, a, b, c in slots:
            if not since <= t <= until:
                wrong += 1
            elif kind & _TEXT:
                used = len(records) + texts + wrong
                text = self._text(data, (used + 1) * wire.SLOT_SIZE)
                if text is None:
                    return records, used, wrong
                value, count = text
                if count > _TEXT_SLOTS:
                    wrong += 1
                    continue
                texts += count
                for _ in range(count):
                    next(slots)
                kind &= ~_TEXT
                slot = (t, pid, tid, thread, kind, aux, a, b, c, value)
                add(new(type_of(kind, ProbeRecord), slot))
            else:
                slot = (t, pid, tid, thread, kind, aux, a, b, c, "")
                add(new(type_of(kind, ProbeRecord), slot))
        return records, len(records) + texts + wrong, wrong

    @staticmethod
    def _text(data: bytes, offset: int) -> tuple[str, int] | None:
        """The text at ``offset`` and the slots it takes; None when they are not all there.

        More slots than any text takes: it is none.
        """
        if offset + wire.TEXT_LENGTH.size > len(data):
            return None
        (length,) = wire.TEXT_LENGTH.unpack_from(data, offset)
        slots = -(-(wire.TEXT_LENGTH.size + length) // wire.SLOT_SIZE)
        if slots > _TEXT_SLOTS:
            return "", slots
        if offset + slots * wire.SLOT_SIZE > len(data):
            return None
        start = offset + wire.TEXT_LENGTH.size
        return data[start : start + length].decode(errors="replace"), slots

    def close(self) -> None:
        for view in reversed(self._views):
            view.release()
        self._map.close()


def _plain(data: bytes, pid: int, tid: int, thread: int) -> list[Record]:
    """The records in slots of which none has a text."""
    new, type_of = tuple.__new__, TYPES.get  # what a named tuple's own call does in the end
    return [
        new(type_of(kind, ProbeRecord), (t, pid, tid, thread, kind, aux, a, b, c, ""))
        for t, kind, aux, a, b, c in wire.SLOT.iter_unpack(data)
    ]
