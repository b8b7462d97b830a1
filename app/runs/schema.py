"""The schema of a recording's meta and of frames' heads.

Both are JSON that may come from anywhere, checked while they are parsed: only what is described
here gets through. An entry that this version doesn't know is left out, so that a recording of a
newer one can be read as far as it is known. A known entry of another type, or beyond its limits,
makes the recording a damaged one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import FailFast, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from app.runs.values import (
    STRICT,
    Count,
    Facts,
    Id,
    Name,
    Number,
    OpenTime,
    Output,
    Place,
    Sentence,
    Text,
    Time,
    Told,
    Whole,
    Word,
)  # fmt: skip
from app.timeline.states import Cause, ObjectKind, TrackKind, Verdict

#: With more, drawing a page or folding a timeline would take more than seconds.
MOST_TRACKS = 50_000
MOST_OBJECTS = 100_000
MOST_MOMENTS = 1_000_000
#: Generations of tracks, from the root on; a run has at most 256 processes by default.
_MOST_DEPTH = 512
_MOST_PROGRAM = 1 << 20
#: Each value of a head takes some hundred bytes while it is checked.
_MOST_VALUES = 2_000_000

# mypy accepts no computed Literal; pydantic does.
_TrackKind: Any = Literal[tuple(TrackKind.words())]
_ObjectKind: Any = Literal[tuple(ObjectKind.words())]
_Cause: Any = Literal[tuple(Cause.words())]
_Verdict: Any = Literal[tuple(Verdict.words())]

T = TypeVar("T")
Many = Annotated[list[T], FailFast()]


class Exit(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    cause: _Cause
    code: NotRequired[Whole | None]
    signal: NotRequired[Word | None]
    limit: NotRequired[Word | None]


class Limit(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    name: Word
    value: Number


class _Witnesses(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    scheduler: NotRequired[Word | None]
    probe: NotRequired[bool]
    why: NotRequired[Sentence]
    why_told: NotRequired[Told]


class Run(TypedDict):
    """The ``run`` of a recording's meta and of a head."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: NotRequired[Name]
    scenario: NotRequired[Annotated[str, Field(max_length=100)] | None]
    file_name: NotRequired[Annotated[str, Field(max_length=255)] | None]
    params: NotRequired[Facts | None]
    args: NotRequired[Annotated[list[Sentence], Field(max_length=1000)] | None]
    python: NotRequired[Name | None]
    predictions: NotRequired[Facts | None]
    owner: NotRequired[Annotated[str, Field(max_length=64)] | None]
    created_at: NotRequired[Word | None]
    started_at: NotRequired[Word]
    start_monotonic_ns: NotRequired[Whole]
    pid: NotRequired[Count]
    duration_ns: NotRequired[Time | None]
    dropped_since_ns: NotRequired[Time]
    witnesses: NotRequired[_Witnesses]
    limits: NotRequired[Facts]
    limit: NotRequired[Limit | None]
    exit: NotRequired[Exit | None]
    sentence: NotRequired[Sentence]
    recording: NotRequired[Sentence]
    recording_told: NotRequired[Told]


class Ended(TypedDict):
    """What a recorder says when the run is over; see ``Recording.finish``."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    state: NotRequired[Literal["ended", "failed", "stopped", "interrupted"]]
    duration_ns: NotRequired[Time | None]
    exit: NotRequired[Exit | None]
    limit: NotRequired[Limit | None]
    python: NotRequired[Name | None]
    failure: NotRequired[Sentence | None]
    failure_told: NotRequired[Told | None]


class _Ending(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    cause: _Cause
    code: Whole | None
    signal: Word | None
    exception: Name | None
    sender: NotRequired[Id | None]
    limit: NotRequired[Word | None]


class _Track(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Id
    kind: _TrackKind
    name: Name
    pid: Count
    tid: Count
    parent: Id | None
    daemon: bool
    start_ns: Time
    end_ns: OpenTime | None
    end: _Ending | None
    python: NotRequired[Name | None]


class _Object(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Id
    kind: _ObjectKind
    name: Name
    track: Id
    line: Place


class _Output(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    track: Id
    ns: Time
    stream: Literal["stdout", "stderr"]
    text: Output


class _Wait(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    track: Id
    object: Id
    holder: Id
    line: Place
    held_since_ns: OpenTime
    held_line: Place


class _Finding(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Name
    kind: Word
    start_ns: Time
    end_ns: OpenTime | None
    cycle: Annotated[Many[_Wait], Field(max_length=1000)]
    facts: Facts


class _Span(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    track: Id
    start_ns: Time
    end_ns: OpenTime


class _Claim(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Name
    text: Text
    verdict: _Verdict
    why: Text
    evidence: Annotated[Many[_Span], Field(max_length=1000)]


class _Stats(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    track: Id
    running_ns: NotRequired[Count]
    ready_ns: NotRequired[Count]
    blocked_ns: NotRequired[Count]
    gil_ns: NotRequired[Count]
    voluntary: NotRequired[Count]
    involuntary: NotRequired[Count]
    gil_held_ns: NotRequired[Count]
    gil_wanted_ns: NotRequired[Count]
    uncounted_ns: NotRequired[Count | None]


_Pair = Annotated[list[Whole], Field(min_length=2, max_length=2)]


class _Lane(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    name: Name
    book: Annotated[Many[_Pair], Field(max_length=10_000)]
    run: Annotated[Many[_Pair], Field(max_length=10_000)]


class _Row(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    name: Text
    cells: Annotated[Many[_Pair], Field(max_length=100)]


class _Beside(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    title: Text
    book: Text
    lanes: Annotated[Many[_Lane], Field(max_length=1000)]
    columns: Annotated[Many[Text], Field(max_length=100)]
    rows: Annotated[Many[_Row], Field(max_length=1000)]
    note: Text


_Words = Annotated[list[Word], Field(max_length=256)]
_Seen = tuple[Id, Time, Place]
_Level = tuple[Id, Time, Whole, Whole]
_Stolen = tuple[Count, Time, Time, Count]


class RunHead(TypedDict):
    """The entries of a head that are about the run as a whole."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    run: NotRequired[Run]
    state: NotRequired[Literal["running", "ended"]]
    failure: NotRequired[Sentence | None]
    failure_told: NotRequired[Told]


