"""The worker's own priority: it must hear the witnesses in time also when the program computes."""

from __future__ import annotations

import contextlib
import os

_NICE = -10


def own_session() -> None:
    """Become a session of our own, so that our priority is ours alone.

    Where the kernel weighs tasks by session (sched(7), autogroup), nice works only within one.
    A leader of a process group can't begin a session (setsid(2)): it joins its parent's first.
    """
    if os.getsid(0) == os.getpid():
        return
    with contextlib.suppress(OSError):  # then only nice(2) is left to us
        if os.getpgid(0) == os.getpid():
            os.setpgid(0, os.getpgid(os.getppid()))
        os.setsid()


def raise_own() -> None:
    """Ours, never the program's: its priority is what it would be without us.

    Not granted to all. A session that is not ours alone, the server's, is left as it is. Where
    there is more than one CPU we run before all others (SCHED_RR, sched(7)): with nice(2) alone a
    storm of switches was seen to keep the worker waiting for a CPU for seconds, until the rings ran
    over. The program still has the other CPUs, and a storm that waits for one makes no records.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        if os.getsid(0) == os.getpid():
            with open("/proc/self/autogroup", "w") as file:
                file.write(str(_NICE))
        if len(os.sched_getaffinity(0)) > 1:
            _schedule(os.SCHED_RR, 1)


def lower_own() -> None:
    """Like others again: the program is over, and what is left to do hurries nobody."""
    with contextlib.suppress(OSError):
        _schedule(os.SCHED_OTHER, 0)


def _schedule(policy: int, priority: int) -> None:
    # What we start is not to inherit it.
    os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
