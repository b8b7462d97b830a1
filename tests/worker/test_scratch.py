"""What a run put into its folders, counted a part at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.worker import scratch
from app.worker.scratch import FILE_BYTES, Scratch

MIB = 1 << 20


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    home, rings = tmp_path / "home", tmp_path / "rings"
    home.mkdir()
    rings.mkdir()
    return home, rings


def fill(path: Path, size: int) -> None:
    path.write_bytes(b"x" * size)


def test_bytes_are_those_on_the_disk_in_all_folders(places: tuple[Path, Path]) -> None:
    home, rings = places
    (home / "below").mkdir()
    fill(home / "below/file", MIB)
    fill(rings / "junk", MIB)
    os.truncate(home / "below/file", 100 * MIB)  # a hole takes no room
    (home / "link").symlink_to("/usr")
    assert 2 * MIB <= Scratch(str(home), str(rings)).bytes() < 3 * MIB


def test_bytes_are_counted_a_part_at_a_time(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "FILES_A_LOOK", 10)
    home, rings = places
    for number in range(25):
        (home / str(number)).touch()
    looks = Scratch(str(home), str(rings))
    assert [looks.bytes() // FILE_BYTES for _ in range(3)] == [10, 20, 25]
    for number in range(25):
        (home / str(number)).unlink()
    assert looks.bytes() == 0


def test_rings_of_the_probe_are_no_files_of_the_program(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "_RINGS_OF_A_THREAD", MIB)
    monkeypatch.setattr(scratch, "_ENDED_THREADS", 1)
    home, rings = places
    for number in range(3):
        fill(rings / f"ring-1-{number}-1", MIB)
    assert Scratch(str(home), str(rings), threads=lambda: 2).bytes() < MIB // 8
    assert Scratch(str(home), str(rings), threads=lambda: 1).bytes() >= MIB


def test_bytes_of_rings_inside_the_folder_are_counted_once(places: tuple[Path, Path]) -> None:
    home, _ = places
    inner = home / "rings"
    inner.mkdir()
    fill(inner / "ring-1-1-1", MIB)
    fill(inner / "junk", MIB)
    assert MIB <= Scratch(str(home), str(inner)).bytes() < 2 * MIB
