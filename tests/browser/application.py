"""The whole application, as the command line serves it, for a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Its address, with this data folder; it is stopped, and with it whatever still runs."""
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", "0"],
        env={**os.environ, "TIMESLICE_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if found := re.search(r"http://[^\s/]+:\d+", line):
                yield found.group()
                break
        else:
            pytest.fail("The server did not say where it is.")
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()
