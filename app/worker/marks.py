"""What belongs to a run bears its id: its processes, its folders, its control groups.

A name is ``timeslice-<kind>-<id>.<owner>``; its owner is the worker that made it, written
``<pid>-<start>`` so that a number which another process has got meanwhile is not taken for it.
"""

from __future__ import annotations

import os
import re
import time
from functools import cache
from typing import NamedTuple

from app.witness import proc

#: In the environment of the worker, the guard and the program.
VARIABLE = "TIMESLICE_RUN"
#: In the environment of the worker and the guard: the process that started them.
OWNER_VARIABLE = "TIMESLICE_OWNER"
RUN, RINGS, GROUP = "run", "rings", "group"

_NAME = re.compile(r"timeslice-(run|rings|group)-([A-Za-z0-9._-]{1,64})\.(\d+)-(\d+)")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Mark(NamedTuple):
    """A name, read. ``start_ticks`` is its owner's start, in ticks since the machine's."""

    kind: str
    run_id: str
    pid: int
    start_ticks: int

    @property
    def owner_lives(self) -> bool:
        """Whether its worker lives, as far as this pid namespace shows (pid_namespaces(7))."""
        stat = proc.stat(self.pid)
        return stat is not None and stat.start_ticks == self.start_ticks and stat.state not in "ZX"

    @property
    def began_s(self) -> float:
        """When its worker was started, by the clock of file times."""
        up_s = time.clock_gettime(time.CLOCK_BOOTTIME) - self.start_ticks / _TICKS_PER_S
        return time.time() - up_s


def name(kind: str, run_id: str) -> str:
    """The name of a folder of this kind that this process makes for the run."""
    return f"timeslice-{kind}-{run_id}.{os.getpid()}-{_own_start(os.getpid())}"


def read(text: str) -> Mark | None:
    """The parts of a name; None for a name that is not ours."""
    found = _NAME.fullmatch(text)
    return Mark(found[1], found[2], int(found[3]), int(found[4])) if found else None


@cache
def _own_start(pid: int) -> int:
    stat = proc.stat(pid)
    return stat.start_ticks if stat is not None else 0


def owner() -> str:
    """This process, for ``OWNER_VARIABLE``: where its number counts, the number, its start."""
    return f"{namespace()}-{os.getpid()}-{_own_start(os.getpid())}"


def orphaned(pid: int) -> str:
    """The run whose worker or guard the process is, if the owner is gone; else empty."""
    data = proc.read_whole(f"/proc/{pid}/environ", 1 << 20) or b""
    told = dict(entry.partition(b"=")[::2] for entry in data.split(b"\0"))
    words = told.get(OWNER_VARIABLE.encode(), b"").decode(errors="replace").split("-")
    if len(words) != 3 or words[0] != str(namespace()) or not all(map(str.isdigit, words)):
        return ""
    stat = proc.stat(int(words[1]))
    lives = stat is not None and stat.start_ticks == int(words[2]) and stat.state not in "ZX"
    return "" if lives else told.get(VARIABLE.encode(), b"").decode(errors="replace")


def namespace(pid: int | None = None) -> int:
    """Which namespace the process's number counts in, ours by default; 0 where it is gone."""
    try:
        return os.stat(f"/proc/{'self' if pid is None else pid}/ns/pid").st_ino
    except OSError:
        return 0


def bears(pid: int, run_id: str) -> bool:
    """Whether the process was started with the run's id in its environment."""
    data = proc.read_whole(f"/proc/{pid}/environ", 1 << 20)
    return data is not None and f"{VARIABLE}={run_id}".encode() in data.split(b"\0")
