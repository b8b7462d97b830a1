"""Every program runs alone under plain Python, with its defaults and with other settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
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
    text = scenario.render(scenario.validate(params))
    need_packages(scenario, text)
    program = folder / "program.py"
    program.write_text(text, "utf-8")
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


def programs() -> Iterator[Any]:
    """Each way to run one; all but the first of a scenario are for ``make test-catalogue``."""
    seen = set()
    for slug, params, expected, complaint in ALONE:
        marks = [pytest.mark.catalogue] if slug in seen else []
        seen.add(slug)
        yield pytest.param(slug, params, expected, complaint, marks=marks, id=f"{slug}-{params}")


@pytest.mark.parametrize(("slug", "params", "expected", "complaint"), list(programs()))
def test_program_runs_alone(
    slug: str, params: dict[str, Any], expected: str, complaint: str, tmp_path: Path
) -> None:
    output, errors = run(slug, params, tmp_path)
    assert re.search(expected, output), output
    assert re.search(complaint, errors) if complaint else not errors, errors


def test_every_scenario_runs_alone() -> None:
    assert {slug for slug, *_ in ALONE} == set(load())


NEEDY = [(slug, value) for slug, item in load().items() if item.requires for value in item.programs]


@pytest.mark.parametrize(("slug", "value"), NEEDY)
def test_program_says_which_packages_it_lacks(slug: str, value: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(load()[slug].programs[value], "utf-8")
    # Without site there are no packages, wherever they are installed.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program)], capture_output=True, text=True, check=False
    )
    names = done.stderr.rpartition("python -m pip install ")[2].split()
    assert set(names) <= set(load()[slug].requires) and names
    assert done.returncode == 1 and "Traceback" not in done.stderr
