"""Reads /proc of processes and threads (proc(5)); None if the thread is gone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Stat(NamedTuple):
    """Fields of /proc/<pid>/stat. ``cpu_ns`` includes reaped children; ticks are 1/100 s."""

    pid: int
    comm: str
    state: str
    ppid: int
    cpu_ns: int
    own_cpu_ns: int
    threads: int
    start_ticks: int
    cpu: int


def parse_stat(data: bytes) -> Stat:
    """``data`` is the file's line; the name may hold blanks and parentheses."""
    left, right = data.index(b"("), data.rindex(b")")
    rest = data[right + 2 :].split()
    own = int(rest[11]) + int(rest[12])
    return Stat(
        pid=int(data[:left]),
        comm=data[left + 1 : right].decode(errors="replace"),
        state=chr(rest[0][0]),
        ppid=int(rest[1]),
        cpu_ns=(own + int(rest[13]) + int(rest[14])) * _TICK_NS,
        own_cpu_ns=own * _TICK_NS,
        threads=int(rest[17]),
        start_ticks=int(rest[19]),
        cpu=int(rest[36]),
    )


def read(path: str, size: int = 4096) -> bytes | None:
    """The first ``size`` bytes of a file of /proc, or None when its process is gone."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(fd, size)
    except OSError:
        return None
    finally:
        os.close(fd)


def read_whole(path: str, most: int) -> bytes | None:
    """A file of /proc that is handed out in pieces, such as a table of sockets, or its first
    ``most`` bytes; None when it can't be read.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            data = b""
            while len(data) < most and (piece := file.read(1 << 16)):
                data += piece
            return data
    except OSError:
        return None


def stat(pid: int, tid: int = 0) -> Stat | None:
    """Of the process, or of its thread ``tid``."""
    data = read(f"/proc/{pid}/task/{tid}/stat" if tid else f"/proc/{pid}/stat")
    return parse_stat(data) if data else None


def parse_account(data: bytes) -> tuple[int, int, int] | None:
    """A schedstat file: ns on a CPU, ns on a run queue, time slices; None if it is empty."""
    fields = data.split()
    return (int(fields[0]), int(fields[1]), int(fields[2])) if len(fields) == 3 else None


def account(pid: int, tid: int = 0) -> tuple[int, int, int] | None:
    """Of the process's first thread, or of its thread ``tid``; also of a zombie, to its end."""
    data = read(f"/proc/{pid}/task/{tid}/schedstat" if tid else f"/proc/{pid}/schedstat", 80)
    return parse_account(data) if data else None


def rss_bytes(pid: int) -> int:
    """Resident memory that is the process's own: without file pages and shared mappings."""
    data = read(f"/proc/{pid}/statm")
    if not data:
        return 0
    fields = data.split()
    return max(0, int(fields[1]) - int(fields[2])) * _PAGE


def tids(pid: int) -> list[int]:
    """The process's threads; empty when it is gone."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def children(pid: int) -> list[int] | None:
    """Children of all threads of ``pid``; None if the kernel has no such file."""
    found: list[int] = []
    for tid in tids(pid):
        data = read(f"/proc/{pid}/task/{tid}/children", 1 << 16)
        if data is None:
            if not _HAS_CHILDREN:
                return None
            continue
        found += map(int, data.split())
    return found


def descendants(roots: Iterable[int]) -> list[int]:
    """All offspring of ``roots`` (without them), zombies included, parents before children."""
    if not _HAS_CHILDREN:
        return _descendants_by_scan(roots)
    found: dict[int, None] = {}
    pending = list(roots)
    while pending:
        for child in children(pending.pop()) or ():
            if child not in found:
                found[child] = None
                pending.append(child)
    return list(found)


def _descendants_by_scan(roots: Iterable[int]) -> list[int]:
    by_parent: dict[int, list[int]] = {}
    for item in all_stats():
        by_parent.setdefault(item.ppid, []).append(item.pid)
    found: dict[int, None] = {}
    pending = list(roots)
    while pending:
        for child in by_parent.get(pending.pop(), ()):
            if child not in found:
                found[child] = None
                pending.append(child)
    return list(found)


def all_stats() -> Iterator[Stat]:
    """Every process that is visible here."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            item = stat(int(name))
            if item is not None:
                yield item


_HAS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
