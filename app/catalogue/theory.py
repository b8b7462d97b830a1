"""What a textbook says of a run, to be shown next to what the run did.

It is computed, not measured, and is marked so wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.locale.text import Text

#: Start and end in nanoseconds since the chart's own start.
Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One row of the chart: by the textbook, and in the run."""

    name: str
    book: list[Stretch]
    run: list[Stretch]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the table: for each column the textbook's time and the run's, in nanoseconds."""

    name: Text
    cells: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Theory:
    title: Text
    book: Text  # what the computed part is called, e.g. textbook
    lanes: list[ChartRow]
    columns: list[Text]
    rows: list[TableRow]
    note: Text

    def json(self) -> dict[str, Any]:
        """As in a frame's head: texts by language, times in whole nanoseconds."""
        return {
            "title": self.title.json(),
            "book": self.book.json(),
            "lanes": [
                {"name": lane.name, "book": lane.book, "run": lane.run} for lane in self.lanes
            ],
            "columns": [column.json() for column in self.columns],
            "rows": [
                {
                    "name": row.name.json(),
                    "cells": [[round(book), round(run)] for book, run in row.cells],
                }
                for row in self.rows
            ],
            "note": self.note.json(),
        }
