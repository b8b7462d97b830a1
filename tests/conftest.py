"""What every test starts from: no setting of the developer's own, and no folder of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings at their defaults, recordings in a folder of the test run, sentences in English."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("TIMESLICE_"):
            del os.environ[name]
    os.environ["TIMESLICE_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    os.environ["LC_ALL"] = "C.UTF-8"
    yield
    os.environ.clear()
    os.environ.update(before)
