"""How often a thread got a CPU, and what is known of its waits for one."""

from __future__ import annotations

from typing import NamedTuple


class SwitchCount:
    """What was counted since the thread's birth. Written by ``threads.switches`` alone."""

    __slots__ = ("known_ready_ns", "switch_ins", "unknown_switch_ins")

    def __init__(self) -> None:
        self.switch_ins = 0
        self.unknown_switch_ins = 0  # before which it is not known how long the thread was ready
        self.known_ready_ns = 0  # before the others, in total


class Baseline(NamedTuple):
    """A reading of schedstat: the wait in ns, the switch-ins that it has more than ``SwitchCount``,
    and of that the unknown ones and the known waits.
    """

    wait_ns: int
    skew: int
    unknown_switch_ins: int
    known_ready_ns: int


class RunQueueReadings:
    """What the next reading is compared with. Written by ``threads.run_queue`` alone."""

    __slots__ = ("baseline", "doubted_skew")

    def __init__(self) -> None:
        self.baseline: Baseline | None = None
        self.doubted_skew: int | None = None  # of a reading that may have raced with a switch
