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

    Not granted to all. A session that is not ours alone, the server's, is left as it is.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        if os.getsid(0) == os.getpid():
            with open("/proc/self/autogroup", "w") as file:
                file.write(str(_NICE))
