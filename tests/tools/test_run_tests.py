"""``make test`` runs pytest twice at once, and each test once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.run_tests import BESIDE, NOT_BESIDE, commands, run

ROOT = Path(__file__).resolve().parents[2]


def test_each_file_of_tests_is_run_once(tmp_path: Path) -> None:
    """In a copy of the tree whose files have one test each, which tells its file."""
    files = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))
    assert all((ROOT / name).exists() for name in BESIDE + NOT_BESIDE)
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("def test_one(): pass\n")
    told = []
    for command in commands(["-q", "--collect-only", "--import-mode=importlib"], tmp_path):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        told.append(
            [Path(line.split("::")[0]) for line in done.stdout.splitlines() if "::" in line]
        )
    assert sorted(told[0] + told[1]) == files
    assert all(str(file).startswith(BESIDE) for file in told[1])


@pytest.mark.parametrize(
    ("first", "second", "status"), [(0, 0, 0), (5, 0, 0), (0, 1, 1), (2, 0, 2), (3, 1, 3)]
)
def test_failure_of_either_is_told(
    first: int, second: int, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    def command(word: str, code: int) -> list[str]:
        return [sys.executable, "-c", f"print({word!r}); raise SystemExit({code})"]

    assert run(command("first", first), command("second", second)) == status
    assert capfd.readouterr().out == "first\nsecond\n"


def test_second_has_the_idle_time_only(capfd: pytest.CaptureFixture[str]) -> None:
    ask = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"]
    assert run(ask, ask) == 0
    assert capfd.readouterr().out.split() == [str(os.SCHED_OTHER), str(os.SCHED_IDLE)]
