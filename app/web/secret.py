"""The secret that signs visitors' cookies. It outlives the server, so that visitors keep their
runs."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import tempfile
from pathlib import Path

_log = logging.getLogger(__name__)

NAME = "secret"
#: Bytes of randomness, written as twice as many hexadecimal digits.
_SIZE = 32


def secret_in(folder: Path) -> str:
    """The secret of this data folder; the first call makes it. Only the owner can read the file.

    If the folder can't be written, the secret lasts as long as this process, which is logged.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if found := _read(path):
            return found
        _make(path)
        return _read(path)
    except (OSError, ValueError) as error:
        _log.warning("visitors are forgotten when this server ends: %s", error)
        return secrets.token_hex(_SIZE)


def _read(path: Path) -> str:
    """The secret, empty if there is no file. Raises ValueError for a file of another kind."""
    try:
        found = path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    if len(found) < _SIZE:
        raise ValueError(f"{path} holds less than {_SIZE} characters; remove it")
    return found


def _make(path: Path) -> None:
    """Write a new secret, whole or not at all; if several servers do so, one succeeds."""
    handle, temporary = tempfile.mkstemp(prefix=f".{NAME}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_SIZE))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
