"""Tracks, slices, flows and findings: what fusion decides and frames carry.

All times are integer nanoseconds since the run's start. ``OPEN`` stands for "not ended yet".
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from app.timeline.states import (
    Cause,
    Evidence,
    FlowKind,
    ObjectKind,
    Reason,
    State,
    TrackKind,
)

#: The end of a slice or track that has not ended.
OPEN = -1
#: Object and holder columns use 0 for none; ids count from 1.
NOTHING = 0
#: The cpu column of a slice that is on no CPU, or on an unknown one.
NO_CPU = -1


class Ending(NamedTuple):
    """How a track ended. ``code`` is an exit status, ``signal`` a name such as ``SIGTERM``.

    ``sender`` is the track that sent the signal, NOTHING if it came from outside the run, and
    None if that is not known. ``limit`` names the limit that ended the run, as in
    ``records.Limit``.
    """

    cause: Cause
    code: int | None = None
    signal: str | None = None
    exception: str | None = None
    sender: int | None = None
    limit: str | None = None


@dataclass(slots=True)
class Track:
    """One row: a process (which is also its main thread), a thread, or a coroutine.

    ``tid`` is the kernel's thread id, or 0 for a coroutine. ``id`` is unique over the run.
    ``parent`` is the process of a thread, the thread of a coroutine, the parent process of a
    process; 0 for the root.
    """

    id: int
    kind: TrackKind
    name: str
    pid: int
    tid: int
    parent: int
    daemon: bool
    start_ns: int
    end_ns: int = OPEN
    end: Ending | None = None
    python: str | None = None  # a process: the interpreter the probe found, e.g. "CPython 3.13"


class ObjectRow(NamedTuple):
    """An object that tracks wait for or pass on. ``name`` is unique over the run."""

    id: int
    kind: ObjectKind
    name: str
    track: int  # that made it
    line: int  # where, in the program; 0 unknown


class Slice(NamedTuple):
    """``track`` was in ``state`` from ``start_ns`` to ``end_ns`` (OPEN: still is).

    ``evidence`` says how the state is known, ``reason_evidence`` how its reason is.
    ``holder`` is the track that holds the object, or is joined, or is awaited. ``line`` is a place
    in the program, see ``places``.
    """

    track: int
    start_ns: int
    end_ns: int
    state: State
    reason: Reason = Reason.NONE
    object: int = NOTHING
    holder: int = NOTHING
    cpu: int = NO_CPU
    line: int = 0
    evidence: Evidence = Evidence.MISSING
    reason_evidence: Evidence = Evidence.MISSING


class Flow(NamedTuple):
    """An arrow between two points."""

    kind: FlowKind
    from_track: int
    from_ns: int
    to_track: int
    to_ns: int
    object: int = NOTHING


class Output(NamedTuple):
    """Text a track wrote. ``stream`` is ``stdout`` or ``stderr``."""

    track: int
    ns: int
    stream: str
    text: str


class Seen(NamedTuple):
    """The track was seen at this place of the program at the instant ``ns``."""

    track: int
    ns: int
    line: int


class Level(NamedTuple):
    """From ``ns`` on a semaphore had ``value`` permits left, a queue had ``value`` items, or
    ``value`` parties waited at a barrier; of ``most``, or 0 if that is not known."""

    object: int
    ns: int
    value: int
    most: int = 0


class Stolen(NamedTuple):
    """At some time from ``start_ns`` to ``end_ns`` the hypervisor ran something else on the CPU,
    for ``stolen_ns`` in sum."""

    cpu: int
    start_ns: int
    end_ns: int
    stolen_ns: int


class Wait(NamedTuple):
    """One edge of a wait-for cycle: ``track`` waits for ``object``, which ``holder`` holds."""

    track: int
    object: int
    holder: int
    line: int  # where it waits
    held_since_ns: int
    held_line: int  # where the holder took it


@dataclass(slots=True)
class Finding:
    """Something worth a sentence: ``deadlock``, ``loop-blocked``, ``never-awaited``, ``limit``.

    ``end_ns`` is OPEN while it lasts; a finding with the same ``id`` replaces the earlier one.
    ``facts`` holds the JSON values its sentence is made of.
    """

    id: str
    kind: str
    start_ns: int
    end_ns: int = OPEN
    cycle: list[Wait] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


class Stats(NamedTuple):
    """Totals of one track. ``voluntary`` and ``involuntary`` count context switches.

    ``gil_held_ns`` and ``gil_wanted_ns`` hold the time on a CPU or a run queue, too, in which the
    thread held the GIL or asked for it; both are 0 if no thread ever waited for it.
    ``uncounted_ns`` of ``running_ns`` are not in the kernel's account of CPU time; None if the two
    can't be compared.
    """

    track: int
    running_ns: int = 0
    ready_ns: int = 0
    blocked_ns: int = 0
    gil_ns: int = 0
    voluntary: int = 0
    involuntary: int = 0
    gil_held_ns: int = 0
    gil_wanted_ns: int = 0
    uncounted_ns: int | None = None


@dataclass(slots=True)
class Batch:
    """What one step of fusion decided: new or changed tracks and objects, and appended rows.

    A track has at most one open row, its last, and its next row replaces it: see ``rows``.
    """

    tracks: list[Track] = field(default_factory=list)
    objects: list[ObjectRow] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    output: list[Output] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    stats: list[Stats] = field(default_factory=list)
    files: list[str] = field(default_factory=list)  # all but the program's own, when one is new
    dropped: int = 0  # records lost so far, all witnesses together
    seen: list[Seen] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    stolen: list[Stolen] = field(default_factory=list)

    def empty(self) -> bool:
        """Whether it says nothing; ``dropped`` alone is no news."""
        return not any(getattr(self, item.name) for item in fields(self) if item.name != "dropped")
