"""Where in a program something happened: a line, and which of the program's files it is in.

Both travel as one number, the ``line`` of slices, objects and findings: the line in its low bits,
above them the file's number. File 0 is the program's own, so that a program of one file has plain
line numbers; the others are listed by name in the head's ``files``, the first of them being 1.
"""

from __future__ import annotations

from collections.abc import Sequence

LINE_BITS = 20
_LINE = (1 << LINE_BITS) - 1
#: As many other files as the column, 32 bits, has room for.
MOST_FILES = (1 << (32 - LINE_BITS)) - 1


def place(file: int, line: int) -> int:
    """One number for both; 0, no place, for what does not fit."""
    return file << LINE_BITS | line if line <= _LINE and file <= MOST_FILES else 0


def line_of(place: int) -> int:
    return place & _LINE


def file_of(place: int, files: Sequence[str]) -> str | None:
    """The name of the file; None for the program's own."""
    number = place >> LINE_BITS
    return files[number - 1] if 0 < number <= len(files) else None


def spelled(place: int, files: Sequence[str]) -> str:
    """``12``, or ``helper.py:12`` for a line of another file than the program's own."""
    file = file_of(place, files)
    return f"{file}:{line_of(place)}" if file else str(line_of(place))
