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


def run(slug: str, params: dict[str, Any], folder: Path) -> tuple[str, str]:
    """What the rendered program prints, and says on stderr; it must exit with 0."""
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
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("slug", "params", "expected", "complaint"),
    ALONE,
    ids=[f"{slug}-{params}" for slug, params, *_ in ALONE],
)
def test_program_runs_alone(
    slug: str, params: dict[str, Any], expected: str, complaint: str, tmp_path: Path
) -> None:
    output, errors = run(slug, params, tmp_path)
    assert re.search(expected, output), output
    assert re.search(complaint, errors) if complaint else not errors, errors


def test_every_scenario_runs_alone() -> None:
    assert {slug for slug, *_ in ALONE} == set(load())
