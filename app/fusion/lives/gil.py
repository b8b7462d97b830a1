"""The interpreter lock of one process: its holder and its waiters, as far as they are known."""

from __future__ import annotations

from typing import Generic, TypeVar

from app.fusion.lives.gil_wait import GilWait
from app.timeline.model import NOTHING

#: CPython's switch interval where the program sets none.
DEFAULT_INTERVAL_NS = 5_000_000

Thread = TypeVar("Thread")


class Gil(Generic[Thread]):
    """What ``gil_rules`` knows of the lock. No other module writes it, but by the methods here.

    ``followed``: there is such a lock, and a witness of every switch, so its holder can be known.
    ``holder`` is None while no thread holds the lock, or which one does is not known.
    ``shown_as`` is the object as which the timeline shows it, from the first wait on.
    """

    __slots__ = ("asked", "blind", "doubted_until", "dropped_at", "executing", "followed", "giver",
                 "handovers", "holder", "interval_ns", "previous", "ran_before", "shown_as",
                 "stopped_executing", "taken_at", "unproved", "unsure", "waiters")  # fmt: skip

    def __init__(self, followed: bool, interval_ns: int = DEFAULT_INTERVAL_NS) -> None:
        self.followed = followed
        self.shown_as = NOTHING
        self.interval_ns = interval_ns  # the switch interval
        self.executing: dict[Thread, None] = {}  # the process's threads that execute Python
        self.stopped_executing: list[tuple[Thread, int]] = []  # the last two, newest first
        self.holder: Thread | None = None
        self.taken_at = 0  # when the holder took it
        self.ran_before = 0  # how long the holder had run by then
        self.unproved = False  # the holder waited for it, and no record shows yet that it has it
        self.asked = False  # a waiter asked the holder for it
        self.previous: Thread | None = None  # the holder before
        self.dropped_at = 0  # when a holder dropped it last
        self.giver: Thread | None = None  # the thread that dropped it, while it stays on its CPU
        self.handovers = 0  # so far
        self.doubted_until = 0  # before that, which thread held it is not known
        self.blind = False  # switches go unseen
        self.waiters: dict[Thread, GilWait] = {}
        #: Threads of which records were given up that would show if they wait for it.
        self.unsure: dict[Thread, None] = {}

    def other_executing(self, thread: Thread, since: int) -> Thread | None:
        """Another thread that executed Python at some time after ``since``."""
        for other in self.executing:
            if other is not thread:
                return other
        for other, until in self.stopped_executing:
            if other is not thread and until > since:
                return other
        return None

    def follow(self, followed: bool) -> None:
        """It is known now if there is such a lock, and a witness of every switch."""
        self.followed = followed

    def set_interval(self, interval_ns: int = DEFAULT_INTERVAL_NS) -> None:
        """The program set the switch interval, or execve(2) set it back."""
        self.interval_ns = interval_ns

    def ask(self) -> None:
        """A waiter woke after the switch interval: that is to ask for the lock."""
        self.asked = True

    def make_unsure(self, thread: Thread) -> None:
        """Records were given up that would show if this thread waits for the lock."""
        if self.followed:
            self.unsure[thread] = None


class GilClaim:
    """One thread's side of the lock. Written by ``gil_rules`` and the methods here alone."""

    __slots__ = ("gave_gil", "gives_gil", "learned_at", "wants_gil")

    def __init__(self) -> None:
        self.wants_gil = False  # since its wait began, until it holds the lock
        self.gives_gil = False  # it was asked for the lock, and waits until another one has it
        self.gave_gil = False  # so it did when it left its CPU
        self.learned_at = 0  # when it learned that another one has it

    def left_cpu(self) -> None:
        """The thread stops. If it gave the lock, it waits now until another one has it."""
        self.gave_gil, self.gives_gil = self.gives_gil, False

    def forget(self) -> None:
        """The thread's records were given up: it is not known if it wants the lock."""
        self.wants_gil = self.gave_gil = self.gives_gil = False
