"""One run as the server knows it: asked for, waiting, running, over, or found on disk."""

from __future__ import annotations

import datetime
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.errors import TimesliceError
from app.runs.hub import Hub

#: Letters that are not mistaken for one another when read aloud.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"  # we failed: the worker died, or the program could not be started
    STOPPED = "stopped"  # on request
    INTERRUPTED = "interrupted"  # the server died during the run; its recording ends there
    DAMAGED = "damaged"  # a file that no longer reads as a recording


#: States after which nothing changes any more.
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
    """``scenario`` is empty for a program that is not in the catalogue: see ``file_name``.

    ``hub`` has the frames while they come; afterwards they are in the file ``path``.
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
    owner: str = ""  # a keyed hash of the visitor who started it; empty: no visitor did
    hub: Hub | None = None
    duration_ns: int | None = None
    exit: dict[str, Any] | None = None
    limit: dict[str, Any] | None = None  # {"name", "value"} of the limit that ended it
    failure: TimesliceError | None = None
    recording_failure: TimesliceError | None = None
    head: dict[str, Any] = field(default_factory=dict)  # of the first frame
    bytes: int = 0  # of its recording on the disk, once it is over
    pinned: bool = False  # its recording stays when room is made for others

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
            "pinned": self.pinned,
        }

    def meta(self) -> dict[str, Any]:
        """What the first frame says of the run if the worker could not send one."""
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
        """What the recording says of the run: more than its viewers may know."""
        return {**self.meta(), "owner": self.owner}


def new_id() -> str:
    """Short enough to be read aloud, long enough (60 bits) not to be guessed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def now() -> str:
    return _spelled(datetime.datetime.now(datetime.UTC))


def as_written(path: Path) -> str:
    """When the file was last written, as ``created_at``; not later than now."""
    seconds = min(max(0.0, path.lstat().st_mtime), time.time())
    return _spelled(datetime.datetime.fromtimestamp(seconds, datetime.UTC))


def moment(text: str | None) -> str | None:
    """The time in ``text`` as ``created_at``; None if it is no time, or in the future."""
    try:
        found = datetime.datetime.fromisoformat(text or "")
        if found.tzinfo is None or found.timestamp() > time.time():
            return None
        return _spelled(found.astimezone(datetime.UTC))
    except (ValueError, OverflowError):
        return None


def _spelled(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
