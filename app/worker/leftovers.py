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


def remove_names(rings: str, where: str = _SHARED_MEMORY) -> list[str]:
    """Remove the semaphores and the shared memory of a run that is over; the files' names.

    ``rings`` is the run's folder, in which the probe notes what the run's own processes made.
    """
    try:
        noted = os.listdir(os.path.join(rings, wire.NAMES_FOLDER))
    except FileNotFoundError:
        return []
    removed = []
    for name in noted:
        for pattern, prefix in _FILES:
            path = os.path.join(where, prefix + name)
            if pattern.fullmatch(name) and _ours(path):
                with contextlib.suppress(FileNotFoundError):  # its tracker was faster
                    os.unlink(path)
                    removed.append(prefix + name)
    return removed


def _ours(path: str) -> bool:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False  # removed by the program, or by its tracker before that was told
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
