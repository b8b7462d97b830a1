"""A control group of the run's own, where this machine lets us make one: a hard stop behind the
worker's own watch over memory and the number of tasks (kernel docs cgroup-v2, cgroup-v1/pids,
cgroup-v1/memory)."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.worker import marks

_CONTROLLERS = ("pids", "memory")


class _Folder(NamedTuple):
    path: Path
    version: int
    controllers: frozenset[str]


class Cgroup:
    """Folders of one run; in version 1 one per controller, in version 2 one for all.

    A machine that grants none gives an empty group: ``controllers`` says what is enforced.
    """

    def __init__(self, run_id: str, memory_bytes: int, tasks: int) -> None:
        self._folders: list[_Folder] = []
        for parent in _own_groups():
            path = parent.path / marks.name(marks.GROUP, run_id)
            try:
                path.mkdir()
            except OSError:
                continue
            folder = parent._replace(path=path)
            if _limit(folder, memory_bytes, tasks):
                self._folders.append(folder)
            else:
                _remove(path)

    @property
    def controllers(self) -> list[str]:
        return sorted(set().union(*(folder.controllers for folder in self._folders)))

    def files_to_join(self) -> list[str]:
        """A process enters the group by writing ``0`` to each of these."""
        return [str(folder.path / "cgroup.procs") for folder in self._folders]

    def out_of_memory(self) -> bool:
        """Whether the kernel killed a process of the group for memory."""
        for folder in self._folders:
            if "memory" not in folder.controllers:
                continue
            name = "memory.events" if folder.version == 2 else "memory.oom_control"
            if _value(folder.path / name, "oom_kill") > 0:
                return True
        return False

    def forks_refused(self) -> bool:
        """Whether the kernel refused a fork because there were too many tasks."""
        return any(
            _value(folder.path / "pids.events", "max") > 0
            for folder in self._folders
            if "pids" in folder.controllers
        )

    def forbid_forks(self) -> None:
        """From now on no process of the group can make another, so that a sweep is sure to end."""
        for folder in self._folders:
            if "pids" in folder.controllers:
                _write(folder.path / "pids.max", "0")

    def remove(self, patience_s: float = 1.0) -> None:
        """Takes the folders away; they stay busy for a moment after the last process ended."""
        deadline = time.monotonic() + patience_s
        for folder in self._folders:
            while not _remove(folder.path) and time.monotonic() < deadline:
                time.sleep(0.005)
        self._folders.clear()


def existing() -> Iterator[tuple[marks.Mark, Path]]:
    """The control groups of all runs that were made beside ours, also by others."""
    for parent in _own_groups():
        try:
            names = os.listdir(parent.path)
        except OSError:
            continue
        for name in names:
            if mark := marks.read(name):
                yield mark, parent.path / name


def members(path: Path) -> list[int]:
    """The group's processes, and no more of them from now on; those we can't see are left out."""
    _write(path / "pids.max", "0")
    return [pid for pid in _procs(path) if pid]


def has_foreigners(path: Path) -> bool:
    """Whether the group has processes of another pid namespace (pid_namespaces(7)).

    Their numbers mean other processes there, so nothing that they name can be judged here.
    """
    return any(
        pid == 0 or marks.namespace(pid) not in (0, marks.namespace()) for pid in _procs(path)
    )


def _procs(path: Path) -> list[int]:
    try:
        return [int(line) for line in (path / "cgroup.procs").read_text().split()]
    except OSError:
        return []  # gone


def remove(path: Path) -> bool:
    """Whether the group is gone; it stays while a process is in it."""
    return _remove(path)


def _own_groups() -> list[_Folder]:
    """The groups this process is in, of the controllers of interest."""
    try:
        memberships = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return []
    paths: dict[str, str] = {}
    for line in memberships:
        _, names, path = line.split(":", 2)
        for controller in names.split(","):
            paths[controller] = path
    folders: list[_Folder] = []
    for line in mounts:
        before, _, after = line.partition(" - ")
        root, mount = before.split()[3:5]
        kind, _, options = after.split()[:3]
        if kind == "cgroup2":
            controllers = frozenset(_CONTROLLERS)
            path = paths.get("", "/")
        elif kind == "cgroup":
            controllers = frozenset(options.split(",")) & frozenset(_CONTROLLERS)
            path = paths.get(next(iter(controllers), ""), "/")
        else:
            continue
        if controllers:
            below = os.path.relpath(path, root) if path.startswith(root) else "."
            version = 2 if kind == "cgroup2" else 1
            folders.append(_Folder(Path(mount) / below, version, controllers))
    return folders


def _limit(folder: _Folder, memory_bytes: int, tasks: int) -> bool:
    """Sets what the folder has files for; false when it enforces nothing."""
    done = []
    if "pids" in folder.controllers:
        done.append(_write(folder.path / "pids.max", str(tasks)))
    if "memory" in folder.controllers:
        name = "memory.max" if folder.version == 2 else "memory.limit_in_bytes"
        done.append(_write(folder.path / name, str(memory_bytes)))
        swap = "memory.swap.max" if folder.version == 2 else "memory.memsw.limit_in_bytes"
        _write(folder.path / swap, "0" if folder.version == 2 else str(memory_bytes))
    return any(done)


def _write(path: Path, text: str) -> bool:
    try:
        # Not Path.write_text: it would make an ordinary file where the kernel has none.
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(fd, text.encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def _remove(path: Path) -> bool:
    try:
        path.rmdir()
    except OSError as error:
        return error.errno == errno.ENOENT
    return True


def _value(path: Path, key: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, value = line.partition(" ")
        if name == key and value.isdigit():
            return int(value)
    return 0
