"""The environment in which a program, and each Python program that it starts, loads the probe."""

from __future__ import annotations

import os

RING_DIRECTORY_VARIABLE = "TIMESLICE_RING_DIR"
PROGRAM_VARIABLE = "TIMESLICE_PROGRAM_DIR"
INJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inject")


def environment(base: dict[str, str], ring_dir: str, program_dir: str) -> dict[str, str]:
    """Return ``base`` with what loads the probe: its folder is the first on PYTHONPATH.

    ``ring_dir`` must exist and be empty. Lines are reported of files below ``program_dir``.
    """
    path = base.get("PYTHONPATH")
    return {
        **base,
        "PYTHONPATH": INJECT + os.pathsep + path if path else INJECT,
        RING_DIRECTORY_VARIABLE: os.path.abspath(ring_dir),
        PROGRAM_VARIABLE: os.path.abspath(program_dir),
    }
