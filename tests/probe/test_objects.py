"""Which files are the program's own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.probe.loading import probe


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module, with a program that lies at the root: everything is below its folder."""
    module = probe("recording.objects")
    module.reset()
    module.set_program("/")
    yield module
    module.reset()
    module.set_program("")


def test_files_below_the_program_s_folder_are_its_own_but_for_libraries_and_us(
    objects: ModuleType,
) -> None:
    own = {name: objects.file_of(name) for name in ("/home/me/main.py", "/home/me/parts/a.py")}
    assert len(set(own.values())) == 2 and all(own.values())
    for foreign in (
        threading.__file__,
        os.path.join(os.path.dirname(os.__file__), "site-packages/any/thing.py"),
        "/home/me/.venv/lib/python3.11/site-packages/thing.py",
        "/usr/lib/python3/dist-packages/thing.py",
        str(Path(str(objects.__file__)).parents[1] / "threading_/locks.py"),
        "<string>",
    ):
        assert objects.file_of(foreign) == 0, foreign


def test_a_program_inside_the_standard_library_is_one_too(
    objects: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = os.path.join(os.path.dirname(os.__file__), "idlelib")
    objects.reset()
    objects.set_program(folder)
    assert objects.file_of(os.path.join(folder, "idle.py"))
    assert objects.file_of(threading.__file__) == 0
