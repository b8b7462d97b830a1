"""Templates and static files are found beside the package and inside of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.web import folders


@pytest.mark.parametrize("inside", [True, False])
def test_places_of_a_wheel_and_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    monkeypatch.setattr(folders, "_APP", tmp_path / "app")
    expected = tmp_path / "app" / "static" if inside else tmp_path / "static"
    expected.mkdir(parents=True)
    assert folders.folder("static") == expected


def test_places_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_APP", tmp_path / "app")
    with pytest.raises(FileNotFoundError, match="folder templates"):
        folders.folder("templates")
