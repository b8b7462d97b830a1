"""Ends what is left of a run, whatever became of the processes that watched it.

A run's processes are known by its id in their environment, by its control group and by their
parents; its folders and groups by their names (app/worker/marks.py).
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator

from app.witness import proc
from app.worker import cgroup, folders, marks
from app.worker.leftovers import remove_names
from app.worker.tree import send

#: Longer than the kernel needs to end a process after SIGKILL, unless it waits uninterruptibly.
PATIENCE_S = 5.0
_PAUSE_S = 0.002
#: How long to wait for a folder that a process of a dead run still holds.
_HELD_S = 1.0
#: How long a control group without a folder is left alone, because its run may be starting.
_SETTLED_S = 10.0
_SHARED_MEMORY = "/dev/shm"


def end(run_id: str, others: Callable[[], Iterable[int]] = tuple) -> list[int]:
    """Kills the run's processes and removes what it left; the processes that SIGKILL did not end.

    ``others`` are more processes to kill, with their offspring. Never kills the caller or the
    processes that it comes from. Blocks until the killed processes are gone.
    """
    survivors = _kill(run_id, others)
    for mark, path in _folders():
        if mark.run_id == run_id:
            _remove(mark, path)
    deadline = time.monotonic() + 1.0
    for mark, group in list(cgroup.existing()):
        while mark.run_id == run_id and not cgroup.remove(group) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)  # busy for a moment after its last process
    return survivors


def abandoned() -> list[str]:
    """Ends the runs of which every watcher is gone; their ids.

    A run of another server is left alone: its worker lives, or holds its folder. A worker whose own
    starter is gone is ended even if it lives: it may be stopped.
    """
    found: dict[str, None] = {}
    for mark, path in _folders():
        if not mark.owner_lives and _is_ours(path):
            found[mark.run_id] = None
    for mark, group in cgroup.existing():
        # One that was just made is empty, and its owner may be one that can't be seen here.
        settled = _age_s(group) > _SETTLED_S and not cgroup.has_foreigners(group)
        if settled and not mark.owner_lives and _is_ours(group):
            found[mark.run_id] = None
    ended = [run_id for run_id in found if not _lives(run_id)]
    for pid in _everybody():
        if _is_ours(f"/proc/{pid}") and (run_id := marks.orphaned(pid)):
            ended.append(run_id)
    ended = list(dict.fromkeys(ended))
    for run_id in ended:
        end(run_id)
    return ended


def _lives(run_id: str) -> bool:
    """Whether another process holds a folder of the run, and is none that can be killed here."""
    held = [path for mark, path in _folders() if mark.run_id == run_id]
    if not any(map(folders.held_by_another, held)):
        return False
    if any(mark.owner_lives for mark, _ in _folders() if mark.run_id == run_id):
        return True
    # A program can hold its own folder; a worker that isn't seen here has processes that aren't.
    _kill(run_id, tuple)
    deadline = time.monotonic() + _HELD_S
    while any(map(folders.held_by_another, held)):
        if time.monotonic() > deadline:
            return True
        time.sleep(_PAUSE_S)
    return False


def _kill(run_id: str, others: Callable[[], Iterable[int]]) -> list[int]:
    spared = _line_of(os.getpid())
    deadline = time.monotonic() + PATIENCE_S
    looks = 0
    while True:
        alive = _alive(run_id, others(), spared)
        if not alive:
            return []
        if time.monotonic() > deadline:
            return alive
        if looks > 2:  # so that none can fork between two looks and escape
            send(alive, signal.SIGSTOP)
            alive = _alive(run_id, others(), spared)
        send(alive, signal.SIGKILL)
        looks += 1
        time.sleep(_PAUSE_S)


def _alive(run_id: str, others: Iterable[int], spared: set[int]) -> list[int]:
    roots = {pid for pid in _everybody() if marks.bears(pid, run_id)}
    for mark, path in cgroup.existing():
        if mark.run_id == run_id:
            roots.update(cgroup.members(path))
    roots.update(others)
    grown = proc.descendants((roots - spared) | (roots & {os.getpid()}))
    return [pid for pid in (roots | set(grown)) - spared if _runs(pid)]


def _everybody() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _runs(pid: int) -> bool:
    stat = proc.stat(pid)
    return stat is not None and stat.state not in "ZX"


def _line_of(pid: int) -> set[int]:
    """The process and all its ancestors."""
    line = set()
    while pid > 0 and pid not in line:
        line.add(pid)
        stat = proc.stat(pid)
        pid = stat.ppid if stat is not None else 0
    return line


def _folders() -> Iterator[tuple[marks.Mark, str]]:
    """All runs' folders in both places."""
    for parent in dict.fromkeys((_SHARED_MEMORY, tempfile.gettempdir())):
        try:
            names = os.listdir(parent)
        except OSError:
            continue
        for name in names:
            if mark := marks.read(name):
                yield mark, os.path.join(parent, name)


def _age_s(path: str | os.PathLike[str]) -> float:
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return 0.0  # gone


def _is_ours(path: str | os.PathLike[str]) -> bool:
    with contextlib.suppress(OSError):
        return os.lstat(path).st_uid == os.geteuid()
    return False


def _remove(mark: marks.Mark, path: str) -> None:
    """The names that its rings note go first; rings may lie in the run's own folder, too."""
    if not _is_ours(path):
        return
    remove_names(path, mark.began_s)
    with contextlib.suppress(OSError):
        for name in os.listdir(path):
            if (inner := marks.read(name)) and inner.kind == marks.RINGS:
                remove_names(os.path.join(path, name), mark.began_s)
    folders.remove(path)
