"""Servers outside the run to which its sockets are connected over TCP, such as a message broker.

A server belongs to the run if one of the run's processes holds the other end of the connection, or
the socket that listens at its port. /proc/net/tcp has the inodes of these sockets, /proc/<pid>/fd
the processes that hold them (proc(5)). If that can't be found out, the server is taken for the
run's own and isn't reported.
"""

from __future__ import annotations

import os

from ..recording import first_records
from ..recording.objects import STANDARD, file_of, named
from ..recording.thread_state import this_thread
from ..recording.waiting import hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire

#: Address → the server's id; 0 if it is the run's own.
_servers: dict[tuple[str, int], int] = {}
_LISTENS = "0A"


def library(frame: Any) -> str:
    """Return the package for which a socket is made or connected; "" if that is the program."""
    while frame is not None:
        if file_of(frame.f_code.co_filename):
            return ""
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name not in STANDARD and name != "__main__":
            return name
        frame = frame.f_back
    return ""


def server(sock: Any, by: str) -> int:
    """Return the id of the server to which the socket is connected; 0 if it is the run's own.

    A server's first appearance is reported, with the library ``by`` in its name.
    """
    try:
        address, local = sock.getpeername()[:2], sock.getsockname()[:2]
    except OSError:  # closed meanwhile
        return 0
    known = _servers.get(address)
    if known is None:
        known = 0
        if not _own(address, local):
            known = named("tcp:%s:%d" % address)
            name = ("[%s]:%d" if ":" in address[0] else "%s:%d") % address
            this_thread.text(wire.PEER, 0, 0, known, 0, (by + " " + name).strip())
        _servers[address] = known
    return known


def _own(address: tuple[str, int], local: tuple[str, int]) -> bool:
    host, port = address
    if host != local[0] and not host.startswith("127."):
        return False  # on another machine, or in a network of its own
    try:
        wanted = _unreported(_sockets, port, local[1])
        if not wanted or _unreported(_held, wanted):
            return True
        # A process that ended meanwhile, and held one, took it along.
        remain: set[str] = wanted & _unreported(_sockets, port, local[1])
        return not remain
    except (OSError, ValueError, IndexError):
        return True


def _unreported(look: Any, *args: Any) -> Any:
    """Call ``look(*args)``. Files that it opens aren't the program's, so none is reported."""
    return hidden(look)(*args)


def _sockets(port: int, other: int) -> set[str]:
    """Return the sockets that listen at ``port`` or are connected from there to ``other``.

    They are those of this network namespace, as ``socket:[<inode>]``.
    """
    found = set()
    end = ":%04X" % port
    for name in ("tcp", "tcp6"):
        path = "/proc/self/net/" + name
        if name == "tcp6" and not os.path.exists(path):
            continue  # a kernel without IPv6
        with open(path) as table:
            for line in table:
                words = line.split()
                if len(words) > 9 and words[1].endswith(end):
                    theirs = words[3] == _LISTENS or words[2].endswith(":%04X" % other)
                    if theirs and words[9] != "0":  # 0: closed, or not accepted yet
                        found.add("socket:[%s]" % words[9])
    return found


def _held(wanted: set[str]) -> bool:
    """True if a process of the run has one of these sockets open."""
    recording = {first_records.pid}
    for name in os.listdir(first_records.directory):
        words = name.split("-")
        if words[0] == "ring" and len(words) > 1 and words[1].isdigit():
            recording.add(int(words[1]))
    return any(_holds(pid, wanted) for pid in recording) or any(
        _holds(pid, wanted) for pid in _others(recording)
    )


def _holds(pid: int, wanted: set[str]) -> bool:
    folder = "/proc/%d/fd" % pid
    try:
        descriptors = os.listdir(folder)
    except FileNotFoundError:
        return False  # it has ended
    for descriptor in descriptors:
        try:
            if os.readlink(folder + "/" + descriptor) in wanted:
                return True
        except FileNotFoundError:
            continue  # closed meanwhile
    return False


def _others(recording: set[int]) -> set[int]:
    """Return the descendants of these processes that have no ring, or none yet."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            children.setdefault(parent, []).append(int(name))
    found: set[int] = set()
    waiting = [child for pid in recording for child in children.get(pid, ())]
    while waiting:
        pid = waiting.pop()
        if pid not in found and pid not in recording:
            found.add(pid)
            waiting += children.get(pid, ())
    return found
