"""Landlock: the program's signals stay among its own processes.

A process in such a domain can't signal, stop or trace one outside, nor open its memory in /proc;
so a program can't reach its guard, its worker and the server (landlock(7);
Documentation/userspace-api/landlock.rst, "IPC scoping"). Nothing else is restricted.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import threading

from app.worker import prctl

# The numbers of both calls are the same on all processors but Alpha.
_CREATE_RULESET = 444
_RESTRICT_SELF = 446
_ASK_VERSION = 1
#: LANDLOCK_SCOPE_SIGNAL came with this version of the interface (Linux 6.12).
SCOPING_ABI = 6
_SCOPE_SIGNAL = 1 << 1
#: struct landlock_ruleset_attr: file system, network, scopes.
_ATTRIBUTES = struct.Struct("=QQQ")

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The kernel's version of the interface; 0 where there is none, or where it is turned off."""
    found: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return max(0, found)


def holds() -> bool:
    """Whether ``keep_signals_inside`` works here, tried by a thread, which alone is kept then."""
    found: list[bool] = []
    trial = threading.Thread(target=lambda: found.append(keep_signals_inside()))
    trial.start()
    trial.join()
    return found == [True]


def keep_signals_inside() -> bool:
    """From now on this thread and its offspring can signal only one another.

    False where the kernel can't do that. Where it asks for it (not of root), this also ends the
    gain of rights by set-user-ID programs (PR_SET_NO_NEW_PRIVS).
    """
    if abi() < SCOPING_ABI:
        return False
    attributes = _ATTRIBUTES.pack(0, 0, _SCOPE_SIGNAL)
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return False
    try:
        if _restrict(ruleset):
            return True
        if ctypes.get_errno() != errno.EPERM:
            return False
        prctl.gain_no_rights()
        return _restrict(ruleset)
    finally:
        os.close(ruleset)


def _restrict(ruleset: int) -> bool:
    done: int = _libc.syscall(_RESTRICT_SELF, ruleset, 0)
    return done == 0
