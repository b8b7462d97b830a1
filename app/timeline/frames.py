"""The frames codec: one binary columnar format for live view, recording, replay and export.

Layout, little-endian, 8-byte aligned so that a browser reads columns without parsing:

    0   u32  length of the whole frame, these bytes included
    4   4s   b"TSLF"
    8   u16  version
    10  u16  flags (SNAPSHOT: forget what came before)
    12  u32  sequence number
    16  u32  length of the head
    20  u32  zero
    24  f64  now_ns: the picture is true up to this time
    32  ...  head: JSON, padded with spaces to a multiple of 8
    ..  ...  columns of slices, then of flows, each padded with zeros to a multiple of 8

Times are f64: exact for integers below 2**53 ns (104 days).
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import BadFrame
from app.timeline.model import Flow, Slice
from app.timeline.states import Evidence, FlowKind, Reason, State

MAGIC = b"TSLF"
VERSION = 1
SNAPSHOT = 1

HEADER = struct.Struct("<I4sHHIIId")
assert HEADER.size == 32

#: (name, array typecode) in the order on the wire; the widest first.
SLICE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("start_ns", "d"),
    ("end_ns", "d"),
    ("track", "I"),
    ("object", "I"),
    ("holder", "I"),
    ("line", "I"),
    ("cpu", "h"),
    ("state", "B"),
    ("reason", "B"),
    ("evidence", "B"),
    ("reason_evidence", "B"),
)
FLOW_COLUMNS: tuple[tuple[str, str], ...] = (
    ("from_ns", "d"),
    ("to_ns", "d"),
    ("from_track", "I"),
    ("to_track", "I"),
    ("object", "I"),
    ("kind", "B"),
)

#: A frame larger than this is refused: no lawful frame comes near it.
MAX_FRAME = 1 << 30
#: Times are exact up to this.
_LATEST_NS = 1 << 53


@dataclass(slots=True)
class Frame:
    """A decoded frame. ``head`` holds JSON values, the entries of ``heads.HEAD``, each only when it
    has something new to say; rows are in wire order.
    """

    seq: int
    now_ns: int
    head: dict[str, Any] = field(default_factory=dict)
    slices: list[Slice] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    snapshot: bool = False


def encode(frame: Frame) -> bytes:
    """The frame's bytes, length prefix included."""
    columns = _columns(frame.slices, Slice._fields, SLICE_COLUMNS)
    columns += _columns(frame.flows, Flow._fields, FLOW_COLUMNS)
    return framed(frame, [len(frame.slices), len(frame.flows)], columns)


def framed(frame: Frame, rows: list[int], columns: list[bytes]) -> bytes:
    """The bytes of a frame whose rows are given as columns; ``rows`` counts slices and flows."""
    head = {**frame.head, "rows": rows}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    length = HEADER.size + len(text) + sum(map(len, columns))
    flags = SNAPSHOT if frame.snapshot else 0
    header = HEADER.pack(
        length, MAGIC, VERSION, flags, frame.seq, len(text), 0, float(frame.now_ns)
    )
    return b"".join([header, text, *columns])


def decode(data: bytes | memoryview) -> Frame:
    """The frame in ``data``, which holds exactly one.

    Raises BadFrame when the bytes are no frame, are cut short, or are of another version.
    """
    return filled(*read(data))


def filled(
    frame: Frame, slices: dict[str, Sequence[Any]], flows: dict[str, Sequence[Any]]
) -> Frame:
    """The frame that ``read`` gave, with its rows in place. Raises BadFrame for unknown codes."""
    frame.slices = _slices(slices)
    frame.flows = _flows(flows)
    return frame


