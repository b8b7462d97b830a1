"""Many encoded frames as one, by columns: a million rows without an object for each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from app.timeline.frames import FLOW_COLUMNS, SLICE_COLUMNS, Frame, framed, read, wire_bytes
from app.timeline.heads import Fold
from app.timeline.model import OPEN

Columns = dict[str, Sequence[Any]]


def merge_encoded(encoded: Iterable[bytes]) -> bytes:
    """One snapshot that says what all frames of a run said: what a late viewer needs.

    The open rows come last; the sequence number is the last frame's. Raises BadFrame, but the codes
    of states are copied unseen.
    """
    rows, heads = _Rows(), Fold()
    seq = now_ns = 0
    for data in encoded:
        frame, slices, flows = read(data)
        if frame.snapshot:
            rows.clear()
            heads.clear()
        seq, now_ns = frame.seq, frame.now_ns
        heads.add(frame.head)
        if not (frame.snapshot and rows.begin(slices, flows)):
            rows.add(slices, flows)
    rows.settle()
    counts = [len(rows.slices["track"]), len(rows.flows["kind"])]
    columns = [*_wire(rows.slices, SLICE_COLUMNS), *_wire(rows.flows, FLOW_COLUMNS)]
    return framed(Frame(seq, now_ns, heads.head(), snapshot=True), counts, columns)


class _Rows:
    """Closed rows in order, and each track's open row aside until the track's next row replaces it:
    the law of ``app.timeline.rows`` for columns.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.slices: dict[str, array[Any]] = {name: array(code) for name, code in SLICE_COLUMNS}
        self.flows: dict[str, array[Any]] = {name: array(code) for name, code in FLOW_COLUMNS}
        self._opened: dict[int, tuple[Columns, int]] = {}

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
            self._opened[slices["track"][index]] = (slices, index)
        for name, column in self.flows.items():
            column.extend(flows[name])
        return True

    def add(self, slices: Columns, flows: Columns) -> None:
        opened = self._opened
        copied = 0
        tracks = slices["track"]
        for index, (track, end) in enumerate(zip(tracks, slices["end_ns"], strict=True)):
            if end == OPEN:
                self._copy(slices, copied, index)
                copied = index + 1
                opened[track] = (slices, index)
            elif track in opened:
                del opened[track]
        self._copy(slices, copied, len(tracks))
        for name, column in self.flows.items():
            column.extend(flows[name])

    def settle(self) -> None:
        """The rows that are open still come last."""
        for slices, index in self._opened.values():
            self._copy(slices, index, index + 1)

    def _copy(self, slices: Columns, begin: int, end: int) -> None:
        if begin < end:
            for name, column in self.slices.items():
                column.extend(slices[name][begin:end])


def _wire(columns: dict[str, array[Any]], order: tuple[tuple[str, str], ...]) -> list[bytes]:
    return [wire_bytes(columns[name]) for name, _ in order] if columns[order[0][0]] else []
