"""Reads a program of the user's own, and refuses what can't be one."""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import InvalidInput

#: No program that a person wrote is longer, and the recording keeps all of the text.
MOST_BYTES = 1 << 20
_PYTHON = re.compile(rb"python|pypy")


@dataclass(frozen=True, slots=True)
class Program:
    """``path`` is absolute, with links not followed: imports are looked up in its folder."""

    path: Path
    text: str


def names_a_file(text: str) -> bool:
    """Whether ``text`` is meant as a file rather than as a scenario's name."""
    return os.sep in text or text.endswith(".py") or os.path.isfile(text)


def check_utf8(text: str) -> None:
    """Raises InvalidInput for a name or an argument that can't be written in JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("{text} is no UTF-8, and can't be recorded.", text=ascii(text)) from None


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The program's environment: all of ours, without values that are no UTF-8."""
    return {
        name: value
        for name, value in environ.items()
        if not any("\udc80" <= letter <= "\udcff" for letter in name + value)
    }


def read(name: str, by_choice: bool = False) -> Program:
    """The program in the file ``name``; ``by_choice`` if the user named an interpreter for it.

    Raises InvalidInput for a file that no interpreter could run, and for a script for another one.
    Mistakes in the program are not looked for: its own traceback says it better.
    """
    check_utf8(name)
    path = Path(os.path.abspath(name))
    data = _bytes(name, path)
    first = data.split(b"\n", 1)[0]
    if first.startswith(b"#!") and not by_choice and not _PYTHON.search(first):
        other = first[2:].decode(errors="replace").strip()
        raise InvalidInput(
            "{name} is a script for {other}, not for Python; --python PATH runs it by another "
            "interpreter, seen by the kernel's witnesses alone.",
            name=name,
            other=other or "?",
        )
    try:
        # https://peps.python.org/pep-0263/: the encoding may stand in the first two lines
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        text = data.decode("latin-1")  # its interpreter will say what is wrong
    return Program(path, text)


def _bytes(name: str, path: Path) -> bytes:
    if path.is_dir():
        raise InvalidInput(
            "{name} is a folder; name the file of a program, such as {name}/main.py.",
            name=name.rstrip(os.sep) or os.sep,
        )
    if path.exists() and not path.is_file():  # reading a pipe would wait
        raise InvalidInput("{name} is no file; a program in Python is wanted.", name=name)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise InvalidInput("There is no file {name}.", name=name) from None
    except OSError as error:
        raise InvalidInput(
            "The file {name} can't be read: {why}.", name=name, why=error.strerror
        ) from error
    if b"\0" in data:
        raise InvalidInput("{name} is no text; a program in Python is wanted.", name=name)
    if len(data) > MOST_BYTES:
        raise InvalidInput(
            "{name} is longer than {most} KiB; a program in Python is wanted.",
            name=name,
            most=MOST_BYTES >> 10,
        )
    return data
