"""The same assertions hold in a program with the probe and without, on each interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.probe.launch import environment

PROGRAMS = Path(__file__).parent / "programs"

CASES = [
    ("locks.py",),
    ("looks.py",),
    ("threads.py",),
    ("tasks.py",),
    ("generators.py",),
    ("newer.py",),
    ("processes.py", "fork"),
    ("processes.py", "spawn"),
    ("processes.py", "forkserver"),
]


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("probed", [False, True], ids=["bare", "probed"])
def test_program_behaves_as_promised(
    case: tuple[str, ...], probed: bool, python: str, tmp_path: Path
) -> None:
    if not probed and python != sys.executable:
        pytest.skip("the promises are checked without the probe on one interpreter")
    rings = tmp_path / "rings"
    rings.mkdir()
    env = {**os.environ, "PYTHONWARNINGS": "error::ResourceWarning"}
    if probed:
        env = environment(env, str(rings), str(PROGRAMS))
    done = subprocess.run(
        [python, str(PROGRAMS / case[0]), *case[1:]],
        env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert (done.returncode, done.stdout) == (0, "ok\n")
    faults = {path.name: path.read_text() for path in rings.glob("probe-error-*")}
    assert faults == {}
    assert bool(list(rings.glob("ring-*"))) == probed
