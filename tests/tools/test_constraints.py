"""The tool pins what is installed, and follows what that requires."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest

from tools.constraints import pinned


def test_pinned_follows_requirements_and_extras() -> None:
    found = pinned(["fastapi>=0.1"])
    assert found["fastapi"] == version("fastapi")
    assert found["starlette"] == version("starlette")
    assert "pytest" not in found


def test_pinned_leaves_out_what_a_marker_excludes() -> None:
    assert pinned(["no-such-package; python_version < '3'"]) == {}


def test_pinned_names_what_is_missing() -> None:
    with pytest.raises(PackageNotFoundError, match="no-such-package"):
        pinned(["no-such-package"])
