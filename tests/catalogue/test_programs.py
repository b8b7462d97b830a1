"""Every program runs alone under plain Python, with its defaults and with other settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import load
from tests.catalogue.build import ALONE
from tests.catalogue.cases import load_all

load_all()


def run(slug: str, params: dict[str, Any], folder: Path) -> str:
    """What the rendered program prints; it must exit with 0 and say nothing on stderr."""
    scenario = load()[slug]
    program = folder / "program.py"
    program.write_text(scenario.render(scenario.validate(params)), "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("slug", "params", "expected"), ALONE, ids=[f"{slug}-{params}" for slug, params, _ in ALONE]
)
def test_program_runs_alone(
    slug: str, params: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    output = run(slug, params, tmp_path)
    assert re.search(expected, output), output


def test_every_scenario_runs_alone() -> None:
    assert {slug for slug, _, _ in ALONE} == set(load())
