"""``frames.merge`` on encoded frames, by columns: a million rows without an object for each."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.timeline.frames import (
    FLOW_COLUMNS,
    HEADER,
    MAGIC,
    SLICE_COLUMNS,
    SNAPSHOT,
    VERSION,
    Frame,
    merge,
    read,
    wire_bytes,
)
from app.timeline.model import OPEN

Columns = dict[str, Sequence[Any]]


def merge_encoded(encoded: Iterable[bytes]) -> bytes:
    """``encode(merge(map(decode, encoded)))``, several times faster and in a third of the memory.

    Raises BadFrame; but the codes of states are copied unseen.
    """
    rows = _Rows()
    folded = merge(_heads(encoded, rows))
    rows.settle()
    head = {**folded.head, "rows": [len(rows.slices["track"]), len(rows.flows["kind"])]}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    parts = [text, *_wire(rows.slices, SLICE_COLUMNS), *_wire(rows.flows, FLOW_COLUMNS)]
    length = HEADER.size + sum(map(len, parts))
    header = HEADER.pack(
        length, MAGIC, VERSION, SNAPSHOT, folded.seq, len(text), 0, float(folded.now_ns)
    )
    return b"".join([header, *parts])


def _heads(encoded: Iterable[bytes], rows: _Rows) -> Iterator[Frame]:
    """The frames without their rows, which go into ``rows`` as they pass."""
    for data in encoded:
        frame, slices, flows = read(data)
        if frame.snapshot:
            rows.clear()
        if not (frame.snapshot and rows.begin(slices, flows)):
            rows.add(slices, flows)
        yield frame


class _Rows:
    """Closed rows in order, and each track's open row aside until it is replaced."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.slices: dict[str, array[Any]] = {name: array(code) for name, code in SLICE_COLUMNS}
        self.flows: dict[str, array[Any]] = {name: array(code) for name, code in FLOW_COLUMNS}
        self._opened: dict[int, tuple[float, Columns, int]] = {}

    def begin(self, slices: Columns, flows: Columns) -> bool:
        """Takes the rows of what was merged before, without a look at each of them.

        False if they are not as ``settle`` leaves them, the open ones last.
        """
        ends = slices["end_ns"]
        still = ends.count(OPEN)
        closed = len(ends) - still
        if still and ends.index(OPEN) != closed:
            return False
        self._copy(slices, 0, closed)
        for index in range(closed, len(ends)):
            self._opened[slices["track"][index]] = (slices["start_ns"][index], slices, index)
        for name, column in self.flows.items():
            column.extend(flows[name])
        return True

    def add(self, slices: Columns, flows: Columns) -> None:
        opened = self._opened
        copied = 0
        tracks, starts, ends = slices["track"], slices["start_ns"], slices["end_ns"]
        for index, (track, start, end) in enumerate(zip(tracks, starts, ends, strict=True)):
            if end == OPEN:
                self._copy(slices, copied, index)
                copied = index + 1
                opened[track] = (start, slices, index)
            elif track in opened and opened[track][0] <= start:
                del opened[track]
        self._copy(slices, copied, len(tracks))
        for name, column in self.flows.items():
            column.extend(flows[name])

    def settle(self) -> None:
        """The rows that are open still come last."""
        for _, slices, index in self._opened.values():
            self._copy(slices, index, index + 1)

    def _copy(self, slices: Columns, begin: int, end: int) -> None:
        if begin < end:
            for name, column in self.slices.items():
                column.extend(slices[name][begin:end])


def _wire(columns: dict[str, array[Any]], order: tuple[tuple[str, str], ...]) -> list[bytes]:
    return [wire_bytes(columns[name]) for name, _ in order] if columns[order[0][0]] else []
