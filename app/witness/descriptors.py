"""What a descriptor of a process is: a file by its path, a socket by its address, a pipe by its
inode and by the process at its other end (proc(5): /proc/<pid>/fd, fdinfo and net).
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from app.witness import proc

#: Looking for a pipe's other end goes through all descriptors of the run's processes: at most this
#: many processes, and for the same pipe again only after this long.
MOST_PROCESSES = 16
AGAIN_NS = 500_000_000
#: Tables of sockets are long on a busy machine: they are read at most this often in a second.
LOOKS = 16
LOOKS_NS = 1_000_000_000
_TABLE_BYTES = 1 << 18
_KEPT = 1024
_INODE = re.compile(r"(pipe|socket):\[(\d+)\]")
_LISTEN = "0A"  # TCP_LISTEN, linux/include/net/tcp_states.h


class Descriptor(NamedTuple):
    """``site`` is ``pipe``, ``socket``, ``file`` or ``""``. ``target`` is the same text in every
    process for the same pipe, socket or file; ``label`` says it to a reader, where more is known.
    """

    site: str = ""
    target: str = ""
    label: str = ""


class Descriptors:
    """Looks descriptors up, and remembers what is expensive to find."""

    def __init__(self, processes: Callable[[], Sequence[int]] = lambda: ()) -> None:
        self._processes = processes
        self._labels: dict[str, str] = {}
        self._looks, self._looks_until_ns = 0, 0
        self._ends: dict[tuple[str, bool], tuple[int, int]] = {}

    def describe(self, pid: int, fd: int, now_ns: int) -> Descriptor:
        """What the descriptor is; empty if it is gone, or may not be looked at."""
        try:
            link = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            return Descriptor()
        if found := _INODE.fullmatch(link):
            target = f"{found[1]}:{found[2]}"
            label = self._address(pid, found[2], now_ns) if found[1] == "socket" else ""
            return Descriptor(found[1], target, label)
        if link.startswith("/"):
            return Descriptor("file", link, link.removesuffix(" (deleted)"))
        # anon_inode:[eventfd] and the like
        return Descriptor("", link, link.removeprefix("anon_inode:").strip("[]"))

    def other_end(self, pid: int, target: str, writes: bool, now_ns: int) -> int:
        """The other process that ``pid`` waits for: the only one of the run that writes into this
        pipe, or, if ``pid`` itself ``writes``, the only one that reads from it. Else 0.
        """
        known = self._ends.get((target, writes))
        if known is not None and now_ns < known[1]:
            return known[0] if known[0] != pid else 0
        processes = self._processes()
        found: set[int] = set()
        if len(processes) <= MOST_PROCESSES:
            link = target.replace(":", ":[") + "]"
            found = {other for other in processes if _has_end(other, link, not writes)}
        end = found.pop() if len(found) == 1 else 0
        if len(self._ends) >= _KEPT:
            self._ends.clear()
        self._ends[target, writes] = end, now_ns + AGAIN_NS
        return end if end != pid else 0

    def lock_owner(self, pid: int, fd: int) -> int:
        """The other process that holds the lock of the file that this one waits for (proc(5),
        /proc/locks); 0 if none does, several do, or it isn't known."""
        try:
            file = os.stat(f"/proc/{pid}/fd/{fd}")
        except OSError:
            return 0
        device = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
        found: set[int] = set()
        for line in (proc.read_whole("/proc/locks", _TABLE_BYTES) or b"").splitlines():
            fields = line.decode().split()
            if len(fields) > 5 and fields[1] != "->" and fields[5] == device:
                found.add(int(fields[4]))
        return found.pop() if len(found) == 1 and pid not in found and min(found) > 0 else 0

    def _address(self, pid: int, inode: str, now_ns: int) -> str:
        label = self._labels.get(inode)
        if label is None:
            if now_ns >= self._looks_until_ns:
                self._looks, self._looks_until_ns = LOOKS, now_ns + LOOKS_NS
            if not self._looks:
                return ""
            self._looks -= 1
            if len(self._labels) >= _KEPT:
                self._labels.clear()
            label = self._labels[inode] = next(_addresses(pid, inode), "")
        return label


def _has_end(pid: int, link: str, writing: bool) -> bool:
    """Whether the process has the pipe open for writing, or for reading."""
    try:
        fds = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    for fd in fds:
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}") != link:
                continue
        except OSError:
            continue  # closed meanwhile
        info = proc.read(f"/proc/{pid}/fdinfo/{fd}", 512) or b""
        flags = re.search(rb"flags:\s*(\d+)", info)
        mode = int(flags[1], 8) & os.O_ACCMODE if flags else None
        if mode == os.O_RDWR or mode == (os.O_WRONLY if writing else os.O_RDONLY):
            return True
    return False


def _addresses(pid: int, inode: str) -> Iterator[str]:
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for fields in _rows(pid, name):
            if len(fields) > 9 and fields[9] == inode:
                yield _internet(name.rstrip("6"), *fields[1:4])
    for fields in _rows(pid, "unix"):
        if len(fields) > 6 and fields[6] == inode:
            yield f"unix {fields[7]}" if len(fields) > 7 else ""


def _rows(pid: int, name: str) -> Iterator[list[str]]:
    data = proc.read_whole(f"/proc/{pid}/net/{name}", _TABLE_BYTES) or b""
    for line in data.decode(errors="replace").splitlines()[1:]:
        yield line.split()


def _internet(protocol: str, local: str, remote: str, state: str) -> str:
    """The address of its peer; its own address if it listens or has no peer."""
    port = int(remote.partition(":")[2], 16)
    if state == _LISTEN or not port:
        return f"{protocol} {_spelled(local)}"
    return f"{protocol} {_spelled(remote)}"


def _spelled(address: str) -> str:
    """``127.0.0.1:80`` for ``0100007F:0050``: words of 32 bits, each in the machine's order."""
    digits, _, port = address.partition(":")
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    host = ipaddress.ip_address(b"".join(words))
    return f"[{host}]:{int(port, 16)}" if host.version == 6 else f"{host}:{int(port, 16)}"
