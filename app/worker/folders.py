"""The folders of a run: made with its id and held while its worker lives, removed however deep."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat

from app.worker import marks


def make(kind: str, run_id: str, parent: str) -> str:
    """A private folder of the run, which this process holds until it ends. Raises OSError.

    The hold is a lock (flock(2)): it is visible in other pid namespaces, too.
    """
    path = os.path.join(parent, marks.name(kind, run_id))
    while True:
        os.mkdir(path, 0o700)
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(held, fcntl.LOCK_EX)
        if os.fstat(held).st_nlink:
            return path
        os.close(held)  # taken for abandoned between both calls


def held_by_another(path: str) -> bool:
    """Whether a process holds the folder; false where there is none."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(folder)
    return False


def remove(path: str) -> None:
    """Removes the folder with all that is in it, however deep, and follows no link.

    A link, a file or a pipe that a program put in its place is removed as well. What the system
    refuses to remove stays; a folder that is gone is no error.
    """
    try:
        top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            with contextlib.suppress(OSError):
                os.unlink(path)
        return
    try:
        _empty(top)
    finally:
        os.close(top)
    with contextlib.suppress(OSError):  # what is left is not ours to remove
        os.rmdir(path)


def _empty(top: int) -> None:
    """A folder in a folder is moved up before it is emptied: no path and no stack grows."""
    waiting = _unlink_files(top)
    while waiting:
        name = waiting.pop()
        try:
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
        except PermissionError:
            folder = _opened(name, top)
        except OSError:
            continue
        if folder < 0:
            continue
        try:
            for inner in _unlink_files(folder):
                up = secrets.token_hex(8)
                with contextlib.suppress(OSError):  # stays where it is, and so does its parent
                    os.chmod(inner, stat.S_IRWXU, dir_fd=folder)
                    os.rename(inner, up, src_dir_fd=folder, dst_dir_fd=top)
                    waiting.append(up)
        finally:
            os.close(folder)
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=top)


def _opened(name: str, top: int) -> int:
    """A folder that its program locked itself out of; -1 where it is not ours."""
    try:
        os.chmod(name, stat.S_IRWXU, dir_fd=top)
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    except OSError:
        return -1


def _unlink_files(folder: int) -> list[str]:
    """Removes what is no folder; the names of the folders."""
    inner = []
    with contextlib.suppress(OSError):
        os.fchmod(folder, stat.S_IRWXU)
    for name in os.listdir(folder):
        try:
            os.unlink(name, dir_fd=folder)
        except IsADirectoryError:
            inner.append(name)
        except OSError:
            continue
    return inner
