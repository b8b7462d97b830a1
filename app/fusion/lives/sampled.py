"""What /proc showed of a thread, where no witness sees every switch."""

from __future__ import annotations

from app.fusion.lives.reports import Account, Look


class Looks:
    """Looks at a thread's state. Written by ``threads.between_looks`` alone."""

    __slots__ = ("anchor", "expected_run_ns", "look")

    def __init__(self) -> None:
        self.look: Look | None = None  # the last one
        self.anchor: tuple[int, int] | None = None  # a time at which it ran, and its account then
        self.expected_run_ns = 0  # its account when its operation began


class Readings:
    """Readings of a thread's account of CPU time. Written by ``threads.samples`` alone."""

    __slots__ = ("account", "before_run", "read_at", "without_look")

    def __init__(self) -> None:
        self.account: Account | None = None  # the last one
        self.before_run = Account(0, 0, 0)  # what of it was before the program began
        self.read_at = 0
        #: Of a zombie, at whose state no look is taken: the account before the last one, and how
        #: long it waited for a CPU since.
        self.without_look: tuple[Account, int] | None = None
