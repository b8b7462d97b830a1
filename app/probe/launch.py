"""The environment under which a program, and the Python programs it starts, load the probe."""

from __future__ import annotations

import os

RING_DIRECTORY_VARIABLE = "TIMESLICE_RING_DIR"
PROGRAM_VARIABLE = "TIMESLICE_PROGRAM_DIR"
INJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inject")


def environment(base: dict[str, str], ring_dir: str, program_dir: str) -> dict[str, str]:
    """``base`` with what loads the probe: its folder comes first on PYTHONPATH.

    ``ring_dir`` exists and is empty; lines are reported for files below ``program_dir``.
    """
    path = base.get("PYTHONPATH")
    return {
        **base,
        "PYTHONPATH": INJECT + os.pathsep + path if path else INJECT,
        RING_DIRECTORY_VARIABLE: os.path.abspath(ring_dir),
        PROGRAM_VARIABLE: os.path.abspath(program_dir),
    }
