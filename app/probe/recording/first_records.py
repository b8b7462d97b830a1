"""The first records of a process, in a small ring file that is not mapped.

Many processes record nothing but their beginning and their end. Mapping a ring would double the
cost of their start: it loads two extension modules, and after a fork it copies each page of memory
that it touches. So the main thread's first ring has few slots and is written by system calls. These
may give the GIL away, but no other thread is there yet that could take it. ``thread_state`` makes
the ring that follows.

The layout is that of ``wire``, which isn't imported because it imports ``struct``. The numbers are
repeated here, and a test holds them equal.

``this_thread`` writes the calling thread's records. It is this module until ``thread_state`` is
loaded.
"""

from __future__ import annotations

import _thread
import os
import sys
import time

from . import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

SLOTS = 8
HELLO, THREAD_START, MAIN_END = 1, 2, 9
_TEXT, _TEXT_MAX = 0x8000, 990
_HEADER, _HEAD = 64, 24
_NO_GIL, _PYPY = 1, 2

# Bound here because the program's ``os.open`` and others may be hooked, and because each look-up in
# another module costs a forked child a copied page.
_open, _pwrite, _close, _unlink = os.open, os.pwrite, os.close, os.unlink
_getpid, _getppid = os.getpid, os.getppid
_get_ident, _now = _thread.get_ident, time.monotonic_ns
#: The calling thread's CPU time in ns. The kernel updates it for this call; a reading from another
#: process lags by up to a tick (CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)).
cpu_ns: Callable[[], int] = getattr(time, "thread_time_ns", lambda: 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CLOEXEC

_name = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
_version = sys.version_info[0] << 8 | sys.version_info[1]

directory = os.environ.get("TIMESLICE_RING_DIR", "")
#: The program's folder at the start; a later change of the environment doesn't count.
program = os.environ.get("TIMESLICE_PROGRAM_DIR", "")
pid = 0
#: The ident of the thread whose records these are; 0 when there is no file for them.
owner = 0
#: The number of the file, which is also that of its thread.
number = 0
_path = ""
_content = bytearray()  # what the file holds
_used = 0  # slots that are filled in ``_content``
this_thread: Any = sys.modules[__name__]
#: Called in a forked child after ``begin``; set by ``objects``.
after_fork: Any = None
#: Slots that are in the file. They may be fewer than ``_used`` when it could not be opened.
_written = 0
#: ``emit`` and ``text`` of the ring that follows, once ``follow`` has made it. ``thread_state``
#: sets ``follow``.
_following: Any = None
follow: Any = None
#: The same of a forked child's parent. Unmapping the parent's ring would take the child longer than
#: all of ``begin``, so it is kept until the child makes a ring of its own.
_inherited: list[Any] = []
#: Records that wait for the ring that follows: those that a signal handler or a finalizer writes
#: while it is made, and all records while it can't be made, such as without a free descriptor.
_waiting: list[tuple[int, int, int, int, int, str]] = []
_leaving = False
_MOST_WAITING = 64


def begin() -> None:
    """Make the file with two records: this process and its main thread. Raises OSError."""
    global pid, owner, number, _path, _used, _written, _following
    pid = _getpid()  # the tid of its main thread, too
    owner = number = 0
    if _following is not None:
        _inherited.append(_following)
        _following = None
    if _waiting:
        _waiting.clear()
    if not directory:
        return
    now = _now().to_bytes(8, "little")
    _content[:] = _template
    _content[8:16] = (pid | pid << 32).to_bytes(8, "little")
    _content[32:40] = _content[64:72] = _content[128:136] = now
    _content[76:80] = _getppid().to_bytes(4, "little")
    _used = _written = 4
    _path = "%s/ring-%d-%d-0" % (directory, pid, pid)
    try:
        fd = _open(_path, _CREATE, 0o600)
    except FileExistsError:
        fd = _open_another()
    try:
        # One write, so the reader sees all of this or an empty file, and then looks again.
        _pwrite(fd, _content, 0)
    except BaseException:
        _unlink(_path)
        raise
    finally:
        _close(fd)
    owner = _get_ident()


def _open_another() -> int:
    """Take the next free number after an exec: rings of the program before have this pid, too."""
    global number, _path
    while True:
        number += 1 << 16
        _content[40:48] = number.to_bytes(8, "little")
        _path = "%s/ring-%d-%d-%d" % (directory, pid, pid, number)
        try:
            return _open(_path, _CREATE, 0o600)
        except FileExistsError:
            continue


def introduce(emit_text: Any) -> None:
    """Write the first two records into a ring, because this file could not be made."""
    emit_text(HELLO, _version, _getppid(), flags(), 0, _name)
    emit_text(THREAD_START, 0, 0, 0, 0, "MainThread")


def flags() -> int:
    """The flags of HELLO."""
    free: Any = getattr(sys, "_is_gil_enabled", None)
    without_gil = free is not None and not free()
    return (_NO_GIL if without_gil else 0) | (_PYPY if _name == "PyPy" else 0)


def emit(kind: int, aux: int = 0, a: int = 0, b: int = 0, c: int = 0) -> None:
    """Write a record of the thread that owns the file."""
    if _following is not None:
        return _following[0](kind, aux, a, b, c)  # type: ignore[no-any-return]
    text(kind, aux, a, b, c, "")


def mark(kind: int, b: int) -> None:
    """Write a record with nothing but its ``b``."""
    emit(kind, 0, 0, b)


def text(kind: int, aux: int, a: int, b: int, c: int, string: str) -> None:
    """Write a record with a text: into this file if there is room, else into the ring that follows.

    A signal handler or a finalizer may interrupt this function and call it again. So slots are
    claimed before they are filled, without a call in between.
    """
    global _used, _following
    if not owner:
        return
    try:
        if _following is None and not _waiting:
            data = _packed(_now(), kind, aux, a, b, c, string)
            count = len(data) >> 5
            slot = _used
            if slot + count < SLOTS:
                _used = slot + count
                start = _HEADER + (slot << 5)
                _content[start : start + len(data)] = data
                _write()
                return
        if _following is None:
            _waiting.append((kind, aux, a, b, c, string))
            if not _leaving:
                leave()
            return
    except Exception:
        faults.note("a first record")
        if len(_waiting) > _MOST_WAITING:
            _following = _lost, _lost
        return
    _following[1](kind, aux, a, b, c, string)


def leave() -> None:
    """Write into the ring that follows from now on. Raises OSError; the next record tries again."""
    global _following, _leaving
    if not owner or owner != _get_ident() or _following is not None:
        return
    _leaving = True
    try:
        if _written < _used:
            _write()
        if follow is None:
            __import__(__name__.rpartition(".")[0] + ".thread_state")
        _following = follow()
        _inherited.clear()
    finally:
        _leaving = False
    for record in _waiting:
        _following[1](*record)


def _lost(*_: Any) -> None:
    """Drop a record: no ring can be made and too many records wait for one, which is noted."""


def _write() -> None:
    """Write every filled slot that the file lacks.

    Among them may be slots of a call that this one interrupts, or that could not open the file.
    """
    global _written
    fd = _open(_path, _WRITE)
    try:
        while _written < _used:
            used, start = _used, _HEADER + (_written << 5)
            _pwrite(fd, _content[start : _HEADER + (used << 5)], start)
            _pwrite(fd, used.to_bytes(8, "little"), _HEAD)  # after the slots that it counts
            _written = used
    finally:
        _close(fd)


def _pack(*fields: int) -> bytes:
    """Pack a slot as ``wire.SLOT`` does, without ``struct``."""
    t, kind, aux, a, b, c = fields
    head = t.to_bytes(8, "little") + kind.to_bytes(2, "little") + aux.to_bytes(2, "little")
    return head + a.to_bytes(4, "little") + b.to_bytes(8, "little") + c.to_bytes(8, "little")


#: ``wire.SLOT.pack`` once ``ring`` has loaded ``struct``.
pack: Callable[..., bytes] = _pack


def _packed(t: int, kind: int, aux: int, a: int, b: int, c: int, string: str) -> bytes:
    """Return a record in whole slots, in the layout of ``wire``."""
    if string:
        kind |= _TEXT
    data = pack(t, kind, aux, a, b, c)
    if string:
        part = string.encode("utf-8", "backslashreplace")
        if len(part) > _TEXT_MAX:
            part = part[:_TEXT_MAX].decode("utf-8", "ignore").encode()
        part = len(part).to_bytes(2, "little") + part
        data += part + bytes(-len(part) & 31)
    return data


def _introduction() -> bytes:
    """Return the content of a new file, without pids and times."""
    records = _packed(0, HELLO, _version, 0, flags(), 0, _name)
    records += _packed(0, THREAD_START, 0, 0, 0, 0, "MainThread")
    assert len(records) == 128, "two records with a short text each"
    head = b"TSLR\1\0\1\0" + bytes(8) + SLOTS.to_bytes(8, "little") + (4).to_bytes(40, "little")
    return head + records + bytes((SLOTS - 4) << 5)


_template = _introduction()
