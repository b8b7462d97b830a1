"""Interpreters are asked, not guessed from their names."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.doctor import interpreters
from app.errors import UnknownInterpreter


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def answering(path: Path, implementation: str, version: str, gil: bool = True) -> Path:
    """A program that answers as such an interpreter would."""
    answer = (
        f'{{"executable": "{path}", "implementation": "{implementation}", '
        f'"version": "{version}", "gil": {str(gil).lower()}}}'
    )
    return program(path, f"#!/bin/sh\necho '{answer}'\n")


def test_ask_this_interpreter() -> None:
    found = interpreters.ask(Path(sys.executable))
    assert found is not None
    assert found.version == platform.python_version()
    assert found.probe and found.gil == getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.mark.parametrize(
    ("name", "implementation", "gil", "probe"),
    [("pypy3", "PyPy", True, True), ("jython", "Jython", False, False)],
)
def test_ask_another_implementation(name: str, implementation: str, gil: bool, probe: bool) -> None:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} on this machine")
    found = interpreters.ask(Path(path))
    assert found is not None
    assert (found.implementation, found.gil, found.probe) == (implementation, gil, probe)


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\nexit 127\n",
        "#!/bin/sh\necho hello\n",
        "#!/bin/sh\necho '[1, 2]'\n",
        '#!/bin/sh\necho \'{"executable": "/x"}\'\n',
        "not a program",
    ],
)
def test_ask_something_else_is_none(tmp_path: Path, text: str) -> None:
    assert interpreters.ask(program(tmp_path / "python3", text)) is None


def test_find_looks_at_path_pyenv_and_uv(tmp_path: Path) -> None:
    answering(tmp_path / "bin/python3.12", "CPython", "3.12.1")
    answering(tmp_path / "bin/python3.13t", "CPython", "3.13.5", gil=False)
    answering(tmp_path / "bin/pypy3", "PyPy", "3.10.1")
    answering(tmp_path / "bin/jython", "Jython", "2.7.3", gil=False)
    answering(tmp_path / "bin/python-config", "CPython", "9.9.9")
    os.symlink("python3.12", tmp_path / "bin/python3")
    answering(tmp_path / ".pyenv/versions/3.8.1/bin/python3.8", "CPython", "3.8.1")
    answering(tmp_path / ".local/share/uv/python/x/bin/python3.14", "CPython", "3.14.0")
    own, *found = interpreters.find(
        {"PATH": f"{tmp_path}/bin:{tmp_path}/missing", "HOME": str(tmp_path)}
    )
    assert own.path == sys.executable
    assert [(item.name, item.gil, item.probe) for item in found] == [
        ("CPython 3.8.1", True, False),
        ("CPython 3.12.1", True, True),
        ("CPython 3.13.5", False, True),
        ("CPython 3.14.0", True, True),
        ("Jython 2.7.3", False, False),
        ("PyPy 3.10.1", True, True),
    ]


def test_folder_that_is_closed_to_the_server_holds_nothing_for_it(tmp_path: Path) -> None:
    """A server of another user than HOME's, as after sudo: asked as nobody by root, else as we."""
    home = tmp_path / "home"
    answering(home / ".pyenv/versions/3.12.1/bin/python3.12", "CPython", "3.12.1")
    home.chmod(0)
    code = (
        "import os, sys\n"
        "from app.doctor import interpreters\n"
        "if os.geteuid() == 0: os.setresuid(65534, 65534, 65534)\n"
        "print(*interpreters._candidates({'HOME': sys.argv[1]}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False
    )
    home.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(home) not in done.stdout


def test_resolve_takes_a_path_and_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert interpreters.resolve(sys.executable) == sys.executable
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert interpreters.resolve(Path(sys.executable).name) == sys.executable


@pytest.mark.usefixtures("few_interpreters")
def test_resolve_names_what_is_wrong_and_what_there_is(tmp_path: Path) -> None:
    old = answering(tmp_path / "old", "CPython", "3.8.1")
    with pytest.raises(UnknownInterpreter, match=r"3\.9 or newer.*Found here: .*CPython 3"):
        interpreters.resolve(str(old))
    other = answering(tmp_path / "jython", "Jython", "3.9.0")
    with pytest.raises(UnknownInterpreter, match="CPython and PyPy"):
        interpreters.resolve(str(other))
    with pytest.raises(UnknownInterpreter, match="is no Python interpreter"):
        interpreters.resolve(str(tmp_path / "missing"))
