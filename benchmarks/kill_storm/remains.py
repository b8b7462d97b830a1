"""The parties of a run while it is there, and what is left of it afterwards."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from app.timeline import wire
from app.witness import proc
from app.worker import cgroup, marks

PLACES = ("/dev/shm", tempfile.gettempdir())


class Party(NamedTuple):
    pid: int
    start_ticks: int

    @property
    def lives(self) -> bool:
        """Zombies count: who reaps them is part of the question, unless it is init."""
        stat = proc.stat(self.pid)
        return stat is not None and stat.start_ticks == self.start_ticks and stat.state != "Z"


def party(pid: int) -> Party | None:
    stat = proc.stat(pid)
    return Party(pid, stat.start_ticks) if stat is not None else None


class Parties:
    """Found from the owner down: its worker with the run's id, the guard, the program, the rest."""

    def __init__(self, owner: int, run_id: str) -> None:
        self.by_name: dict[str, Party] = {}
        self.everybody: list[Party] = []
        workers = [pid for pid in proc.children(owner) or () if marks.bears(pid, run_id)]
        self._add("owner", [owner])
        level = self._add("worker", workers)
        for name in ("guard", "program", "child"):
            level = self._add(name, [child for pid in level for child in proc.children(pid) or ()])
        found = [party(pid) for pid in proc.descendants(workers)]
        self.everybody = [item for item in found if item is not None]
        self.everybody += [self.by_name["worker"]] if "worker" in self.by_name else []
        if "guard" in self.by_name and "child" in self.by_name:
            below = set(proc.descendants([self.by_name["guard"].pid]))
            below -= {self.by_name["program"].pid}
            self.children = [item for item in self.everybody if item.pid in below]
        else:
            self.children = []

    def _add(self, name: str, pids: list[int]) -> list[int]:
        if pids and (found := party(pids[0])):
            self.by_name[name] = found
        return pids[:1]


def noted_names(run_id: str) -> list[str]:
    """Files of shared memory and semaphores that the run has noted."""
    noted: list[str] = []
    for path in _folders(run_id):
        try:
            noted += os.listdir(path / wire.NAMES_FOLDER)
        except OSError:
            continue
    return [name if name.startswith("psm_") else f"sem.{name}" for name in noted]


def remains(run_id: str, everybody: list[Party], names: list[str]) -> list[str]:
    """What is there of the run, in words."""
    found = [f"process {item.pid}" for item in everybody if item.lives]
    for name in os.listdir("/proc"):
        if name.isdigit() and marks.bears(int(name), run_id):
            found.append(f"process {name}")
    found += [f"folder {path}" for path in _folders(run_id)]
    found += [f"cgroup {path}" for mark, path in cgroup.existing() if mark.run_id == run_id]
    found += [f"name {name}" for name in names if os.path.exists(f"/dev/shm/{name}")]
    return sorted(set(found))


def _folders(run_id: str) -> list[Path]:
    return [
        Path(place, name)
        for place in PLACES
        for name in os.listdir(place)
        if (mark := marks.read(name)) and mark.run_id == run_id
    ]
