"""The law of the open row: a track has at most one, its last, which its next row replaces.

Here it is for rows, one by one and in a list; ``merge`` has it for columns, and
``static/js/model/columns.js`` for the browser.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.timeline.model import OPEN, Slice


def add(rows: list[Slice], row: Slice) -> None:
    """Adds the next row of a track to its ``rows``."""
    if rows and rows[-1].end_ns == OPEN:
        rows[-1] = row
    else:
        rows.append(row)


def without_replaced(rows: Sequence[Slice]) -> list[Slice]:
    """Rows of any tracks in their order, without the open ones that a later row replaced."""
    last = {row.track: index for index, row in enumerate(rows)}
    return [row for index, row in enumerate(rows) if row.end_ns != OPEN or last[row.track] == index]
