"""Kills whole process trees: repeated walks of /proc by parent, bounded in time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from app.witness import proc

#: After this many walks that still found processes, all are stopped before they are killed, so that
#: none can fork in between and escape.
_FREEZE_AFTER = 3


def kill_descendants(
    root: int, deadline_ns: int, reap: Callable[[], None], pause_s: float = 0.002
) -> list[int]:
    """SIGKILLs all offspring of ``root`` (not itself) until none is left or time is up.

    ``reap`` collects the dead children of the caller between the walks. Returns the survivors:
    processes that even SIGKILL does not end, such as those in an uninterruptible wait.
    """
    walk = 0
    while True:
        alive = living(root)
        if not alive:
            reap()
            return []
        if walk >= _FREEZE_AFTER:
            send(alive, signal.SIGSTOP)
            alive = living(root)
        send(alive, signal.SIGKILL)
        reap()
        walk += 1
        if time.monotonic_ns() >= deadline_ns:
            return living(root)
        time.sleep(pause_s)


def living(root: int) -> list[int]:
    """Offspring of ``root`` that are no zombies."""
    found = []
    for pid in proc.descendants([root]):
        stat = proc.stat(pid)
        if stat is not None and stat.state not in "ZX":
            found.append(pid)
    return found


def send(pids: list[int], number: int) -> None:
    """Sends the signal to each that still exists. They are ours: unreaped, or of our tree."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
