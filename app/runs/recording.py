"""The recording of one run: an SQLite file of compressed frames, readable while it is written.

Tables: ``meta(key, value)`` holds JSON values (``format``, ``run``, ``program``, ``ended``),
``frames(seq, now_ns, data)`` one zlib-compressed frame per row, ``overview(data)`` the whole run
as one snapshot, written at the end. Only a recording with an ``ended`` entry is complete.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from app.errors import BadRecording, RecordingFailed, RecordingTooLong
from app.runs.database import APPLICATION_ID, MOST_BYTES, TABLES
from app.runs.reading import FORMAT, Reading
from app.timeline import frames as codec

#: The most that is lost if the process is killed.
COMMIT_EVERY_S = 0.2
SUFFIX = ".timeslice"


class Recording(Reading):
    """One recording file. Made by ``create`` for writing or by ``open`` for reading."""

    #: Of compressed frames; the overview has room beside them in what a reader takes.
    most_bytes = MOST_BYTES * 7 // 10

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(path, connection)
        self._clock = clock
        self._committed_at = clock()
        self._bytes = 0

    @classmethod
    def create(
        cls,
        path: Path | str,
        run: dict[str, Any],
        program: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """A new file for ``run`` (JSON values; ``id`` and ``scenario`` at least).

        Raises RecordingFailed when the file can't be made or is there already.
        """
        path = Path(path)
        db: sqlite3.Connection | None = None
        try:
            path.touch(exist_ok=False)
            db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            # The write-ahead log survives the death of the process at any instant, without an
            # fsync for each commit: https://www.sqlite.org/wal.html
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.executescript(";".join(["BEGIN", *TABLES.values()]))
            recording = cls(path, db, clock)
            for key, value in (("format", FORMAT), ("run", run), ("program", program)):
                recording._set(key, value)
            db.execute("COMMIT")
        except FileExistsError:
            raise RecordingFailed(
                "The recording {path} exists already; choose another name.", path=path
            ) from None
        except (OSError, sqlite3.Error) as error:
            if db is not None:
                db.close()
            raise _failed(path, error) from error
        return recording

    def append(self, frame: bytes) -> None:
        """Add one encoded frame; committed at most ``COMMIT_EVERY_S`` later by the next call.

        Raises RecordingFailed (disk full, file gone, more bytes than a recording may have).
        """
        self.extend([frame])

    def extend(self, frames: Iterable[bytes]) -> None:
        """Add encoded frames in order; commits when the last commit is long enough ago."""
        try:
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
            for frame in frames:
                _, _, _, _, seq, _, _, now = codec.HEADER.unpack_from(frame)
                data = zlib.compress(frame, 3)
                self._bytes += len(data)
                if self._bytes > self.most_bytes:
                    raise _full(self.path, self.most_bytes)
                self._db.execute("INSERT INTO frames VALUES (?, ?, ?)", (seq, int(now), data))
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error
        if self._clock() - self._committed_at >= COMMIT_EVERY_S:
            self.commit()

    def commit(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error
        self._committed_at = self._clock()

    def finish(self, **ended: Any) -> None:
        """Commit, add the overview and mark the recording as whole; ``ended`` goes to its meta.

        A run that is too long for an overview is complete without one. Raises RecordingFailed if
        the recording can't be read back.
        """
        self.commit()
        overview = None
        try:
            with contextlib.suppress(RecordingTooLong):
                overview = self._merged()
            self._db.execute("BEGIN")
            if overview is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO overview VALUES (0, ?)", (zlib.compress(overview, 6),)
                )
            self._set("ended", ended)
            self._db.execute("COMMIT")
            # From now on the recording is one file, without -wal and -shm.
            self._db.execute("PRAGMA journal_mode = DELETE")
        except (sqlite3.Error, BadRecording) as error:
            raise _failed(self.path, error) from error

    def close(self) -> None:
        """Commit the rest and close the file. Raises RecordingFailed like ``commit``."""
        try:
            self.commit()
        finally:
            self._db.close()

    def _set(self, key: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))


def _failed(path: Path, error: Exception) -> RecordingFailed:
    return RecordingFailed(
        "The run can't be recorded in {path}: {why}. It goes on without its recording.",
        path=path,
        why=str(error).rstrip("."),
    )


def _full(path: Path, most: int) -> RecordingFailed:
    return RecordingFailed(
        "The run can't be recorded in {path}: {why}. It goes on without its recording.",
        path=path,
        why=f"its recording has the {most >> 20} MiB that one may have",
    )
