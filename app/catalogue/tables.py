"""A parameter that is a table, as a line of text, as JSON, and as a form sends it.

The command line and addresses hold it as a line: rows are separated by ``;``, cells by blanks, and
default values at the end of a row are left out: ``A 0 3; B 1 2``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Unpack

from app.locale.languages import Translations
from app.locale.text import Text

#: A row's cells by column; a row without cells is one of the form that was not filled in.
RawRow = dict[str, object]


class Refused(ValueError):
    """A value is refused; ``why`` says why. The validators of a scenario raise it."""

    def __init__(self, *, en: str, **others: Unpack[Translations]) -> None:
        super().__init__(en)
        self.why = Text(en=en, **others)


def rows_of(raw: object, columns: Sequence[str]) -> list[RawRow]:
    """The rows of a line of text, or of a JSON list of lists or of objects.

    Blank cells are left out. Raises Refused for anything else, and for a row with too many cells.
    """
    if isinstance(raw, str):
        raw = [line.split() for line in raw.split(";")] if raw.strip() else []
    if not isinstance(raw, Sequence):
        raise _no_table(columns)
    return [_row(item, n, columns) for n, item in enumerate(raw, 1)]


def _row(item: object, n: int, columns: Sequence[str]) -> RawRow:
    if isinstance(item, Mapping):
        cells = {str(name): value for name, value in item.items()}
    elif isinstance(item, Sequence) and not isinstance(item, str):
        if len(item) > len(columns):
            names = ", ".join(columns)
            raise Refused(
                en=f"Row {n} has {len(item)} cells; it may have {len(columns)}: {names}.",
                zh=f"第 {n} 行有 {len(item)} 个单元格；至多 {len(columns)} 个：{names}。",
            )
        cells = dict(zip(columns, item, strict=False))
    else:
        raise _no_table(columns)
    return {name: value for name, value in cells.items() if value is not None and value != ""}


def _no_table(columns: Sequence[str]) -> Refused:
    names = ", ".join(columns)
    return Refused(
        en=f"It must be rows of {names}, such as A 0 3; B 1 2.",
        zh=f"应为若干行，每行依次为 {names}，例如 A 0 3; B 1 2。",
    )


def line_of(rows: Iterable[Sequence[object]], defaults: Sequence[object]) -> str:
    """The line of text for these rows."""
    return "; ".join(" ".join(map(str, shortened(list(row), defaults))) for row in rows)


def shortened(row: list[object], defaults: Sequence[object]) -> list[object]:
    """``row`` without default values at its end; the first cell always stays."""
    while len(row) > 1 and row[-1] == defaults[len(row) - 1]:
        row.pop()
    return row
