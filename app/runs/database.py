"""Opens an SQLite file that may be hostile, for reading only.

The defences follow https://www.sqlite.org/security.html. The file and its log must be plain files
of a bounded size. The connection is read-only, so no foreign journal is played back. The tables
must be our own to the letter, so no statement of the file's author ever runs. Lengths are bounded.
All that one opening reads is bounded in steps of SQLite's machine: a bound in time would depend on
what else the computer does.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from app.errors import BadRecording, NotFound

#: "TSLC": marks the file as ours (SQLite's application_id, read by ``file``).
APPLICATION_ID = 0x54534C43
#: The most that a recording may take on the disk, its log included.
MOST_BYTES = 256 << 20
#: The most that one value of a table may take, a compressed frame for one.
MOST_VALUE = 64 << 20

TABLES = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "frames": (
        "CREATE TABLE frames (seq INTEGER PRIMARY KEY, now_ns INTEGER NOT NULL, data BLOB NOT NULL)"
    ),
    "overview": (
        "CREATE TABLE overview (id INTEGER PRIMARY KEY CHECK (id = 0), data BLOB NOT NULL)"
    ),
}

_MAGIC = b"SQLite format 3\0"
#: Finding the three tables takes some hundred steps; a hostile file may name a million tables.
_STEPS_TO_OPEN = 10_000
#: Our own take some ten steps a frame; a tree of pages that leads back into itself never ends.
_STEPS_TO_READ = 8_000_000
_STEPS_A_LOOK = 1000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MOST_VALUE,
    sqlite3.SQLITE_LIMIT_COLUMN: 16,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 16,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 4,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
#: Errors of the machine, not of the file: https://www.sqlite.org/rescode.html. The low byte is the
#: primary code.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM,
    }
)  # fmt: skip
#: What reading a damaged file raises; even names of columns and messages may be no UTF-8.
FAULTS = (sqlite3.Error, UnicodeError)
_PRAGMAS = ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "query_only = ON")


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the recording in ``path``; its tables are checked, its rows are not.

    Raises NotFound if there is no file, BadRecording if it is no recording.
    """
    logged = _look(path)
    # The log that a killed writer left is read too. A file without a log is not locked, and no
    # file is made next to it.
    ways = ("mode=ro", "immutable=1") if logged else ("immutable=1",)
    failure: Exception | None = None
    for way in ways:
        uri = f"{path.absolute().as_uri()}?{way}"
        try:
            db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            failure = error
            continue
        try:
            _confine(db, _STEPS_TO_OPEN)
            _check_tables(path, db)
            _allow(db, _STEPS_TO_READ)
            return db
        except FAULTS as error:
            db.close()
            failure = error
        except BaseException:
            db.close()
            raise
    assert failure is not None
    raise bad(path, failure)


def bad(path: Path, error: Exception) -> BadRecording:
    """The error for what SQLite or a decoder says of the file."""
    if isinstance(error, sqlite3.OperationalError) and str(error) == "interrupted":
        return BadRecording(
            "{path} is damaged: its tables are longer than a recording's, or lead in circles.",
            path=path.name,
        )
    return BadRecording(
        "{path} is no Timeslice recording, or is damaged: {why}.",
        path=path.name,
        why=str(error).rstrip("."),
    )


def lasting(error: BadRecording) -> bool:
    """True if the file is at fault; False if the machine is, which has no memory left, say."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in _PASSING


def _look(path: Path) -> bool:
    """Whether the file has a log. Nothing is opened that is no plain file, or could block."""
    try:
        size = _size(path)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("There is no recording {path}.", path=path) from None
    except (OSError, ValueError) as error:
        raise bad(path, error) from error
    if size is None:
        raise BadRecording("{path} is no file, and so no recording.", path=path.name)
    logged = False
    for suffix in ("-wal", "-shm"):
        try:
            beside = _size(path.with_name(path.name + suffix), follow=False)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise bad(path, error) from error
        if beside is None:
            raise BadRecording(
                "{path} can't be read: {other} beside it is no file.",
                path=path.name,
                other=path.name + suffix,
            )
        size += beside
        logged = logged or (suffix == "-wal" and beside > 0)
    if size > MOST_BYTES:
        raise BadRecording(
            "{path} is larger than the {most} MiB that a recording may have.",
            path=path.name,
            most=MOST_BYTES >> 20,
        )
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise bad(path, error) from error
    if magic != _MAGIC:
        raise BadRecording("{path} is no Timeslice recording, or is damaged.", path=path.name)
    return logged


def _size(path: Path, follow: bool = True) -> int | None:
    """In bytes; None if it is no plain file."""
    found = os.stat(path, follow_symlinks=follow)
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _confine(db: sqlite3.Connection, steps: int) -> None:
    """Limit what the connection can do, before it has read the first page."""
    for limit, value in _LIMITS.items():
        db.setlimit(limit, value)
    _allow(db, steps)
    for pragma in _PRAGMAS:
        db.execute(f"PRAGMA {pragma}")


def _allow(db: sqlite3.Connection, steps: int) -> None:
    """Allow this many steps of SQLite's machine; then the statement is ``interrupted``."""
    left = steps

    def spend() -> bool:
        nonlocal left
        left -= _STEPS_A_LOOK
        return left < 0

    db.set_progress_handler(spend, _STEPS_A_LOOK)


def _check_tables(path: Path, db: sqlite3.Connection) -> None:
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID:
        raise BadRecording("{path} is no Timeslice recording.", path=path.name)
    found = db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT ?", (len(TABLES) + 1,)
    ).fetchall()
    if sorted(found, key=repr) != sorted(
        (("table", name, name, sql) for name, sql in TABLES.items()), key=repr
    ):
        raise BadRecording(
            "{path} has other tables than a recording, which are not read.", path=path.name
        )
