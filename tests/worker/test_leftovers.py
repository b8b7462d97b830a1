"""Names that a run left in shared memory are removed, and no others."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from app.timeline import wire
from app.worker.leftovers import remove_names

MADE_UP = ("mp-a0_9zzzz", "psm_0123abcd")
FILES = ("sem.mp-a0_9zzzz", "psm_0123abcd")
#: All files of these tests are made afterwards.
BEGAN_S = time.time()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Shared memory with what this run and another made, and what a program named."""
    shared = tmp_path / "shm"
    shared.mkdir()
    for name in (*FILES, "sem.mp-other000", "mine", "mp-a0_9zzzz", "sem.mine"):
        (shared / name).touch()
    return shared


def noted(tmp_path: Path, *names: str) -> str:
    folder = tmp_path / "rings" / wire.NAMES_FOLDER
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return str(folder.parent)


def test_names_that_are_noted_are_removed(tmp_path: Path, shared: Path) -> None:
    rings = noted(tmp_path, *MADE_UP, "mine", "psm_gone0000")
    assert sorted(remove_names(rings, BEGAN_S, str(shared))) == sorted(FILES)
    assert sorted(os.listdir(shared)) == ["mine", "mp-a0_9zzzz", "sem.mine", "sem.mp-other000"]


def test_nothing_is_removed_that_is_no_file_of_ours(tmp_path: Path, shared: Path) -> None:
    for file in FILES:
        (shared / file).unlink()
    (shared / FILES[0]).mkdir()
    (shared / FILES[1]).symlink_to(shared / "mine")
    assert remove_names(noted(tmp_path, *MADE_UP), BEGAN_S, str(shared)) == []
    assert {*FILES, "mine"} < set(os.listdir(shared))


def test_what_another_user_has_stays(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings = noted(tmp_path, *MADE_UP)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert remove_names(rings, BEGAN_S, str(shared)) == []
    assert set(FILES) < set(os.listdir(shared))


def test_a_run_that_noted_nothing_is_no_error(tmp_path: Path, shared: Path) -> None:
    assert remove_names(str(tmp_path), BEGAN_S, str(shared)) == []


def test_a_note_that_the_program_forged_removes_nothing_from_before_the_run(
    tmp_path: Path, shared: Path
) -> None:
    began_s = max(os.stat(shared / name).st_ctime for name in FILES) + 1
    assert remove_names(noted(tmp_path, *MADE_UP), began_s, str(shared)) == []
    assert set(FILES) < set(os.listdir(shared))