class Head(RunHead):
    """A frame's head: the entries of ``timeline.heads``; ``rows`` counts its slices and flows."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    rows: tuple[Count, Count]
    vocabulary: NotRequired[Annotated[dict[Word, _Words], Field(max_length=64)]]
    tracks: NotRequired[Annotated[Many[_Track], Field(max_length=MOST_TRACKS)]]
    objects: NotRequired[Annotated[Many[_Object], Field(max_length=MOST_OBJECTS)]]
    output: NotRequired[Annotated[Many[_Output], Field(max_length=MOST_MOMENTS)]]
    findings: NotRequired[Annotated[Many[_Finding], Field(max_length=MOST_TRACKS)]]
    claims: NotRequired[Annotated[Many[_Claim], Field(max_length=1000)]]
    beside: NotRequired[_Beside | None]
    stats: NotRequired[Annotated[Many[_Stats], Field(max_length=MOST_TRACKS)]]
    seen: NotRequired[Annotated[Many[_Seen], Field(max_length=MOST_MOMENTS)]]
    levels: NotRequired[Annotated[Many[_Level], Field(max_length=MOST_MOMENTS)]]
    stolen: NotRequired[Annotated[Many[_Stolen], Field(max_length=MOST_MOMENTS)]]
    files: NotRequired[Annotated[Many[Name], Field(max_length=4096)]]
    dropped: NotRequired[Count]


_HEAD: TypeAdapter[Head] = TypeAdapter(Head)
RUN_HEAD: TypeAdapter[RunHead] = TypeAdapter(RunHead)
RUN: TypeAdapter[Run | None] = TypeAdapter(Run | None)
ENDED: TypeAdapter[Ended | None] = TypeAdapter(Ended | None)
FORMAT: TypeAdapter[int | None] = TypeAdapter(int | None)
PROGRAM: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(max_length=_MOST_PROGRAM)])


def head(text: bytes) -> dict[str, Any]:
    """The head of a frame. Raises ValueError with what is wrong."""
    if sum(map(text.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ValueError("the head says more than a page could show")
    value: Any = parsed(_HEAD, text)
    _check_parents(value.get("tracks", ()))
    return dict(value)


def parsed(adapter: TypeAdapter[T], text: str | bytes, most: int | None = None) -> T:
    """JSON checked and parsed by ``adapter``. Raises ValueError with the first thing wrong."""
    if most is not None and len(text) > most:
        raise ValueError(f"it is longer than {most >> 10} KiB")
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(
            f"{place}: {first['msg']}"[:300] if place else first["msg"][:300]
        ) from None


def _check_parents(tracks: list[_Track]) -> None:
    """Raises ValueError if a track is its own ancestor: drawing goes from parent to child."""
    parents = {track["id"]: track["parent"] or 0 for track in tracks}
    depths = {0: 0}
    for track in parents:
        line = []
        at = track
        while at not in depths:
            line.append(at)
            depths[at] = -1
            at = parents.get(at, 0)
        depth = depths[at]
        if depth < 0:
            raise ValueError("tracks: one is its own ancestor")
        for one in reversed(line):
            depth += 1
            depths[one] = depth
        if depth > _MOST_DEPTH:
            raise ValueError("tracks: they are nested too deep")
