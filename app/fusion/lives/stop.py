"""One stop of a thread: why it left its CPU, and what woke it."""

from __future__ import annotations

from app.timeline.records import SyscallSample


class Stop:
    """From when a thread leaves its CPU to when it runs again. Written by ``off_cpu`` alone, which
    lets it begin anew for each stop: that takes less time than a new object.
    """

    __slots__ = ("had_come", "not_for_gil", "sampled_call", "stopped_at", "waker_known",
                 "wanted_gil", "woke_like_waiter", "woken_by_python")  # fmt: skip

    def __init__(self) -> None:
        self.begin(0, False, False)

    def begin(self, t: int, wanted_gil: bool, had_come: bool) -> None:
        """The thread leaves its CPU at ``t``."""
        self.stopped_at = t
        self.wanted_gil = wanted_gil  # it had waited for the GIL, and not got it
        self.had_come = had_come  # what its operation waits for
        self.sampled_call: SyscallSample | None = None  # in which /proc showed it
        self.waker_known = False
        self.woken_by_python = False  # by a thread of its process, as one hands something on
        #: It woke when the switch interval was over, or by the thread that dropped the GIL.
        self.woke_like_waiter = False
        self.not_for_gil = False  # what woke it ends no wait for the GIL
