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
from tests.catalogue.build import ALONE, need_packages
from tests.catalogue.cases import load_all

load_all()


def run(slug: str, params: dict[str, Any], folder: Path) -> tuple[str, str]:
    """What the rendered program prints, and says on stderr; it must exit with 0."""
    scenario = load()[slug]
    need_packages(scenario)
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


@pytest.mark.parametrize("slug", [slug for slug, item in load().items() if item.requires])
def test_program_says_which_packages_it_lacks(slug: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(load()[slug].program, "utf-8")
    # Without site there are no packages, wherever they are installed.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program)], capture_output=True, text=True, check=False
    )
    names = " ".join(load()[slug].requires)
    assert done.stderr.endswith(f"python -m pip install {names}\n") and done.returncode == 1
    assert "Traceback" not in done.stderr
