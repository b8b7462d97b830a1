"""Every process of a run but the first loads the probe from what the first has compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import app
from app.timeline import wire

PROGRAM = """
import os, subprocess, sys
probe = os.environ["PROBE"]
for folder, _, names in os.walk(probe):
    for name in names:
        if name.endswith(".py") and name != "sitecustomize.py":
            os.unlink(os.path.join(folder, name))
child = "import sys; print('__future__' in sys.modules); import threading; threading.Lock()"
print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True))
"""


def test_children_need_no_source_of_the_probe(python: str, tmp_path: Path) -> None:
    source = Path(app.__file__).parent
    package = tmp_path / "app"
    shutil.copytree(source / "probe", package / "probe", ignore=shutil.ignore_patterns("*cache*"))
    shutil.copytree(source / "timeline", package / "timeline")
    rings = tmp_path / "rings"
    rings.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(package / "probe" / "inject"),
        "PROBE": str(package / "probe"),
        wire.RING_DIRECTORY_VARIABLE: str(rings),
        wire.PROGRAM_VARIABLE: str(tmp_path),
    }
    done = subprocess.run(
        [python, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    faults = "".join(path.read_text() for path in rings.glob("probe-error-*"))
    assert faults == "" and done.stderr == ""
    assert "stdout='False\\n', stderr=''" in done.stdout
    assert len({path.name.split("-")[1] for path in rings.glob("ring-*")}) == 2
    assert len(list(rings.glob("probe-code-*"))) == 1


def test_a_folder_that_takes_no_files_leaves_the_program_alone(tmp_path: Path) -> None:
    inject = Path(app.__file__).parent / "probe" / "inject"
    env = {**os.environ, "PYTHONPATH": str(inject), wire.RING_DIRECTORY_VARIABLE: "/proc/self/none"}
    done = subprocess.run(
        [sys.executable, "-c", "print('runs')"], env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs\n", "")
