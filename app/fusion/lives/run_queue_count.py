"""How often a thread got a CPU, and what is known of its waits for one."""

from __future__ import annotations


class RunQueueCount:
    """What ``threads.run_queue`` compares with schedstat's account. No other module writes it."""

    __slots__ = ("baseline", "doubted_skew", "known_ready_ns", "switch_ins", "unknown_switch_ins")

    def __init__(self) -> None:
        self.switch_ins = 0
        #: The account at the last reading: the wait in ns, and the switch-ins it has more.
        self.baseline: tuple[int, int] | None = None
        self.doubted_skew: int | None = None
        # Since that reading:
        self.unknown_switch_ins = 0  # after which it is not known how long the thread was ready
        self.known_ready_ns = 0
