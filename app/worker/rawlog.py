"""The raw log: every record the worker fed to fusion, one JSON line each, to replay in tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, get_args

from app.timeline.probe_records import TYPES, ProbeRecord
from app.timeline.records import OutputChunk, Record, ThreadBorn, ThreadGone, ThreadNamed

VARIABLE = "TIMESLICE_RAW_LOG"

#: Raw logs keep the kernel's word for these, so that those of earlier versions can be read.
_KERNEL_NAMES: dict[Any, str] = {
    ThreadBorn: "TaskNew",
    ThreadGone: "TaskExit",
    ThreadNamed: "TaskComm",
}
_NAMES = {kind: _KERNEL_NAMES.get(kind, kind.__name__) for kind in get_args(Record)}
_KINDS = {name: kind for kind, name in _NAMES.items()}
# The probe's have the number of their kind with them.
_NAMES |= dict.fromkeys(TYPES.values(), ProbeRecord.__name__)


class RawLog:
    """Keeps what is written and puts it into ``path``, which is made at once, at ``close``.

    Turning a record into text takes longer than fusing it. Done during the run, it would keep the
    worker from reading the rings in time.
    """

    def __init__(self, path: str | Path) -> None:
        self._file: IO[str] = open(path, "w", encoding="utf-8")  # noqa: SIM115 - lives on
        self._records: list[Record] = []

    def write(self, records: Iterable[Record]) -> None:
        self._records += records

    def close(self) -> None:
        with self._file as file:
            for record in self._records:
                fields: list[Any] = list(record)
                if isinstance(record, OutputChunk):
                    fields[2] = record.data.decode("latin-1")
                file.write(json.dumps([_NAMES[type(record)], *fields]) + "\n")


def read(path: str | Path) -> list[Record]:
    """The records of a raw log, in the order they were fed.

    Raises ValueError naming the line that is none.
    """
    records: list[Record] = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                name, *fields = json.loads(line)
                if name == "OutputChunk":
                    fields[2] = fields[2].encode("latin-1")
                records.append(_KINDS[name](*fields))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}, line {number}: no record of a raw log") from error
    return records
