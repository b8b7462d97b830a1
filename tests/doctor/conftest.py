"""A machine with few interpreters: asking those of the developer's would take seconds a test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def few_interpreters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
