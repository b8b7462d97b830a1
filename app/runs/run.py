"""One run as the server knows it: asked for, waiting, running, over, or found on disk."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.errors import BadRecording, TimesliceError
from app.runs.hub import Hub
from app.runs.recording import Recording
from app.runs.telling import failure_of

#: Letters that are not mistaken for one another when read aloud.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"  # we failed: the worker died, or the program could not be started
    STOPPED = "stopped"  # on request
    INTERRUPTED = "interrupted"  # the server died in mid-run; its recording ends there
    DAMAGED = "damaged"  # a file that no longer reads as a recording


#: The worker's name for the "limit" that ended a run on request.
STOPPED = "stopped"

#: Nothing more will come.
OVER = frozenset(RunState) - {RunState.WAITING, RunState.RUNNING}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. ``program`` is the text as it will run, ``params`` JSON values."""

    scenario: str
    params: Mapping[str, Any]
    program: str
    python: str | None = None  # a path; None: the Python that runs the server
    python_name: str | None = None
    file_name: str = "program.py"
    predictions: Mapping[str, Any] = field(default_factory=dict)  # JSON values by question


@dataclass(slots=True)
class Run:
    """``scenario`` is empty for a program that is none of the catalogue's: see ``file_name``.

    ``hub`` is there while frames come; afterwards the frames are in the file ``path``.
    """

    id: str
    scenario: str
    params: dict[str, Any]
    created_at: str  # ISO 8601, UTC
    state: RunState
    path: Path
    program: str = ""
    file_name: str = "program.py"
    args: list[str] = field(default_factory=list)
    predictions: dict[str, Any] = field(default_factory=dict)
    python: str | None = None
    owner: str = ""  # a keyed hash of the visitor who started it; empty: nobody's
    hub: Hub | None = None
    duration_ns: int | None = None
    exit: dict[str, Any] | None = None
    limit: dict[str, Any] | None = None  # {"name", "value"} of the limit that ended it
    failure: TimesliceError | None = None
    recording_failure: TimesliceError | None = None
    head: dict[str, Any] = field(default_factory=dict)  # of the first frame

    @property
    def over(self) -> bool:
        return self.state in OVER

    def as_json(self, position: int | None) -> dict[str, Any]:
        """The run for the API. ``position`` is its place in the queue while it waits."""
        return {
            "id": self.id,
            "scenario": self.scenario,
            "file_name": self.file_name,
            "params": self.params,
            "python": self.python,
            "created_at": self.created_at,
            "state": self.state.value,
            "position": position,
            "duration_ns": self.duration_ns,
            "exit": self.exit,
            "limit": self.limit,
            "failure": str(self.failure) if self.failure else None,
            "recording_failure": str(self.recording_failure) if self.recording_failure else None,
        }

    def meta(self) -> dict[str, Any]:
        """What its first frame says of it where the worker could not say it."""
        return {
            "id": self.id,
            "scenario": self.scenario,
            "file_name": self.file_name,
            "params": self.params,
            "python": self.python,
            "created_at": self.created_at,
            **({"predictions": self.predictions} if self.predictions else {}),
        }

    def recorded(self) -> dict[str, Any]:
        """What its recording says of it; more than its viewers are told."""
        return {**self.meta(), "owner": self.owner}


def new_id() -> str:
    """Short enough to be read out, long enough (60 bits) not to be guessed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def found(path: Path) -> Run:
    """The run whose recording lies in ``path``; a file that can't be read is ``damaged``."""
    try:
        with Recording.open(path) as recording:
            return _told(path, recording)
    except BadRecording as error:
        failure: TimesliceError = error
    except (AttributeError, KeyError, TypeError, ValueError):
        failure = BadRecording("{path} says nothing sensible of its run.", path=path)
    return Run(path.stem, "", {}, _written_at(path), RunState.DAMAGED, path, failure=failure)


def _told(path: Path, recording: Recording) -> Run:
    meta, ended = recording.run, recording.ended
    run = Run(
        id=path.stem,
        scenario=str(meta.get("scenario") or ""),
        params=dict(meta.get("params") or {}),
        created_at=str(meta.get("created_at") or _written_at(path)),
        state=RunState.INTERRUPTED,
        path=path,
        program=recording.program,
        file_name=str(meta.get("file_name") or "program.py"),
        args=[str(value) for value in meta.get("args") or ()],
        python=meta.get("python"),
        predictions=dict(meta.get("predictions") or {}),
        owner=str(meta.get("owner") or ""),
        duration_ns=recording.last_ns,
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


def _written_at(path: Path) -> str:
    moment = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    return moment.isoformat(timespec="milliseconds")
