"""Writes a ring as the probe does, after app/timeline/wire.py, for the reader's tests."""

from __future__ import annotations

import mmap
from pathlib import Path

from app.timeline import wire


class RingWriter:
    def __init__(
        self,
        folder: Path,
        pid: int,
        tid: int,
        capacity: int = 16,
        birth_ns: int = 1,
        number: int = 1,
        thread: int | None = None,
        flags: int = 0,
    ) -> None:
        self.path = folder / f"{wire.RING_PREFIX}{pid}-{tid}-{number}"
        self.capacity, self.head = capacity, 0
        size = wire.HEADER_SIZE + capacity * wire.SLOT_SIZE
        with open(self.path, "xb+") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        thread = number if thread is None else thread
        values = (flags, pid, tid, capacity, 0, 0, birth_ns, thread)
        wire.HEADER.pack_into(self._map, 0, wire.MAGIC, wire.VERSION, *values)

    def _slot(self, data: bytes) -> None:
        offset = wire.HEADER_SIZE + self.head % self.capacity * wire.SLOT_SIZE
        self._map[offset : offset + wire.SLOT_SIZE] = data.ljust(wire.SLOT_SIZE, b"\0")
        self.head += 1

    def write(self, t: int, kind: int, aux: int = 0, a: int = 0, b: int = 0, c: int = 0) -> None:
        self._slot(wire.SLOT.pack(t, kind, aux, a, b, c))
        self.publish()

    def write_text(self, t: int, kind: int, text: str, publish: bool = True) -> None:
        self._slot(wire.SLOT.pack(t, kind | wire.TEXT, 0, 0, 0, 0))
        if not publish:
            self.publish()
        data = text.encode()
        data = wire.TEXT_LENGTH.pack(len(data)) + data
        for start in range(0, len(data), wire.SLOT_SIZE):
            self._slot(data[start : start + wire.SLOT_SIZE])
        if publish:
            self.publish()

    def publish(self) -> None:
        wire.HEAD.pack_into(self._map, wire.HEAD_OFFSET, self.head)

    def close(self) -> None:
        self._map.close()
