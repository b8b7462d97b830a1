"""The runs of earlier servers, found again in their recordings."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from app.errors import BadRecording, TimesliceError
from app.runs import recordings
from app.runs.ending_heads import failure_of
from app.runs.reading import Reading
from app.runs.run import Run, RunState, as_written, moment


def earlier_run(path: Path) -> Run:
    """The run that the file ``path`` recorded; a file that can't be read is ``damaged``.

    Its frames are not read yet. Raises FileNotFoundError if the file is gone.
    """
    try:
        return _read(path)
    except BadRecording as error:
        return Run(
            _id(path), "", {}, as_written(path), RunState.DAMAGED, path, failure=error.bare()
        )


def _read(path: Path) -> Run:
    if path.is_symlink():
        raise BadRecording(
            "{path} is a link: only files that lie in the folder are read.", path=path.name
        )
    if not _showable(path.stem):
        raise BadRecording(
            "{path} has a name that can't be shown: give the file another one.",
            path=ascii(path.name),
        )
    with Reading.open(path) as recording:
        return _recorded(path, recording)


def _showable(name: str) -> bool:
    """Whether an address and a page can have it; they can't have half a character (PEP 383)."""
    return name.isprintable() and bool(name.strip(". "))


def _id(path: Path) -> str:
    if _showable(path.stem):
        return path.stem
    return f"unnamed-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}"


def _recorded(path: Path, recording: Reading) -> Run:
    meta, ended = recording.run, recording.ended
    run = Run(
        id=path.stem,
        scenario=meta.get("scenario") or "",
        params=meta.get("params") or {},
        created_at=moment(meta.get("created_at")) or as_written(path),
        state=RunState.INTERRUPTED,
        path=path,
        program=recording.program,
        file_name=meta.get("file_name") or "program.py",
        args=meta.get("args") or [],
        python=meta.get("python"),
        predictions=meta.get("predictions") or {},
        owner=meta.get("owner") or "",
        duration_ns=recording.last_ns,
        bytes=recordings.size(path),
        pinned=recordings.is_pinned(path),
    )
    if ended is not None:
        run.state = RunState(ended.get("state", "ended"))
        run.duration_ns = ended.get("duration_ns", run.duration_ns)
        run.exit = ended.get("exit")
        run.limit = ended.get("limit")
        run.python = ended.get("python") or run.python
        if sentence := failure_of(ended):
            run.failure = TimesliceError.saying(sentence)
    return run
