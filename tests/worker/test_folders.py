"""Folders of a run: held, named, and removed whatever a program made of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.worker import folders, marks
from tests.worker.driver import ROOT

HOLD = """
import sys
from app.worker import folders, marks
print(folders.make(marks.RUN, 'held', sys.argv[1]), flush=True)
input()
"""


def test_folder_bears_the_run_and_its_owner(tmp_path: Path) -> None:
    path = folders.make(marks.RUN, "a-run.of_mine", str(tmp_path))
    mark = marks.read(os.path.basename(path))
    assert mark is not None
    assert (mark.kind, mark.run_id, mark.pid) == ("run", "a-run.of_mine", os.getpid())
    assert mark.owner_lives
    assert not mark._replace(start_ticks=mark.start_ticks + 1).owner_lives
    assert marks.read("timeslice-run-x") is None


def test_folder_is_held_until_its_process_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        mark = marks.read(os.path.basename(path))
        assert mark is not None and mark.owner_lives
        assert folders.held_by_another(path)
        process.communicate("\n")
    assert not mark.owner_lives and not folders.held_by_another(path)


def test_remove_takes_what_is_deeper_than_any_path_and_locked(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("stays")
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to(tmp_path / "elsewhere")
    (top / "folder").symlink_to(tmp_path)
    at = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=at)
        below = os.open("deeper", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.mkdir("locked", 0o000, dir_fd=at)
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    folders.remove(str(top))
    assert os.listdir(tmp_path) == ["elsewhere"]
    folders.remove(str(top))  # gone already: no error


@pytest.mark.parametrize("kind", ["link", "dangling link", "file", "pipe"])
def test_remove_takes_what_a_program_put_in_place_of_its_folder(tmp_path: Path, kind: str) -> None:
    other, path = tmp_path / "other", tmp_path / "timeslice-rings-x.1-2"
    other.mkdir()
    (other / "kept").touch()
    if "link" in kind:
        path.symlink_to(other if kind == "link" else tmp_path / "nowhere")
    elif kind == "file":
        path.touch()
    else:
        os.mkfifo(path)
    folders.remove(str(path))
    assert not os.path.lexists(path) and (other / "kept").exists()
