"""Which system call a blocked thread waits in (/proc/<pid>/task/<tid>/syscall, proc(5)).

If that can't be read, or the thread sleeps outside of a call, the kernel's function is taken: see
``wchan``.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.timeline.records import SyscallSample
from app.witness import polled, proc, wchan
from app.witness.descriptors import Descriptors
from app.witness.runtime import RuntimeFinder

_X86_64 = {
    0: "read", 1: "write", 7: "poll", 17: "pread64", 18: "pwrite64", 19: "readv", 20: "writev",
    22: "pipe", 23: "select", 34: "pause", 35: "nanosleep", 42: "connect", 43: "accept",
    44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 56: "clone", 57: "fork",
    58: "vfork", 59: "execve", 60: "exit", 61: "wait4", 65: "semop", 70: "msgrcv", 72: "fcntl",
    73: "flock", 74: "fsync", 75: "fdatasync", 77: "ftruncate", 128: "rt_sigtimedwait",
    130: "rt_sigsuspend", 202: "futex", 219: "restart_syscall", 220: "semtimedop",
    230: "clock_nanosleep", 231: "exit_group", 232: "epoll_wait", 247: "waitid", 257: "openat",
    270: "pselect6", 271: "ppoll", 275: "splice", 276: "tee", 278: "vmsplice", 281: "epoll_pwait",
    288: "accept4", 295: "preadv", 296: "pwritev", 299: "recvmmsg", 307: "sendmmsg",
    426: "io_uring_enter", 435: "clone3", 441: "epoll_pwait2", 449: "futex_waitv",
}  # fmt: skip
_AARCH64 = {
    22: "epoll_pwait", 25: "fcntl", 32: "flock", 46: "ftruncate", 56: "openat", 59: "pipe2",
    63: "read", 64: "write", 65: "readv", 66: "writev", 67: "pread64", 68: "pwrite64",
    69: "preadv", 70: "pwritev", 72: "pselect6", 73: "ppoll", 75: "vmsplice", 76: "splice",
    77: "tee", 82: "fsync", 83: "fdatasync", 93: "exit", 94: "exit_group", 95: "waitid",
    98: "futex", 101: "nanosleep", 115: "clock_nanosleep", 128: "restart_syscall",
    133: "rt_sigsuspend", 137: "rt_sigtimedwait", 188: "msgrcv", 192: "semtimedop", 193: "semop",
    202: "accept", 203: "connect", 206: "sendto", 207: "recvfrom", 211: "sendmsg", 212: "recvmsg",
    220: "clone", 221: "execve", 242: "accept4", 243: "recvmmsg", 260: "wait4", 269: "sendmmsg",
    426: "io_uring_enter", 435: "clone3", 441: "epoll_pwait2", 449: "futex_waitv",
}  # fmt: skip
_NAMES = {"x86_64": _X86_64, "aarch64": _AARCH64}.get(platform.machine(), {})

#: Calls whose first argument is the descriptor they wait on.
_ON_DESCRIPTOR = frozenset(
    {
        "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "connect",
        "accept", "accept4", "sendto", "recvfrom", "sendmsg", "recvmsg", "recvmmsg", "sendmmsg",
        "fcntl", "flock", "fsync", "fdatasync", "ftruncate", "splice", "tee", "vmsplice",
    }
)  # fmt: skip
_WRITES = frozenset({"write", "writev", "pwrite64", "pwritev", "vmsplice"})
_LOCKS = frozenset({"flock", "fcntl"})
_P_PID = 1  # idtype of waitid(2)
_INT = 1 << 32


class Call(NamedTuple):
    """A system call and its first three arguments, as unsigned 64-bit words."""

    name: str
    arg0: int
    arg1: int
    arg2: int


def name_of(number: int) -> str:
    """The call's name; ``syscall-<n>`` for a call whose name no stage needs."""
    return _NAMES.get(number, f"syscall-{number}")


def parse(line: bytes) -> Call | None:
    """The call in the file's line; None when running or in no call."""
    fields = line.split()
    if len(fields) < 8:
        return None  # "running", or "-1 sp pc": blocked outside a system call (a page fault)
    return Call(name_of(int(fields[0])), *(int(field, 16) for field in fields[1:4]))


class SyscallReader:
    """Samples single threads; remembers what it learned of each process's interpreter.

    ``processes`` gives those of the run: the other end of a pipe is looked for among them.
    """

    def __init__(self, processes: Callable[[], Sequence[int]] = lambda: ()) -> None:
        self._runtime = RuntimeFinder()
        self._descriptors = Descriptors(processes)

    def sample(self, pid: int, tid: int) -> SyscallSample | None:
        """What the thread waits in now; None when it is running, gone, or may not be looked at."""
        t = time.monotonic_ns()
        line = proc.read(f"/proc/{pid}/task/{tid}/syscall", 256)
        call = parse(line) if line else None
        if call is None:
            return None if line == b"running\n" else _by_function(t, pid, tid)
        name, arg0 = call.name, call.arg0
        if name == "futex":
            if self._runtime.contains(pid, arg0):
                return SyscallSample(t, pid, tid, name, arg0, "gil")
            return SyscallSample(
                t, pid, tid, name, arg0, "", f"futex:{pid}:{arg0:x}", f"futex {arg0:#x}"
            )
        if name in _ON_DESCRIPTOR:
            site, target, label = self._descriptors.describe(pid, arg0 % _INT, t)
            peer = 0
            if site == "pipe":
                peer = self._descriptors.other_end(pid, target, name in _WRITES, t)
            elif name in _LOCKS:
                peer = self._descriptors.lock_owner(pid, arg0 % _INT)
            return SyscallSample(t, pid, tid, name, arg0, site, target, label, peer)
        one = polled.only(pid, *call)
        if one is not None:
            site, target, label = self._descriptors.describe(pid, one.fd, t)
            peer = self._descriptors.other_end(pid, target, one.writes, t) if site == "pipe" else 0
            return SyscallSample(t, pid, tid, name, arg0, site, target, label, peer)
        return SyscallSample(t, pid, tid, name, arg0, "", peer=_awaited(call))

    def forget(self, pid: int) -> None:
        """The process ended or became another program."""
        self._runtime.forget(pid)


def _by_function(t: int, pid: int, tid: int) -> SyscallSample | None:
    name, site = wchan.sleeps_in(pid, tid)
    return SyscallSample(t, pid, tid, name, 0, site) if name else None


def _awaited(call: Call) -> int:
    """The one child that a call waits for; 0 for any other call, and for any child."""
    if call.name == "waitid":
        return call.arg1 % _INT if call.arg0 == _P_PID else 0
    pid = call.arg0 % _INT
    return pid if call.name == "wait4" and pid < _INT // 2 else 0
