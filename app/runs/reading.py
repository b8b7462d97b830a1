"""Reads recordings, for the pages, the JSON interface, exports and the terminal alike.

A recording may come from anywhere, so everything is checked before it is handed on: the file by
``database``, the meta and the heads by ``schema``, the columns by ``timeline.ranges``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter

from app.errors import BadFrame, BadRecording, RecordingTooLong
from app.runs import schema
from app.runs.database import FAULTS, bad, connect
from app.runs.unpacking import MOST_FRAME, unpacked
from app.timeline import frames as codec
from app.timeline import ranges
from app.timeline.frames import Frame
from app.timeline.merge import merge_encoded
from app.timeline.timeline import Timeline

FORMAT = 1
#: More rows would take gigabytes as objects; a page reads them by columns.
MOST_ROWS = 1_000_000
_MOST_META = 1 << 20
_MOST_PROGRAM = 8 << 20  # 1 MiB of text; each letter may take six bytes in JSON

T = TypeVar("T")


def checked(encoded: bytes) -> bytes:
    """The same frame, after everything in it was checked. Raises BadFrame."""
    _, slices, flows = codec.read(encoded, schema.head)
    ranges.check(slices, flows)
    return encoded


def decoded(encoded: bytes) -> Frame:
    """The frame as objects. Raises BadFrame, RecordingTooLong."""
    frame, slices, flows = codec.read(encoded, schema.head)
    ranges.check(slices, flows)
    if len(slices["track"]) + len(flows["kind"]) > MOST_ROWS:
        raise too_long()
    return codec.filled(frame, slices, flows)


def folded(snapshot: bytes | None) -> Timeline:
    """The timeline of a run's snapshot. Raises BadFrame, RecordingTooLong."""
    return Timeline([decoded(snapshot)] if snapshot else ())


def too_long() -> RecordingTooLong:
    return RecordingTooLong(
        "The run is too long to be given in one piece: its page shows it, and a shorter run of the "
        "same program can be exported."
    )


class Reading:
    """One recording, open for reading: see ``open``.

    Calls must not overlap, but may come from different threads.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open the recording in ``path``, even if its writer was killed.

        Raises NotFound if there is no file, BadRecording if it is damaged or no recording.
        """
        path = Path(path)
        recording = cls(path, connect(path))
        try:
            version = recording._read("format", schema.FORMAT, 100, None)
        except BaseException:
            recording._db.close()
            raise
        if version != FORMAT:
            recording._db.close()
            if version is None:
                raise BadRecording("{path} is no Timeslice recording.", path=path.name)
            raise BadRecording(
                "{path} is a recording of format {version}; this Timeslice reads format {known}.",
                path=path.name,
                version=version,
                known=FORMAT,
            )
        return recording

    def close(self) -> None:
        self._db.close()

    @property
    def run(self) -> dict[str, Any]:
        """What was known of the run when the recording was made."""
        value = self._read("run", schema.RUN, _MOST_META, None)
        return dict(value or {})

    @property
    def program(self) -> str:
        """The text of the program as it ran."""
        return self._read("program", schema.PROGRAM, _MOST_PROGRAM, "")

    @property
    def ended(self) -> dict[str, Any] | None:
        """What ``finish`` was given; None when the run is going on or was interrupted."""
        value = self._read("ended", schema.ENDED, _MOST_META, None)
        return None if value is None else dict(value)

    @property
    def last_ns(self) -> int | None:
        """How far the picture goes; None without a frame."""
        try:
            row = self._db.execute("SELECT now_ns FROM frames ORDER BY seq DESC LIMIT 1").fetchone()
        except FAULTS as error:
            raise bad(self.path, error) from error
        if row is None:
            return None
        if not isinstance(row[0], int) or not 0 <= row[0] <= ranges.LATEST_NS:
            raise BadRecording(
                "{path} is damaged: the time of a frame is none.", path=self.path.name
            )
        return row[0]

    def frames(self, from_seq: int = 0) -> Iterator[bytes]:
        """The encoded frames from this sequence number on, in order."""
        last = from_seq - 1
        try:
            for seq, data in self._db.execute(
                "SELECT seq, data FROM frames WHERE seq >= ? ORDER BY seq", (from_seq,)
            ):
                frame = checked(unpacked(data))
                if seq <= last or codec.sequence(frame) != seq:
                    raise BadFrame("A frame has another number than its row, or comes twice.")
                last = seq
                yield frame
        except (*FAULTS, BadFrame) as error:
            raise bad(self.path, error) from error

    def snapshot(self) -> bytes | None:
        """The whole run as one encoded snapshot frame; None when it has no frame yet.

        Raises RecordingTooLong for a run that does not fit into one; its ``frames`` can be read.
        """
        try:
            row = self._db.execute("SELECT data FROM overview").fetchone()
            if row is None:
                return self._merged()
            return checked(unpacked(row[0]))
        except (*FAULTS, BadFrame) as error:
            raise bad(self.path, error) from error

    def timeline(self) -> Timeline:
        """All that the recording says. Raises BadRecording when it is damaged."""
        try:
            row = self._db.execute("SELECT data FROM overview").fetchone()
            return folded(unpacked(row[0]) if row else self._merged())
        except (*FAULTS, BadFrame) as error:
            raise bad(self.path, error) from error

    def _merged(self) -> bytes | None:
        """Raises RecordingTooLong as soon as that is known."""
        frames = self.frames()
        first = next(frames, None)
        if first is None:
            return None
        try:
            merged = merge_encoded(_bounded(chain([first], frames)))
            if len(merged) > MOST_FRAME:
                raise too_long()
            return checked(merged)
        except (BadFrame, ValueError) as error:
            raise bad(self.path, error) from error

    def _read(self, key: str, adapter: TypeAdapter[T], most: int, default: T) -> T:
        try:
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            if row is None:
                return default
            if not isinstance(row[0], str):
                raise ValueError(f"{key} is no text")
            return schema.parsed(adapter, row[0], most)
        except (sqlite3.Error, ValueError) as error:
            raise bad(self.path, error) from error


def _bounded(frames: Iterator[bytes]) -> Iterator[bytes]:
    """The frames, as long as they are not too long together. Open rows are sent repeatedly, so the
    merged frame is shorter than its parts."""
    total = 0
    for frame in frames:
        total += len(frame)
        if total > 2 * MOST_FRAME:
            raise too_long()
        yield frame
