"""What witnesses reported of a thread or a process, kept until it is needed."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Cpu(IntEnum):
    """Where the scheduler has the thread, as far as its witness can tell."""

    UNSEEN = 0
    RUNNING = 1
    READY = 2
    OFF = 3  # off the CPU and not runnable
    WOKEN = 4  # runnable since a wake-up; READY is runnable since a preemption


class Account(NamedTuple):
    """/proc/<tid>/schedstat: how long it ran and waited for a CPU, and how often it got one."""

    run_ns: int
    wait_ns: int
    slices: int


class Look:
    """What /proc showed of a thread at ``t``; the look before it was at ``before``."""

    __slots__ = ("before", "cpu", "decided", "letter", "t")

    def __init__(self, t: int, before: int | None, letter: str, cpu: int) -> None:
        self.t = t
        self.before = before
        self.letter = letter
        self.cpu = cpu
        self.decided = False


class Sent(NamedTuple):
    """One message of a pipe: by which process and track it was sent, when, and when received."""

    pipe: int
    pid: int
    from_track: int
    from_ns: int
    to_ns: int


class Kill(NamedTuple):
    """A signal sent to a process.

    ``track`` is the sender's; NOTHING for a sender outside the run, None for the kernel.
    ``daemon``: multiprocessing sent it, to end a daemon.
    """

    track: int | None
    t: int
    number: int
    daemon: bool
