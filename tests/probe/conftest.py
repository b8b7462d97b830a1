"""Programs run under the probe; interpreters found on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.probe.decoding import Run, run

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def interpreter(version: str) -> str | None:
    """An interpreter of this version that starts: ours, ``python3.N`` on the PATH, or pyenv's."""
    if version == "{}.{}".format(*sys.version_info[:2]):
        return sys.executable
    candidates = [shutil.which(f"python{version}")]
    pyenv = shutil.which("pyenv")
    if pyenv is not None:
        done = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False)
        candidates += map(str, Path(done.stdout.strip()).glob(f"versions/{version}.*/bin/python"))
    for path in filter(None, candidates):
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        if done.returncode == 0 and f" {version}." in done.stdout:
            return path
    return None


@pytest.fixture(params=VERSIONS, scope="session")
def python(request: pytest.FixtureRequest) -> str:
    """Each CPython of this machine in turn; one that isn't here is skipped by name."""
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"no python{request.param} on this machine")
    return found


@pytest.fixture
def probed(tmp_path: Path) -> Callable[..., Run]:
    """Run a program's text under the probe, which must not fail in any hook."""

    def start(program: str, *arguments: str, python: str = sys.executable) -> Run:
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        done = run(program, folder, *arguments, python=python)
        assert done.faults == ""
        return done

    return start
