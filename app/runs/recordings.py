"""The folder of recordings: which files it has, what is read from one, and which are removed.

All of it is called in threads.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from app.errors import RecordingFailed
from app.runs.reading import Reading
from app.runs.recording import SUFFIX
from app.timeline.timeline import Timeline

_log = logging.getLogger(__name__)
#: At most this much of a long run is sent before the file is opened again for more.
_BATCH = 64
_BATCH_BYTES = 16 << 20
#: The end of an empty file's name. It marks the recording of that name as one that stays when room
#: is made; the owner of the files can make and remove it as well.
PIN = "-pinned"


def make_folder(folder: Path) -> None:
    """Raises RecordingFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingFailed(
            "The run can't be recorded in {path}: {why}. It goes on without its recording.",
            path=folder,
            why=error.strerror,
        ) from error


def in_folder(folder: Path) -> list[Path]:
    """The files that may be recordings, those written last first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            # Another server over the same folder may have just removed it.
            with contextlib.suppress(FileNotFoundError):
                if entry.name.endswith(SUFFIX):
                    written = entry.stat(follow_symlinks=False).st_mtime
                    found.append((written, folder / entry.name))
    return [path for _, path in sorted(found, reverse=True)]


#: Of a file and of its log: size and time of the last write; None for one that is not there.
Version = tuple[tuple[int, int] | None, ...]


def version(path: Path) -> Version:
    """It differs when the recording has been written to."""
    found: list[tuple[int, int] | None] = []
    for suffix in ("", "-wal"):
        try:
            stat = path.with_name(path.name + suffix).lstat()
            found.append((stat.st_size, stat.st_mtime_ns))
        except OSError:
            found.append(None)
    return tuple(found)


def changed_ns(folder: Path) -> int:
    """When a file was last added or removed, by the wall clock; 0 if there is no folder."""
    try:
        return folder.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0


def size(path: Path) -> int:
    """Bytes on the disk, with the log of an interrupted recording; 0 for a file that is gone."""
    total = 0
    for suffix in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            total += path.with_name(path.name + suffix).lstat().st_size
    return total


def is_pinned(path: Path) -> bool:
    return os.path.lexists(path.with_name(path.name + PIN))


def pin(path: Path, pinned: bool) -> None:
    """Let the recording stay, or be removed like others. Raises RecordingFailed."""
    mark = path.with_name(path.name + PIN)
    try:
        if pinned:
            os.close(os.open(mark, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o644))
        else:
            mark.unlink(missing_ok=True)
    except OSError as error:
        raise RecordingFailed(
            "The mark {path} can't be changed: {why}.", path=mark.name, why=error.strerror
        ) from error


def remove(paths: list[Path]) -> list[Path]:
    """Delete recordings; returns the deleted ones.

    A pinned one stays, and so does one that can't be deleted, which is logged.
    """
    gone = []
    for path in paths:
        if is_pinned(path):
            continue
        try:
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            gone.append(path)
        except OSError as error:
            _log.warning("an old recording can't be removed: %s", error)
    return gone


def snapshot(path: Path) -> bytes | None:
    """The whole run as one frame; None when it has none."""
    with Reading.open(path) as recording:
        return recording.snapshot()


def read(path: Path, from_seq: int) -> list[bytes]:
    """The next frames from this number on; empty after the last."""
    with Reading.open(path) as recording:
        return list(islice(_batch(recording.frames(from_seq)), _BATCH))


def _batch(frames: Iterator[bytes]) -> Iterator[bytes]:
    room = _BATCH_BYTES
    for frame in frames:
        yield frame
        room -= len(frame)
        if room <= 0:
            return


def timeline(path: Path) -> Timeline:
    with Reading.open(path) as recording:
        return recording.timeline()
