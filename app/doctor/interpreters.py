"""The Python interpreters of this machine: on the PATH, pyenv's and uv's."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, ValidationError

from app.errors import UnknownInterpreter

#: The oldest Python that the probe runs on.
OLDEST = (3, 9)
_NAME = re.compile(r"(python|pypy|jython)(\d(\.\d+)?t?)?")
#: Runs on every Python since 2.7, so that an old one is named rather than left out.
_QUESTION = """
import json, platform, sys
name = platform.python_implementation()
print(json.dumps({
    "executable": sys.executable,
    "implementation": name,
    "version": platform.python_version(),
    "gil": bool(getattr(sys, "_is_gil_enabled", lambda: name in ("CPython", "PyPy"))()),
}))
"""
#: Jython takes two seconds of CPU to start, and a multiple of it on a busy machine.
_PATIENCE_S = 30.0


class Interpreter(BaseModel):
    """``gil`` is false for an interpreter without the lock. ``probe`` says whether our probe runs
    in it, ``why`` why not."""

    path: str
    implementation: str
    version: str
    gil: bool
    probe: bool
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.implementation} {self.version}".strip()


def find(environ: Mapping[str, str] = os.environ) -> list[Interpreter]:
    """Every interpreter that answers, this one first, then by implementation and version."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, [Path(sys.executable), *_candidates(environ)]))
    own, *others = (answer for answer in answers if answer is not None)
    unique = {os.path.realpath(item.path): item for item in reversed([own, *others])}
    rest = [item for item in unique.values() if item is not own]
    return [own, *sorted(rest, key=lambda item: (item.implementation, _parts(item.version)))]


def resolve(text: str) -> str:
    """The path of the interpreter that ``text`` names, as a path or a command.

    Raises UnknownInterpreter, which names the interpreters found.
    """
    path = shutil.which(text)
    answer = ask(Path(path)) if path else None
    if answer is not None and answer.probe:
        return str(path)
    found = ", ".join(f"{item.path} ({item.name})" for item in find() if item.probe)
    if answer is not None:
        raise UnknownInterpreter(
            "{text} is {name}: {why}. Found here: {found}.",
            text=text,
            name=answer.name,
            why=answer.why,
            found=found,
        )
    raise UnknownInterpreter(
        "{text} is no Python interpreter. Found here: {found}.", text=text, found=found
    )


def whatever(text: str) -> Interpreter:
    """The interpreter that ``text`` names, even if the probe does not run in it.

    A program that is no Python has the name of its file, and no version. Raises UnknownInterpreter
    if there is nothing to run.
    """
    path = shutil.which(text)
    if path is None:
        found = ", ".join(f"{item.path} ({item.name})" for item in find())
        raise UnknownInterpreter(
            "{text} is no program that can be run. Found here: {found}.", text=text, found=found
        )
    path = os.path.abspath(path)
    answer = ask(Path(path))
    if answer is not None:
        return answer.model_copy(update={"path": path})
    return Interpreter(
        path=path,
        implementation=os.path.basename(path),
        version="",
        gil=False,
        probe=False,
        why="it does not answer as a Python",
    )


def ask(path: Path) -> Interpreter | None:
    """The interpreter at ``path``, by its own answer; None if it is none, or does not run."""
    try:
        done = subprocess.run(
            [path, "-E", "-s", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        value = json.loads(done.stdout)
        where = value.pop("executable") or str(path)
        probe, why = supported(value["implementation"], value["version"])
        return Interpreter(path=where, probe=probe, why=why, **value)
    except (OSError, subprocess.SubprocessError, ValueError, ValidationError, KeyError, TypeError):
        # A shim for a version that is not installed, a broken installation, another program.
        return None


def supported(implementation: str, version: str) -> tuple[bool, str]:
    """Whether the probe runs in it, and if not, why."""
    if implementation not in ("CPython", "PyPy"):
        return False, "the probe runs in CPython and PyPy"
    if _parts(version) < OLDEST:
        return False, f"the probe needs Python {OLDEST[0]}.{OLDEST[1]} or newer"
    return True, ""


def _candidates(environ: Mapping[str, str]) -> Iterable[Path]:
    folders = [Path(folder) for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    home = Path(environ.get("HOME", "/nonexistent"))
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    # Path.glob raises for a folder that may not be read; glob.glob finds nothing in it.
    for pattern in (pyenv / "versions/*/bin", uv / "*/bin"):
        folders += map(Path, sorted(glob.glob(str(pattern))))
    seen: set[str] = set()
    for folder in folders:
        try:
            names = sorted(entry.name for entry in os.scandir(folder))
        except OSError:
            # A folder of the PATH may be absent, or may not be read.
            continue
        for name in names:
            real = os.path.realpath(folder / name)
            if _NAME.fullmatch(name) and real not in seen and os.access(real, os.X_OK):
                seen.add(real)
                yield folder / name


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