def _head(text: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value


def read(
    data: bytes | memoryview, parse: Callable[[bytes], dict[str, Any]] = _head
) -> tuple[Frame, dict[str, Sequence[Any]], dict[str, Sequence[Any]]]:
    """The frame without its rows, then the columns of its slices and of its flows, by name.

    ``parse`` makes the head of its JSON; it may raise ValueError. Raises BadFrame like ``decode``,
    but does not look at the rows' codes.
    """
    view = memoryview(data)
    length, _version, flags, seq, head_length, now = _header(view)
    if length != len(view):
        raise BadFrame(f"The frame says it has {length} bytes, but {len(view)} came.")
    offset = HEADER.size + head_length
    if offset > length:
        raise BadFrame("The frame's head is longer than the frame.")
    if head_length % 8:
        raise BadFrame("The frame's columns don't begin at a multiple of 8 bytes.")
    try:
        head = parse(bytes(view[HEADER.size : offset]))
        slice_rows, flow_rows = head.pop("rows")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadFrame("The frame's head is not the JSON object it should be.") from error
    slices, offset = _read_columns(view, offset, slice_rows, SLICE_COLUMNS)
    flows, offset = _read_columns(view, offset, flow_rows, FLOW_COLUMNS)
    if offset != length:
        raise BadFrame(f"The frame has {length - offset} bytes after its last column.")
    return Frame(seq, int(now), head, snapshot=bool(flags & SNAPSHOT)), slices, flows


def length(data: bytes | memoryview) -> int:
    """The length in bytes of the frame with this header. Raises BadFrame."""
    return _header(memoryview(data))[0]


def sequence(data: bytes | memoryview) -> int:
    """The sequence number of an encoded frame, without decoding the rest."""
    return _header(memoryview(data))[3]


class FrameReader:
    """Cuts a byte stream into encoded frames; no input or output of its own."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that ``data`` completes, in order. Raises BadFrame on foreign bytes."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length = _header(memoryview(bytes(self._buffer[: HEADER.size])))[0]
            if len(self._buffer) < length:
                return
            frame = bytes(self._buffer[:length])
            del self._buffer[:length]
            yield frame

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._buffer)


def _header(view: memoryview) -> tuple[int, int, int, int, int, float]:
    if len(view) < HEADER.size:
        raise BadFrame(f"A frame has at least {HEADER.size} bytes, but {len(view)} came.")
    length, magic, version, flags, seq, head_length, _, now = HEADER.unpack_from(view)
    if magic != MAGIC:
        raise BadFrame("These bytes are no Timeslice frame.")
    if version != VERSION:
        raise BadFrame(
            f"The frame is of version {version}; this Timeslice reads version {VERSION}."
        )
    if not HEADER.size <= length <= MAX_FRAME:
        raise BadFrame(f"A frame can't be {length} bytes long.")
    if not 0 <= now <= _LATEST_NS:  # neither is NaN
        raise BadFrame("The frame's time is none.")
    return length, version, flags, seq, head_length, now


def _columns(
    rows: Sequence[tuple[Any, ...]], fields: tuple[str, ...], columns: tuple[tuple[str, str], ...]
) -> list[bytes]:
    if not rows:
        return []
    # Each row is read only once, because they are scattered in memory.
    values = dict(zip(fields, zip(*rows, strict=True), strict=True))
    return [wire_bytes(array(code, values[name])) for name, code in columns]


def wire_bytes(column: array[Any]) -> bytes:
    """A column as it stands on the wire: little-endian, padded to a multiple of 8."""
    if sys.byteorder == "big":
        column.byteswap()
    data = column.tobytes()
    return data + bytes(-len(data) % 8)


def _read_columns(
    view: memoryview, offset: int, rows: int, columns: tuple[tuple[str, str], ...]
) -> tuple[dict[str, Sequence[Any]], int]:
    if type(rows) is not int or rows < 0:  # JSON's true is an int, too
        raise BadFrame("The frame's number of rows is not a count.")
    values: dict[str, Sequence[Any]] = {}
    for name, code in columns:
        column = array(code)
        size = rows * column.itemsize
        if offset + size > len(view):
            raise BadFrame(f"The frame is cut short in its column {name}.")
        column.frombytes(view[offset : offset + size])
        if sys.byteorder == "big":
            column.byteswap()
        values[name] = column
        offset += size + -size % 8
    return values, offset


def _slices(values: dict[str, Sequence[Any]]) -> list[Slice]:
    try:
        return [
            Slice(
                track, int(start), int(end), _STATES[state], _REASONS[reason], obj, holder, cpu,
                line, _EVIDENCE[evidence], _EVIDENCE[reason_evidence],
            )
            for start, end, track, obj, holder, line, cpu, state, reason, evidence,
            reason_evidence in zip(*(values[name] for name, _ in SLICE_COLUMNS), strict=True)
        ]  # fmt: skip
    except IndexError as error:
        raise BadFrame("The frame names a state that this Timeslice does not know.") from error


def _flows(values: dict[str, Sequence[Any]]) -> list[Flow]:
    try:
        return [
            Flow(_FLOW_KINDS[kind], from_track, int(from_ns), to_track, int(to_ns), obj)
            for from_ns, to_ns, from_track, to_track, obj, kind in zip(
                *(values[name] for name, _ in FLOW_COLUMNS), strict=True
            )
        ]
    except IndexError as error:
        raise BadFrame("The frame names an arrow that this Timeslice does not know.") from error


_STATES = list(State)
_REASONS = list(Reason)
_EVIDENCE = list(Evidence)
_FLOW_KINDS = list(FlowKind)
