"""The folder of recordings: what lies there, what is read from it, what goes. Called in threads."""

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
#: How much of a long run is sent before the file is opened again for more.
_BATCH = 64
_BATCH_BYTES = 16 << 20
#: Beside a recording that stays when room is made: an empty file, which the file's owner can make
#: and remove as well.
PIN = "-pinned"


def make(folder: Path) -> None:
    """The folder itself. Raises RecordingFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingFailed(
            "The run can't be recorded in {path}: {why}. It goes on without its recording.",
            path=folder,
            why=error.strerror,
        ) from error


def recordings(folder: Path) -> list[Path]:
    """The files that may be recordings, those written last first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            # Another server over the same folder may remove an old one under our eyes.
            with contextlib.suppress(FileNotFoundError):
                if entry.name.endswith(SUFFIX):
                    written = entry.stat(follow_symlinks=False).st_mtime
                    found.append((written, folder / entry.name))
    return [path for _, path in sorted(found, reverse=True)]


#: Of a file and of the log beside it: its size and when it was written; none where there is none.
Mark = tuple[tuple[int, int] | None, ...]


def mark(path: Path) -> Mark:
    """What differs when the recording has been written to."""
    marks: list[tuple[int, int] | None] = []
    for suffix in ("", "-wal"):
        try:
            stat = path.with_name(path.name + suffix).lstat()
            marks.append((stat.st_size, stat.st_mtime_ns))
        except OSError:
            marks.append(None)
    return tuple(marks)


def written_ns(folder: Path) -> int:
    """When a file came into the folder or left it, by the wall clock; 0 where there is none."""
    try:
        return folder.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0


def size(path: Path) -> int:
    """Bytes on the disk, the log of an interrupted recording included; 0 for one that has gone."""
    total = 0
    for suffix in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            total += path.with_name(path.name + suffix).lstat().st_size
    return total


def is_pinned(path: Path) -> bool:
    return os.path.lexists(path.with_name(path.name + PIN))


def pin(path: Path, pinned: bool) -> None:
    """Let the recording stay, or go with the others. Raises RecordingFailed."""
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
    """Delete recordings and give those that are gone; one that is pinned, or can't be deleted,
    stays. The latter is logged."""
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
