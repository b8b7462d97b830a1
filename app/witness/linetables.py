"""Which line an instruction belongs to: the tables that CPython's compiler makes, in three forms.

CPython 3.9 has ``co_lnotab`` (Objects/lnotab_notes.txt), 3.10 ``co_linetable`` of PEP 626, later
ones that of PEP 657 (Objects/locations.md).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

#: An instruction that the compiler made and that belongs to no line.
_NONE = 0
_UNIT = 2  # bytes of an instruction, 3.6+
_NO_LINE_310 = -128
#: Kinds of entries in the table of PEP 657.
_SHORT, _ONE_LINE, _NO_COLUMNS, _LONG, _NOTHING = range(10), range(10, 13), 13, 14, 15
#: Columns follow the line in these: bytes, or varints.
_LONG_VARINTS = 3


class Span(NamedTuple):
    """The instructions from byte ``start`` up to the next span are of ``line``; 0: of none."""

    start: int
    line: int


class Lines:
    """Lines by the offset of an instruction in bytes."""

    __slots__ = ("_lines", "_starts")

    def __init__(self, spans: list[Span]) -> None:
        self._starts = [span.start for span in spans]
        self._lines = [span.line for span in spans]

    def at(self, offset: int) -> int:
        """The line, or 0 if the instruction belongs to none or doesn't exist."""
        place = bisect_right(self._starts, offset) - 1
        return self._lines[place] if place >= 0 else _NONE


Decoder = Callable[[bytes, int], Iterator[Span]]


def of_lnotab(table: bytes, first: int) -> Iterator[Span]:
    """CPython 3.9: pairs of steps, of the address and of the line (signed)."""
    address, line = 0, first
    yield Span(0, first)
    for place in range(0, len(table) - 1, 2):
        address += table[place]
        line += _signed(table[place + 1])
        yield Span(address, line)


def of_pep626(table: bytes, first: int) -> Iterator[Span]:
    """CPython 3.10: pairs of a length and of a step of the line (signed)."""
    address, line = 0, first
    for place in range(0, len(table) - 1, 2):
        step = _signed(table[place + 1])
        if step != _NO_LINE_310:
            line += step
        if table[place]:
            yield Span(address, _NONE if step == _NO_LINE_310 else line)
        address += table[place]
    yield Span(address, _NONE)


def of_pep657(table: bytes, first: int) -> Iterator[Span]:
    """CPython 3.11 and newer: entries of several bytes, the first of which has its top bit set.

    Raises IndexError for a table that is cut short.
    """
    address, line, place = 0, first, 0
    while place < len(table):
        kind, length = table[place] >> 3 & 15, (table[place] & 7) + 1
        place += 1
        if kind in _SHORT:
            place += 1
        elif kind in _ONE_LINE:
            line += kind - _ONE_LINE.start
            place += 2
        elif kind != _NOTHING:
            step, place = _varint(table, place)
            line += -(step >> 1) if step & 1 else step >> 1
            if kind == _LONG:
                for _ in range(_LONG_VARINTS):
                    _, place = _varint(table, place)
        yield Span(address, _NONE if kind == _NOTHING else line)
        address += _UNIT * length
    yield Span(address, _NONE)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _varint(table: bytes, place: int) -> tuple[int, int]:
    """A number of six bits a byte, the lowest first; and where the next entry begins."""
    value = shift = 0
    while True:
        byte = table[place]
        place += 1
        value |= (byte & 63) << shift
        shift += 6
        if not byte & 64:
            return value, place
