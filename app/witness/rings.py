"""Reads the probe's ring files (layout: app/timeline/wire.py)."""

from __future__ import annotations

import mmap
import os
import re
import sys
import time
from array import array
from functools import partial

from app.timeline import wire
from app.timeline.records import Dropped, ProbeRecord, Record
from app.timeline.sealed import Sealed

_NAME = re.compile(re.escape(wire.RING_PREFIX) + r"\d+-\d+-\d+")
_KINDS = frozenset(
    value
    for name, value in vars(wire).items()
    if name.isupper() and isinstance(value, int) and 0 < value < 100 and name not in ("VERSION",)
) - {wire.HEADER_SIZE, wire.HEAD_OFFSET, wire.SLOT_SIZE}
_TEXT = wire.TEXT
#: Where a slot has the byte of its kind that tells whether a text follows.
_TEXT_BYTE = 9
#: A thread that wrote more than this since the last look is in a storm, or we are late: its
#: slots are put by as they are, so that the others' rings are emptied soon.
SEALED_SLOTS = 2_048
#: The clock of file times is coarse: a folder changed this recently is looked at again.
_SETTLE_NS = 50_000_000
#: How often a quiet ring's thread is looked up in /proc.
_GONE_CHECK_NS = 250_000_000


class RingFile:
    """One ring: the records of one thread, in the order it wrote them.

    Raises ValueError when the file is no ring (yet): its header is written last.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
        finally:
            os.close(fd)
        try:
            (magic, version, _flags, self.pid, self.tid, self.capacity, _, _, self.birth_ns,
             self.thread) = wire.HEADER.unpack_from(self._map)  # fmt: skip
            if magic != wire.MAGIC or version != wire.VERSION:
                raise ValueError(f"{path} is no ring of version {wire.VERSION}")
            size = wire.HEADER_SIZE + self.capacity * wire.SLOT_SIZE
            if not self.capacity or size > len(self._map):
                raise ValueError(f"{path} is shorter than its {self.capacity} slots")
        except Exception:
            self._map.close()
            raise
        self._tail = 0
        self._resync = False
        #: What was read in great pieces, see ``RingsReader.take_sealed``.
        self.sealed: list[Sealed] = []

    def _head(self) -> int:
        return int(wire.HEAD.unpack_from(self._map, wire.HEAD_OFFSET)[0])

    def _followed(self) -> bool:
        (flags,) = wire.FLAGS.unpack_from(self._map, wire.FLAGS_OFFSET)
        return bool(flags & wire.FOLLOWED)

    def unread(self) -> bool:
        return self._head() != self._tail

    def read(self, now_ns: int) -> list[Record]:
        """The records written since the last read; what the writer overtook is one Dropped."""
        head, tail = self._head(), self._tail
        if head == tail:
            return []
        data, first = self._copy(tail, head)
        # The head again, after the copy: the writer may have come round meanwhile, and the slot
        # it is about to store lies where slot `again - capacity` was.
        again = self._head()
        safe = again - self.capacity + (1 if again != head or again > self.capacity else 0)
        if again == self.capacity and self._followed():
            safe = 0  # it is full, and its writer goes on in another
        lost = max(0, min(safe, head) - tail)
        if lost:
            self._resync = True
            data = data[max(0, safe - first) * wire.SLOT_SIZE :]
            first = max(first, safe)
        if self._resync:
            rest = self._rest_of_text(data, now_ns)
            data = data[rest * wire.SLOT_SIZE :]
            first += rest
        if len(data) >= SEALED_SLOTS * wire.SLOT_SIZE:
            records, used = self._seal(data)
        else:
            records, used = self._decode(data)
        self._tail = min(head, first + used) if data else head
        if lost:
            records.insert(0, Dropped(now_ns, "probe", lost, self.pid, self.tid))
        return records

    def _copy(self, tail: int, head: int) -> tuple[bytes, int]:
        """The slots from ``tail`` (or the oldest kept) to ``head``, and the first's number."""
        first = max(tail, head - self.capacity)
        begin, end = first % self.capacity, head % self.capacity
        start, size = wire.HEADER_SIZE, wire.SLOT_SIZE
        if begin < end:
            return self._map[start + begin * size : start + end * size], first
        tail_part = self._map[start + begin * size : start + self.capacity * size]
        return tail_part + self._map[start : start + end * size], first

    def _rest_of_text(self, data: bytes, now_ns: int) -> int:
        """How many slots after a loss are the rest of a text: they have no time of this run."""
        index = 0
        for t, kind, *_ in wire.SLOT.iter_unpack(data):
            if self.birth_ns <= t <= now_ns and (kind & ~_TEXT) in _KINDS:
                self._resync = False
                break
            index += 1
        return index

    def _seal(self, data: bytes) -> tuple[list[Record], int]:
        """Like ``_decode``, but what it can puts off: such parts go to ``sealed``.

        A part is put off when no slot has a text, or may be the rest of one, and the times, which
        lie at the beginning of each slot, are in order.
        """
        size = SEALED_SLOTS * wire.SLOT_SIZE
        for begin in range(0, len(data), size):
            part = data[begin : begin + size]
            words = array("Q", part)
            if sys.byteorder == "big":
                words.byteswap()
            times = words[:: wire.SLOT_SIZE // words.itemsize].tolist()
            if max(part[_TEXT_BYTE :: wire.SLOT_SIZE]) >= _TEXT >> 8 or times != sorted(times):
                records, used = self._decode(data[begin:])
                return records, begin // wire.SLOT_SIZE + used
            decode = partial(_plain, part, self.pid, self.tid, self.thread)
            self.sealed.append(Sealed(times[0], times[-1], len(times), decode))
        return [], len(data) // wire.SLOT_SIZE

    def _decode(self, data: bytes) -> tuple[list[Record], int]:
        """The records in whole slots, and how many slots they took (a cut text is left over)."""
        records: list[Record] = []
        add, new = records.append, tuple.__new__  # what a named tuple's own call does in the end
        pid, tid, thread = self.pid, self.tid, self.thread
        slots = wire.SLOT.iter_unpack(data)
        others = 0  # slots that are no record
        for t, kind, aux, a, b, c in slots:
            if kind & _TEXT:
                used = len(records) + others
                text = self._text(data, (used + 1) * wire.SLOT_SIZE)
                if text is None:
                    return records, used
                value, count = text
                others += count
                for _ in range(count):
                    next(slots)
                add(ProbeRecord(t, pid, tid, thread, kind & ~_TEXT, aux, a, b, c, value))
            else:
                add(new(ProbeRecord, (t, pid, tid, thread, kind, aux, a, b, c, "")))
        return records, len(records) + others

    @staticmethod
    def _text(data: bytes, offset: int) -> tuple[str, int] | None:
        """The text at ``offset`` and the slots it takes; None when they are not all there."""
        if offset + wire.TEXT_LENGTH.size > len(data):
            return None
        (length,) = wire.TEXT_LENGTH.unpack_from(data, offset)
        slots = -(-(wire.TEXT_LENGTH.size + length) // wire.SLOT_SIZE)
        if offset + slots * wire.SLOT_SIZE > len(data):
            return None
        start = offset + wire.TEXT_LENGTH.size
        return data[start : start + length].decode(errors="replace"), slots

    def close(self) -> None:
        self._map.close()


def _plain(data: bytes, pid: int, tid: int, thread: int) -> list[Record]:
    """The records in slots of which none has a text."""
    new = tuple.__new__  # what a named tuple's own call does in the end
    return [
        new(ProbeRecord, (t, pid, tid, thread, kind, aux, a, b, c, ""))
        for t, kind, aux, a, b, c in wire.SLOT.iter_unpack(data)
    ]


class RingsReader:
    """All rings of a run, found in ``folder`` as threads make them.

    A ring whose thread is gone is read to its end, then removed; so a long run that starts
    many threads keeps few files.
    """

    name = "probe"

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._rings: dict[str, RingFile] = {}
        self._mtime_ns = -1
        self._gone_check_ns = 0
        self._sealed: list[Sealed] = []
        self.seen = 0  # rings found so far

    def poll(self, now_ns: int | None = None) -> list[Record]:
        """New records of all rings, each thread's in order (not merged by time)."""
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        self._discover()
        records: list[Record] = []
        for ring in self._rings.values():
            if ring.unread():
                records += ring.read(now_ns)
                if ring.sealed:
                    self._sealed += ring.sealed
                    ring.sealed = []
        if now_ns - self._gone_check_ns >= _GONE_CHECK_NS:
            self._gone_check_ns = now_ns
            records += self._remove_finished(now_ns)
        return records

    def take_sealed(self) -> list[Sealed]:
        """What was read since the last call and is not among the records that ``poll`` gave."""
        sealed, self._sealed = self._sealed, []
        return sealed

    def _discover(self) -> None:
        try:
            mtime = os.stat(self._folder).st_mtime_ns
        except FileNotFoundError:
            return
        if mtime == self._mtime_ns:
            return
        pending = False
        with os.scandir(self._folder) as entries:
            names = [entry.name for entry in entries if _NAME.fullmatch(entry.name)]
        for name in names:
            if name in self._rings:
                continue
            try:
                self._rings[name] = RingFile(os.path.join(self._folder, name))
                self.seen += 1
            except (OSError, ValueError):
                pending = True  # being made, or foreign: look again next time
        settled = time.time_ns() - mtime > _SETTLE_NS
        self._mtime_ns = mtime if settled and not pending else -1

    def _remove_finished(self, now_ns: int) -> list[Record]:
        newest: dict[tuple[int, int], int] = {}
        for ring in self._rings.values():
            key = ring.pid, ring.tid
            newest[key] = max(newest.get(key, 0), ring.birth_ns)
        records: list[Record] = []
        for name, ring in list(self._rings.items()):
            superseded = ring.birth_ns < newest[ring.pid, ring.tid]
            if superseded or not os.path.exists(f"/proc/{ring.pid}/task/{ring.tid}"):
                records += ring.read(now_ns)  # nobody writes any more: this is its end
                self._sealed += ring.sealed
                ring.close()
                del self._rings[name]
                try:
                    os.unlink(ring.path)
                except FileNotFoundError:
                    continue
        return records

    def close(self) -> None:
        for ring in self._rings.values():
            ring.close()
        self._rings.clear()
