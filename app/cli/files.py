"""Writes files that a user named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.errors import InvalidInput, TimesliceError


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


def check_writable(path: Path) -> None:
    """Raises InvalidInput before a long run, if ``write`` would fail after it.

    No file is made, and no folder.
    """
    if str(path) == "-":
        return
    target = path if path.exists() else path.parent
    if path.is_dir():
        why = "it is a folder"
    elif not target.exists():
        why = f"there is no folder {target}"
    elif not os.access(target, os.W_OK):
        why = "permission denied"
    else:
        return
    raise InvalidInput("The file {path} can't be written: {why}.", path=path, why=why)


def check_apart(path: Path, *others: Path | None) -> None:
    """Raises InvalidInput if ``path``, which will be written, is one of the ``others``."""
    if str(path) != "-" and path.resolve() in {other.resolve() for other in others if other}:
        raise InvalidInput(
            "{path} is also the name of a file that this command needs: choose another one to "
            "write to.",
            path=path,
        )
