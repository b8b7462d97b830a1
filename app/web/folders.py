"""Finds the folders of templates and static files, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_APP = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """``static`` or ``templates``: beside the package in a checkout, inside it in a wheel."""
    for place in (_APP / name, _APP.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"The folder {name} is neither in {_APP} nor in {_APP.parent}.")


def locale() -> Path:
    return _APP / "locale"
