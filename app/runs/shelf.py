"""The folder of recordings: what lies there, and what is read from it. Called in threads."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from app.errors import NotFound
from app.runs.recording import SUFFIX, Recording
from app.runs.run import Run, found
from app.timeline import frames as codec
from app.timeline.timeline import Timeline

_log = logging.getLogger(__name__)
_BATCH = 64


def scan(folder: Path) -> list[Run]:
    """The runs whose recordings lie in ``folder``."""
    runs = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        # Another server over the same folder may remove an old one under our eyes.
        with contextlib.suppress(NotFound, FileNotFoundError):
            runs.append(found(path))
    return runs


def remove(paths: list[Path]) -> None:
    """Delete recordings; one that can't be deleted is logged and stays."""
    for path in paths:
        for suffix in ("", "-wal", "-shm", "-journal"):
            try:
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            except OSError as error:
                _log.warning("an old recording can't be removed: %s", error)


def snapshot(path: Path) -> bytes | None:
    """The whole run as one frame; None when it has none."""
    with Recording.open(path) as recording:
        return recording.snapshot()


def read(path: Path, from_seq: int) -> list[bytes]:
    """The next frames from this number on; empty after the last."""
    with Recording.open(path) as recording:
        frames = recording.frames(from_seq)
        return [frame for frame, _ in zip(frames, range(_BATCH), strict=False)]


def timeline(snapshot: bytes | None) -> Timeline:
    return Timeline([codec.decode(snapshot)] if snapshot else ())
