"""The descriptor that poll, select or epoll waits for, if it is a single one.

The descriptors of poll(2) and select(2) are in the caller's memory, which is read through
/proc/<pid>/mem (with the same right as the number of the call, proc(5)); those of epoll(7) are in
fdinfo.
"""

from __future__ import annotations

import os
import re
import struct
from typing import NamedTuple

from app.witness import proc

_POLLFD = struct.Struct("<ihh")
_POLLIN = 1
#: FD_SETSIZE of glibc, in bytes.
_SET_BYTES = 128
_TFD = re.compile(rb"tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)")


class Polled(NamedTuple):
    """``writes``: it waits until it can write."""

    fd: int
    writes: bool


def only(pid: int, name: str, arg0: int, arg1: int, arg2: int) -> Polled | None:
    """The descriptor that a call with these arguments waits for; None if there are several."""
    if name in ("poll", "ppoll"):
        data = _memory(pid, arg0, _POLLFD.size) if arg1 == 1 else b""
        if len(data) != _POLLFD.size:
            return None
        fd, events, _ = _POLLFD.unpack(data)
        return Polled(fd, not events & _POLLIN) if fd >= 0 else None
    if name in ("select", "pselect6"):
        size = min(_SET_BYTES, (arg0 + 7) // 8)
        reads, writes = (_set(pid, address, size) for address in (arg1, arg2))
        if len(reads) + len(writes) != 1:
            return None
        return Polled((reads or writes)[0], bool(writes))
    if name.startswith("epoll_"):
        info = proc.read(f"/proc/{pid}/fdinfo/{arg0}", 1024) or b""
        found = _TFD.findall(info)
        if len(found) == 1:
            return Polled(int(found[0][0]), not int(found[0][1], 16) & _POLLIN)
    return None


def _set(pid: int, address: int, size: int) -> list[int]:
    """The members of an fd_set."""
    bits = int.from_bytes(_memory(pid, address, size), "little") if address and size else 0
    return [fd for fd in range(bits.bit_length()) if bits >> fd & 1]


def _memory(pid: int, address: int, size: int) -> bytes:
    try:
        fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(fd, size, address)
    except (OSError, OverflowError):
        return b""  # the process is gone, or has nothing there
    finally:
        os.close(fd)
