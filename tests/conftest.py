"""What every test starts from: no setting of the developer's own, and no folder of theirs; and
the interpreters found on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says what else the machine does, not whether the code is right.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
#: Newer than what distributions have: ``make test-interpreters`` asks for them, too.
NEWER = ("3.14", "3.15")
#: Builds without the GIL: ``make free-threaded`` makes one.
FREE_THREADED = ("3.13t", "3.14t", "3.15t")
_ASK = (
    "import sys; free = not getattr(sys, '_is_gil_enabled', lambda: True)(); "
    "print('%d.%d' % sys.version_info[:2] + 't' * free, sys.executable)"
)


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings at their defaults, recordings in a folder of the test run, sentences in English."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("TIMESLICE_"):
            del os.environ[name]
    os.environ["TIMESLICE_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    os.environ["LC_ALL"] = "C.UTF-8"
    yield
    os.environ.clear()
    os.environ.update(before)


def interpreter(version: str) -> str | None:
    """An interpreter of this version that starts: ours, ``python3.N`` on the PATH, pyenv's or
    uv's."""
    if version == "{}.{}".format(*sys.version_info[:2]):
        return sys.executable
    candidates = [shutil.which(f"python{version}")]
    pyenv = shutil.which("pyenv")
    if pyenv is not None:
        done = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False)
        number, free = version.rstrip("t"), "t" * version.endswith("t")
        pattern = f"versions/{number}.*{free}/bin/python"
        candidates += map(str, Path(done.stdout.strip()).glob(pattern))
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python"
    candidates += map(str, Path(uv).glob(f"*/bin/python{version}"))
    for path in filter(None, candidates):
        done = subprocess.run([path, "-c", _ASK], capture_output=True, text=True, check=False)
        told, _, own = done.stdout.strip().partition(" ")
        if done.returncode == 0 and told == version:
            return own  # pyenv's shims on the PATH are scripts, with processes of their own
    return None


@pytest.fixture(
    params=[
        *VERSIONS,
        *(pytest.param(name, marks=pytest.mark.interpreters) for name in NEWER + FREE_THREADED),
    ],
    scope="session",
)
def python(request: pytest.FixtureRequest) -> str:
    """Each CPython of this machine in turn, with the GIL and without.

    One that isn't here is skipped by name.
    """
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"no python{request.param} on this machine")
    return found
