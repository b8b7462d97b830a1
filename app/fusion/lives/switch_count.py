"""How often a thread got a CPU, and what is known of its waits for one."""

from __future__ import annotations


class SwitchCount:
    """What was counted since the thread's birth. Written by ``threads.switches`` alone."""

    __slots__ = ("known_ready_ns", "switch_ins", "unknown_switch_ins")

    def __init__(self) -> None:
        self.switch_ins = 0
        self.unknown_switch_ins = 0  # before which it is not known how long the thread was ready
        self.known_ready_ns = 0  # before the others, in total


class RunQueueReadings:
    """What the next reading is compared with. Written by ``threads.run_queue`` alone."""

    __slots__ = ("baseline", "doubted_skew")

    def __init__(self) -> None:
        #: The last reading: the wait in ns and how many switch-ins it has more than were counted;
        #: and by then the count's unknown switch-ins and known waits.
        self.baseline: tuple[int, int, int, int] | None = None
        self.doubted_skew: int | None = None  # of a reading that may have raced with a switch
