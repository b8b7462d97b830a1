"""Programs run under the probe."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.probe.decoding import Run, run


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
