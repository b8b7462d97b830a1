"""The prctl(2) calls by which a run is held together (Linux only)."""

from __future__ import annotations

import ctypes
import os

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Orphans among our offspring become our children instead of init's."""
    _call(_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int, number: int) -> None:
    """The kernel sends ``number`` to us when our parent ends; at once when it is gone already."""
    _call(_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def outlive_parent() -> None:
    """The parent's end is no longer ours."""
    _call(_SET_PDEATHSIG, 0)


def gain_no_rights() -> None:
    """No program that we or our offspring execute gives rights that we don't have."""
    _call(_SET_NO_NEW_PRIVS, 1)


def _call(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
