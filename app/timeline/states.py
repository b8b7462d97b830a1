"""Closed enums of the timeline. Their codes travel in frames, their words in JSON and on the page.

Codes are stable: a recording made last year is read with this year's table. New members are added
at the end of an enum. ``word`` is the public spelling (``WAIT_CHILD`` is ``wait-child``).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Coded(IntEnum):
    """An enum with a stable wire code and a public word."""

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_word(cls, word: str) -> Self:
        """The member spelled ``word``; raises KeyError for a word outside the enum."""
        return cls[word.upper().replace("-", "_")]

    @classmethod
    def words(cls) -> list[str]:
        """All words, indexed by code (codes are contiguous from 0)."""
        return [member.word for member in cls]


class State(Coded):
    """What a thread or a coroutine does during a slice."""

    UNKNOWN = 0
    NEW = 1
    READY = 2  # on a run queue (thread) or in the loop's ready queue (coroutine)
    RUNNING = 3
    BLOCKED = 4
    GIL = 5  # wants the interpreter lock
    STOPPED = 6  # SIGSTOP or a tracer
    ZOMBIE = 7
    EXITED = 8
    AWAITING = 9
    DONE = 10


class Reason(Coded):
    """What a blocked thread, or an awaiting coroutine, waits for."""

    NONE = 0
    LOCK = 1
    RLOCK = 2
    CONDITION = 3
    SEMAPHORE = 4
    EVENT = 5
    BARRIER = 6
    QUEUE = 7
    PIPE = 8
    SOCKET = 9
    FILE = 10
    SLEEP = 11
    JOIN = 12
    WAIT_CHILD = 13
    FUTURE = 14
    INPUT = 15
    OTHER = 16  # a system call that the probe does not know; its name is the slice's object
    TASK = 17  # a coroutine awaits another task
    POLL = 18  # select, poll, epoll: an event loop with nothing ready
    YIELD = 19  # a generator stands at a yield, until it is resumed by next() or send()


class Evidence(Coded):
    """How a state (or its reason) is known. Nothing is filled by guess: a gap is MISSING."""

    MISSING = 0
    KERNEL = 1
    PROBE = 2
    SAMPLED = 3
    INFERRED = 4


class TrackKind(Coded):
    PROCESS = 0  # also its main thread: one row
    THREAD = 1
    COROUTINE = 2
    EXTERNAL = 3


class Cause(Coded):
    """How a track ended."""

    RETURNED = 0
    RAISED = 1
    EXIT = 2
    SIGNAL = 3
    DAEMON = 4  # terminated because its parent's main code ended
    WITH_PROCESS = 5  # a thread that vanished with its process
    CANCELLED = 6
    NEVER_AWAITED = 7
    UNKNOWN = 8
    STOPPED = 9  # the run was stopped on request; the signal is how
    LIMIT = 10  # the run reached one of its limits; the signal is how


class FlowKind(Coded):
    SPAWN = 0
    WAKE = 1
    RELEASE = 2
    PUT_GET = 3
    SEND_RECV = 4
    JOIN = 5
    SIGNAL = 6


class ObjectKind(Coded):
    """The Python object behind a reason or a flow."""

    OTHER = 0
    LOCK = 1
    RLOCK = 2
    CONDITION = 3
    SEMAPHORE = 4
    EVENT = 5
    BARRIER = 6
    QUEUE = 7
    PIPE = 8
    SOCKET = 9
    FILE = 10
    THREAD = 11
    PROCESS = 12
    FUTURE = 13
    TASK = 14
    POOL = 15
    LOOP = 16
    SYSCALL = 17
    GIL = 18  # the interpreter lock of one process


class Verdict(Coded):
    HOLDS = 0
    FAILS = 1
    NOT_SEEN = 2


#: Lawful next states of one thread track. ``EXITED`` and ``DONE`` end a track and have no slice
#: of their own; ``UNKNOWN`` is a gap and may stand anywhere.
THREAD_TRANSITIONS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.READY, State.RUNNING, State.BLOCKED, State.GIL, State.STOPPED}),
    State.READY: frozenset({State.RUNNING, State.BLOCKED, State.STOPPED}),
    State.RUNNING: frozenset(
        {State.RUNNING, State.READY, State.BLOCKED, State.GIL, State.STOPPED, State.ZOMBIE}
    ),
    State.BLOCKED: frozenset(
        {State.READY, State.RUNNING, State.GIL, State.BLOCKED, State.STOPPED, State.ZOMBIE}
    ),
    # From GIL to GIL: another thread holds it.
    State.GIL: frozenset(
        {State.READY, State.RUNNING, State.BLOCKED, State.GIL, State.STOPPED, State.ZOMBIE}
    ),
    State.STOPPED: frozenset(
        {State.READY, State.RUNNING, State.BLOCKED, State.GIL, State.ZOMBIE, State.STOPPED}
    ),
    State.ZOMBIE: frozenset(),
}

#: Lawful next states of one coroutine track. (A wait for a lock that changes hands is cut there, so
#: one ``AWAITING`` may follow another of the same object and another holder: ``Lane.pass_to``.)
COROUTINE_TRANSITIONS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.READY, State.RUNNING}),
    State.READY: frozenset({State.RUNNING}),
    State.RUNNING: frozenset({State.READY, State.AWAITING}),
    State.AWAITING: frozenset({State.READY, State.RUNNING}),
}


def vocabulary() -> dict[str, list[str]]:
    """Every enum's words by code: the first frame carries it, so a recording explains itself."""
    enums: dict[str, type[Coded]] = {
        "state": State,
        "reason": Reason,
        "evidence": Evidence,
        "track_kind": TrackKind,
        "cause": Cause,
        "flow_kind": FlowKind,
        "object_kind": ObjectKind,
        "verdict": Verdict,
    }
    return {name: enum.words() for name, enum in enums.items()}
