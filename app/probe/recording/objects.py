"""Ids of the program's objects, and lines of the program.

An id is ``pid << 32 | counter``. An object that several processes know by a name, such as a
semaphore or a pipe's inode, has an id made of that name, with the top bit set: it is the same in
each of them.

A line stands in records in two ways: ``a`` is the line and the upper half of ``c`` the file
(``locate``), or both are in one number (``place``). A file has a number in its process, which a
FILE record reports before the first use.
"""

from __future__ import annotations

import itertools
import os
import sys

from . import first_records, thread_state
from .thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from . import wire

_counting = itertools.count
_base = first_records.pid << 32
_count = itertools.count(1)
_files: dict[str, int] = {}
#: The names of the program's files among them: a forked child reports them again.
_own: list[str] = []
_file_count = itertools.count(1)
_folders: tuple[str, ...] = ()
#: A place has 12 bits for the number of a file.
_MOST_FILES = 1 << 12
#: The folders of the standard library and of the probe.
_foreign = tuple(
    os.path.join(os.path.dirname(os.path.abspath(path)), "")
    for path in (os.__file__, os.path.dirname(__file__))
)

#: Modules of the standard library: locks and events that they make aren't the program's objects.
STANDARD: frozenset[str] = getattr(sys, "stdlib_module_names", None) or frozenset(
    """_threading_local asyncio bdb code codecs concurrent contextlib copy functools ftplib http
    imaplib importlib io linecache logging mailbox multiprocessing pdb pickle poplib pty queue
    random runpy sched shutil smtplib socket socketserver sqlite3 ssl subprocess tempfile test
    threading tokenize trace traceback unittest urllib uuid warnings weakref wsgiref xmlrpc
    zipfile""".split()  # noqa: SIM905
)


def fresh() -> int:
    """Return a new id of this process."""
    return _base | next(_count)


def base() -> int:
    """Return what all ids of this process begin with: ``pid << 32``."""
    return _base


def named(name: str) -> int:
    """Return the id of what is called ``name`` in every process (64-bit FNV-1a, top bit set)."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value | 1 << 63


def by_standard_library(frame: Any) -> bool:
    """True if this frame's module belongs to the standard library, its tests excepted."""
    name = frame.f_globals.get("__name__")
    if not isinstance(name, str):
        return False
    top, _, rest = name.partition(".")
    return top in STANDARD and top != "__main__" and not (top == "test" and rest)


def made_by_program(frame: Any, init: Any, has_subclass: bool = False) -> Any:
    """Return the program's frame in which an object is made; None if the standard library makes it.

    ``frame`` called ``init``, the ``__init__`` of the object's class. With ``has_subclass`` the
    class has a subclass in the same module, whose own ``__init__`` may be that caller.
    """
    if by_standard_library(frame):
        inside = has_subclass and frame.f_globals.get("__name__") == init.__module__
        frame = frame.f_back if inside else None
        if frame is None or by_standard_library(frame):
            return None
    return frame


def locate(frame: Any) -> tuple[int, int]:
    """Return line and file of the innermost of the program's frames, from ``frame`` outwards.

    The file is ``file_id << 32``. ``(0, 0)`` if no frame of the program is on the stack.
    """
    files = _files
    while frame is not None:
        name = frame.f_code.co_filename
        try:
            file = files[name]
        except KeyError:
            file = _classify(name)
        if file:
            return frame.f_lineno or 0, file
        frame = frame.f_back
    return 0, 0


def place(frame: Any) -> int:
    """Return what ``locate`` does in one number: ``file_id << 20 | line``."""
    line, file = locate(frame)
    return file >> 12 | line


def file_of(name: str) -> int:
    """Return ``file_id << 32`` of a code object's file name; 0 if the file isn't the program's."""
    try:
        return _files[name]
    except KeyError:
        return _classify(name)


def _classify(name: str) -> int:
    path = os.path.abspath(name)
    file = 0
    if name[:1] != "<" and path.startswith(_folders) and not _by_others(path):
        ident = next(_file_count)
        if ident < _MOST_FILES:
            file = ident << 32
            this_thread.text(wire.FILE, 0, ident, 0, 0, path)
        _own.append(name)
    _files[name] = file
    return file


def _by_others(path: str) -> bool:
    """True if a file below the program's folder isn't the program's: an environment, an interpreter
    or the probe itself may lie in that folder."""
    if "site-packages" in path or "dist-packages" in path:
        return True
    for folder in _foreign:
        if path.startswith(folder) and not _folders[0].startswith(folder):
            return True
    return False


def register(kind: int, frame: Any, name: str = "", ident: int = 0) -> int:
    """Report an object of this ObjectKind made at ``frame``; return its id, a new one if 0."""
    ident = ident or fresh()
    line, where = locate(frame)
    this_thread.text(wire.OBJECT, kind, line, ident, where, name)
    return ident


def reset() -> None:
    """Begin new ids and new numbers of files for this process, which has a new pid."""
    global _base, _file_count
    _base = first_records.pid << 32
    if _own:
        _file_count = _counting(1)
        for name in _own:
            _files.pop(name, None)
        _own.clear()


def set_program(folder: str) -> None:
    """Set the program's folder, in which its files lie. A forked child keeps it."""
    global _folders
    _files.clear()
    _own.clear()
    if folder:
        folder = os.path.abspath(folder)
        _folders = tuple({os.path.join(folder, ""), os.path.join(os.path.realpath(folder), "")})
    else:
        _folders = ()


def _after_fork() -> None:
    reset()
    thread_state.after_fork()


set_program(first_records.program)
first_records.after_fork = _after_fork
