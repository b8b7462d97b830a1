"""Writing files that a user named."""

from __future__ import annotations

import sys
from pathlib import Path

from app.errors import TimesliceError


def write(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, ``-`` being stdout. Raises TimesliceError with a sentence."""
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise TimesliceError(
            "The file {path} can't be written: {why}.", path=path, why=error.strerror
        ) from error
