"""The recording of one run: an SQLite file of compressed frames, readable while it is written.

Tables: ``meta(key, value)`` holds JSON values (``format``, ``run``, ``program``, ``ended``),
``frames(seq, now_ns, data)`` one zlib-compressed frame a row, ``overview(data)`` the whole run as
one snapshot, written at the end. Only a recording with an ``ended`` entry is complete.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Self

from app.errors import BadFrame, BadRecording, NotFound, RecordingFailed
from app.timeline import frames as codec
from app.timeline.merge import merge_encoded
from app.timeline.timeline import Timeline

FORMAT = 1
#: "TSLC": marks the file as ours (SQLite's application_id, read by ``file``).
APPLICATION_ID = 0x54534C43
#: What a kill -9 may lose at most.
COMMIT_EVERY_S = 0.2
SUFFIX = ".timeslice"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE frames (seq INTEGER PRIMARY KEY, now_ns INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE overview (id INTEGER PRIMARY KEY CHECK (id = 0), data BLOB NOT NULL);
"""


class Recording:
    """One recording file. Made by ``create`` for writing or by ``open`` for reading.

    Calls must not overlap; the thread may differ from call to call.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._db = connection
        self._clock = clock
        self._committed_at = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing -------------------------------------------------------------------------------

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
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
            db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            # The write-ahead log survives the death of the process at any instant, without an
            # fsync for each commit: https://www.sqlite.org/wal.html
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.executescript("BEGIN;" + _SCHEMA)
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

        Raises RecordingFailed (disk full, quota, file gone).
        """
        self.extend([frame])

    def extend(self, frames: Iterable[bytes]) -> None:
        """Add encoded frames in order; commits when the last commit is long enough ago."""
        try:
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
            for frame in frames:
                _, _, _, _, seq, _, _, now = codec.HEADER.unpack_from(frame)
                self._db.execute(
                    "INSERT INTO frames VALUES (?, ?, ?)", (seq, int(now), zlib.compress(frame, 3))
                )
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
        """Commit, add the overview and mark the recording as whole; ``ended`` goes to its meta."""
        self.commit()
        try:
            overview = self._merged()
            self._db.execute("BEGIN")
            if overview is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO overview VALUES (0, ?)", (zlib.compress(overview, 6),)
                )
            self._set("ended", ended)
            self._db.execute("COMMIT")
            # From now on the file stands alone: no -wal or -shm beside it.
            self._db.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error

    def close(self) -> None:
        """Commit what is left and let the file go. Raises RecordingFailed like ``commit``."""
        try:
            self.commit()
        finally:
            self._db.close()

    def _set(self, key: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))

    # --- reading -------------------------------------------------------------------------------

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """The recording in ``path``, to read; also one whose writer was killed.

        Raises NotFound without the file, BadRecording for a damaged or foreign one.
        """
        path = Path(path)
        if not path.is_file():
            raise NotFound("There is no recording {path}.", path=path)
        db = _connect(path)
        recording = cls(path, db)
        try:
            (application_id,) = db.execute("PRAGMA application_id").fetchone()
            version = recording._get("format") if application_id == APPLICATION_ID else None
        except (sqlite3.Error, ValueError) as error:
            db.close()
            raise _bad(path, error) from error
        if version != FORMAT:
            db.close()
            if version is None:
                raise BadRecording("{path} is no Timeslice recording.", path=path)
            raise BadRecording(
                "{path} is a recording of format {version}; this Timeslice reads format {known}.",
                path=path,
                version=version,
                known=FORMAT,
            )
        return recording

    @property
    def run(self) -> dict[str, Any]:
        """What was known of the run when the recording was made."""
        return dict(self._read("run", {}))

    @property
    def program(self) -> str:
        """The text of the program as it ran."""
        return str(self._read("program", ""))

    @property
    def ended(self) -> dict[str, Any] | None:
        """What ``finish`` was given; None when the run is going on or was interrupted."""
        value: dict[str, Any] | None = self._read("ended", None)
        return value

    @property
    def last_ns(self) -> int | None:
        """How far the picture goes; None without a frame."""
        try:
            row = self._db.execute("SELECT max(now_ns) FROM frames").fetchone()
        except sqlite3.Error as error:
            raise _bad(self.path, error) from error
        return None if row[0] is None else int(row[0])

    def frames(self, from_seq: int = 0) -> Iterator[bytes]:
        """The encoded frames from this sequence number on, in order."""
        try:
            for (data,) in self._db.execute(
                "SELECT data FROM frames WHERE seq >= ? ORDER BY seq", (from_seq,)
            ):
                yield zlib.decompress(data)
        except (sqlite3.Error, zlib.error, TypeError) as error:
            raise _bad(self.path, error) from error

    def snapshot(self) -> bytes | None:
        """The whole run as one encoded snapshot frame; None when it has no frame yet."""
        try:
            row = self._db.execute("SELECT data FROM overview").fetchone()
            return zlib.decompress(row[0]) if row else self._merged()
        except (sqlite3.Error, zlib.error, TypeError) as error:
            raise _bad(self.path, error) from error

    def timeline(self) -> Timeline:
        """All that the recording says. Raises BadRecording when it is damaged."""
        snapshot = self.snapshot()
        try:
            return Timeline([codec.decode(snapshot)] if snapshot else ())
        except BadFrame as error:
            raise _bad(self.path, error) from error

    def _merged(self) -> bytes | None:
        frames = self.frames()
        first = next(frames, None)
        if first is None:
            return None
        try:
            return merge_encoded(chain([first], frames))
        except BadFrame as error:
            raise _bad(self.path, error) from error

    def _read(self, key: str, default: Any) -> Any:
        try:
            value = self._get(key)
        except (sqlite3.Error, ValueError) as error:
            raise _bad(self.path, error) from error
        return default if value is None else value

    def _get(self, key: str) -> Any:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None


def _connect(path: Path) -> sqlite3.Connection:
    """Read-write first: a killed writer's log is folded in by the next opener that may write."""
    failure: sqlite3.Error | None = None
    for options in ("mode=rw", "mode=ro", "immutable=1"):
        uri = f"{path.absolute().as_uri()}?{options}"
        db = None
        try:
            db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return db
        except sqlite3.Error as error:
            failure = error
            if db is not None:
                db.close()
    assert failure is not None
    raise _bad(path, failure)


def _failed(path: Path, error: Exception) -> RecordingFailed:
    return RecordingFailed(
        "The run can't be recorded in {path}: {why}. It goes on without its recording.",
        path=path,
        why=str(error).rstrip("."),
    )


def _bad(path: Path, error: Exception) -> BadRecording:
    return BadRecording(
        "{path} is no Timeslice recording, or is damaged: {why}.",
        path=path,
        why=str(error).rstrip("."),
    )
