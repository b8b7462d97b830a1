"""Lays out a run: its private folder, its environment, its interpreter."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from app.errors import UnknownInterpreter
from app.probe import launch
from app.worker import folders, marks
from app.worker.leftovers import remove_names
from app.worker.spec import RunSpec

#: Rings lie in memory if it has room for those of many threads, so that none waits for a disk.
_SHARED_MEMORY = "/dev/shm"
_SHARED_MEMORY_BYTES = 512 << 20
_ASK_S = 10.0
_ASK = """
import platform as p, sys
free = not getattr(sys, "_is_gil_enabled", lambda: True)()
print(p.python_implementation(), p.python_version(), "free-threading" if free else "")
"""

#: All of the server's environment that a program gets to see.
_PASSED_ON = (
    "PATH",
    "TZ",
    "LD_LIBRARY_PATH",
    # Where the administrator has message brokers; a test holds them equal to the catalogue's.
    "TIMESLICE_REDIS_URL",
    "TIMESLICE_MEMCACHED_URL",
    "TIMESLICE_RABBITMQ_URL",
    "TIMESLICE_KAFKA_URL",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The run's own folders, and the program in the folder where it works.

    ``home`` is for what the run leaves behind, and is removed with it; a program of ours lies and
    works in it too, any other program where its author put it.
    """

    home: str
    rings: str
    program: str
    private: bool = True
    began_s: float = 0.0

    @classmethod
    def make(cls, spec: RunSpec) -> Layout:
        """Makes the folders, and writes the text of a program that has no place. Raises OSError.

        They are held (see app/worker/folders.py) until this process ends.
        """
        began_s = time.time()
        home = folders.make(marks.RUN, spec.run_id, tempfile.gettempdir())
        parent = home
        try:
            room = os.statvfs(_SHARED_MEMORY)
            if room.f_bavail * room.f_frsize >= _SHARED_MEMORY_BYTES:
                parent = _SHARED_MEMORY
        except OSError:
            parent = home  # no shared memory here
        try:
            rings = folders.make(marks.RINGS, spec.run_id, parent)
        except OSError:
            rings = folders.make(marks.RINGS, spec.run_id, home)
        if spec.path is not None:
            return cls(home, rings, spec.path, private=False, began_s=began_s)
        program = os.path.join(home, spec.file_name)
        Path(program).write_text(spec.program, encoding="utf-8")
        return cls(home, rings, program, private=True, began_s=began_s)

    @property
    def work(self) -> str:
        """The folder in which the program starts."""
        return os.path.dirname(self.program)

    @property
    def folders(self) -> tuple[str, str]:
        return self.rings, self.home

    def remove(self) -> None:
        """Removes the folders. All processes of the run must be gone."""
        remove_names(self.rings, self.began_s)
        for folder in self.folders:
            folders.remove(folder)


def argv(spec: RunSpec, layout: Layout) -> list[str]:
    """The program's command line; the interpreter by an absolute path."""
    return [interpreter(spec.python), layout.program, *spec.args]


def environment(spec: RunSpec, layout: Layout) -> dict[str, str]:
    """The environment of the spec, or a clean one with only the search paths of the server's."""
    if spec.environment is not None:
        return _watched({**spec.environment, marks.VARIABLE: spec.run_id}, spec, layout)
    base = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    base.setdefault("PATH", os.defpath)
    base |= {
        "HOME": layout.home,
        "TMPDIR": layout.home,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
        "NO_COLOR": "1",
        marks.VARIABLE: spec.run_id,
    }
    return _watched(base, spec, layout)


def _watched(base: dict[str, str], spec: RunSpec, layout: Layout) -> dict[str, str]:
    return launch.environment(base, layout.rings, layout.work) if spec.probe else base


def interpreter(path: str) -> str:
    """The absolute path of an interpreter given by path or by name on PATH.

    Links are not followed: a virtual environment is known by its own path. Raises
    UnknownInterpreter.
    """
    found = shutil.which(path)
    if found is None:
        raise UnknownInterpreter(
            "{path} is no Python interpreter: a path, or a name on PATH, of an executable file "
            "is wanted.",
            path=path,
        )
    return os.path.abspath(found)


def describe(path: str) -> str:
    """Implementation and version, such as ``CPython 3.13.0``, as the interpreter itself says.

    ``free-threading`` comes after them where it runs without its lock. Raises UnknownInterpreter
    when it does not answer as a Python does.
    """
    own = os.path.abspath(path) == sys.executable
    if own and getattr(sys, "_is_gil_enabled", lambda: True)():
        return f"{platform.python_implementation()} {platform.python_version()}"
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or "it does not answer"
        raise UnknownInterpreter(
            "{path} can't be used as a Python interpreter: {why}.", path=path, why=why
        ) from error
    words = done.stdout.decode(errors="replace").split()
    if done.returncode != 0 or len(words) not in (2, 3):
        raise UnknownInterpreter(
            "{path} is no Python interpreter: it does not tell its version.", path=path
        )
    return " ".join(words)
