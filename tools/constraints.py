"""Prints the pinned versions of all that pyproject.toml asks for, directly or not.

Run by ``make constraints`` inside the virtual environment whose versions are to be pinned.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def pinned(requirements: list[str]) -> dict[str, str]:
    """Versions by canonical name of ``requirements`` and of what those require, as installed.

    Raises PackageNotFoundError for a direct requirement that is not installed.
    """
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(Requirement(text), frozenset[str]()) for text in requirements]
    while waiting:
        requirement, extras = waiting.pop()
        if not _applies(requirement, extras):
            continue
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        found = distribution(name)
        versions[name] = found.version
        waiting += [
            (Requirement(text), frozenset(requirement.extras)) for text in found.requires or ()
        ]
    return versions


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""})


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = list(project["project"]["dependencies"]) + list(project["build-system"]["requires"])
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    try:
        versions = pinned(wanted)
    except PackageNotFoundError as error:
        print(f"{error.name} is required but not installed here.", file=sys.stderr)
        return 1
    print("# The versions Timeslice is tested with. Written by `make constraints`.")
    for name, version in sorted(versions.items()):
        print(f"{name}=={version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
