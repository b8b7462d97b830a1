"""Runs every test: those that need an undisturbed machine, and beside them those that don't.

``python -m tools.run_tests`` starts pytest twice. Tests over real runs, servers and pages wait most
of the time. What they leave of the CPUs goes to the second pytest, which only computes: the kernel
runs it under SCHED_IDLE (sched(7)), when nothing else wants a CPU. Its output follows the other's.
Arguments go to both. The exit status is 0 when no test failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Folders and files of tests whose outcome depends on no time, for the second pytest; all others
#: are for the first.
BESIDE = (
    "tests/catalogue",
    "tests/cli/text",
    "tests/fusion",
    "tests/locale",
    "tests/probe",
    "tests/properties",
    "tests/test_docs.py",
    "tests/test_structure.py",
    "tests/timeline",
)
#: Files of these that are for the first all the same: programs whose claims are about time.
NOT_BESIDE = ("tests/catalogue/test_programs.py",)
#: pytest's exit status where no test was chosen.
_NONE_CHOSEN = 5


def commands(arguments: Sequence[str] = (), root: Path = ROOT) -> tuple[list[str], list[str]]:
    """The command of each pytest, to be run in ``root``. Together they run each test once."""
    beside = sorted(
        str(path.relative_to(root))
        for name in BESIDE
        for path in ([root / name] if name.endswith(".py") else (root / name).rglob("test_*.py"))
    )
    beside = [path for path in beside if path not in NOT_BESIDE]
    pytest = [sys.executable, "-m", "pytest", *arguments]
    return [*pytest, *(f"--ignore={path}" for path in beside), "tests"], [*pytest, *beside]


def run(first: Sequence[str], second: Sequence[str]) -> int:
    """Both commands at once, the second in the idle time of the first; 0 when both succeeded.

    Neither outlives this one, unless it is killed by a signal that can't be caught.
    """
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen(
            second, stdout=output, stderr=subprocess.STDOUT, preexec_fn=_in_idle_time
        )
        try:
            statuses = [subprocess.run(first, check=False).returncode, beside.wait()]
        finally:
            if beside.poll() is None:
                beside.terminate()
                beside.wait()
            output.seek(0)
            sys.stdout.flush()
            while data := output.read(1 << 16):
                os.write(sys.stdout.fileno(), data)
    return next((status for status in statuses if status not in (0, _NONE_CHOSEN)), 0)


def _in_idle_time() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    sys.exit(run(*commands(sys.argv[1:])))
