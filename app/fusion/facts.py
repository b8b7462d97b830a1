"""What fusion has to know about a run before its first record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scheduler = Literal["perf", "procfs", "tracepoints", "none"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """``start_ns`` is CLOCK_MONOTONIC at the run's start; slices are counted from it.

    ``program`` is the text of the program, ``file_name`` the name of its file, without a folder,
    ``path`` the whole one: lines are of this file and no other.
    ``scheduler`` is the witness of the kernel's view; the properties say what it can see.
    ``probe``: rings are expected.
    """

    start_ns: int
    root_pid: int
    program: str = ""
    file_name: str = "program.py"
    scheduler: Scheduler = "perf"
    probe: bool = True
    path: str = ""

    @property
    def switches(self) -> bool:
        """True if the scheduler's witness sees every context switch."""
        return self.scheduler in ("perf", "tracepoints")

    @property
    def wake_ups(self) -> bool:
        """True if it also sees every wake-up."""
        return self.scheduler == "tracepoints"

    @property
    def sampled(self) -> bool:
        """True if it only looks at threads now and then; False if there is no such witness."""
        return self.scheduler == "procfs"
