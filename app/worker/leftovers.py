"""What a run leaves in the system besides files: named semaphores and shared memory."""

from __future__ import annotations

import contextlib
import os
import re
import stat

from app.timeline import wire

#: Where the C library keeps both (sem_overview(7), shm_overview(7)).
_SHARED_MEMORY = "/dev/shm"
#: The names that multiprocessing makes up, and their files. One that a program chose stays.
_FILES = (
    (re.compile(r"mp-[a-z0-9_]{8}"), "sem."),
    (re.compile(r"psm_[0-9a-f]{8}"), ""),
)

#: The clock of file times is coarse, and the start of a process is known in 1/100 s.
_CLOCK_S = 0.02


def remove_names(rings: str, began_s: float, where: str = _SHARED_MEMORY) -> list[str]:
    """Remove the semaphores and the shared memory of a run that is over; the files' names.

    ``rings`` is the run's folder, in which the probe notes what the run's own processes made. A
    program can write such a note itself: what was there before the run ``began_s`` stays.
    """
    try:
        noted = os.listdir(os.path.join(rings, wire.NAMES_FOLDER))
    except OSError:  # nothing was noted, or its place is no folder
        return []
    removed = []
    for name in noted:
        for pattern, prefix in _FILES:
            path = os.path.join(where, prefix + name)
            if pattern.fullmatch(name) and _ours(path, began_s):
                with contextlib.suppress(FileNotFoundError):  # its tracker was faster
                    os.unlink(path)
                    removed.append(prefix + name)
    return removed


def _ours(path: str, began_s: float) -> bool:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False  # removed by the program, or by its tracker just now
    # Neither writing through a mapping nor waiting for a semaphore changes the time of its inode.
    made_since = found.st_ctime >= began_s - _CLOCK_S
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and made_since
