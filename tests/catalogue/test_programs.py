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

#: Shorter than the defaults where the length of a run is not what is tested.
RUNS: list[tuple[str, dict[str, Any], str]] = [
    ("process-states", {}, r"3 workers and one process for pipe have started\nall of them"),
    ("process-states", {"io": "fsync", "one_cpu": False, "seconds": 0.5}, "all of them have ended"),
    ("process-states", {"io": "sleep", "workers": 1, "seconds": 0.5}, "all of them have ended"),
    ("start-process", {}, r"(?s)fork-3: done.*forkserver-3: done.*spawn-3: done"),
    ("start-process", {"how": "subclass", "children": 1}, r"(?s)run\(\).*run\(\).*spawn-1: done"),
    ("start-process", {"method": "spawn", "children": 1}, "spawn-1: done"),
    ("reap-and-zombie", {}, r"(?s)my work is done\nmain: joined, exit code 0\n$"),
    ("reap-and-zombie", {"join": "soon", "orphan": False}, r"^child: .*\nmain: joined, exit c"),
    ("reap-and-zombie", {"join": "never", "parent_seconds": 0.4}, "main: my work is done"),
    ("daemon-process", {}, r"main: my code is over\n(?s:.*)worker: my code is over\n$"),
    ("daemon-process", {"daemon": False, "logger_seconds": 1}, "logger: my code is over"),
    ("queue", {}, "consumer has used 20 items"),
    ("queue", {"producers": 3, "room": 1, "items": 3, "use_ms": 0}, "consumer has used 9 items"),
    ("race-counter", {"variant": "plain"}, "^80000 steps were made"),
    ("race-counter", {}, "^80000 steps were made"),
    ("race-counter", {"variant": "split"}, "^80000 steps were made"),
    ("race-counter", {"variant": "lock", "times": 2000}, "8000 were counted, 0 were lost"),
    ("race-counter", {"variant": "append"}, "80000 were counted, 0 were lost"),
    ("deadlock", {"patience": 1.5}, "^stuck: Ann and Bob\n$"),
    ("deadlock", {"variant": "ordered", "patience": 20, "meals": 5}, "both have eaten"),
    ("deadlock", {"variant": "timeout", "patience": 20, "meals": 5}, "both have eaten"),
    ("deadlock", {"variant": "one-lock", "patience": 20, "meals": 5}, "both have eaten"),
    ("daemon-thread", {}, r"worker: my code is over\n$"),
    ("daemon-thread", {"daemon": False, "worker_seconds": 0.6}, r"logger: my code is over\n$"),
    ("gil", {"turns": 500_000}, "2 tasks, threads: "),
    ("gil", {"mode": "processes", "turns": 500_000}, "2 tasks, processes: "),
    ("gil", {"mode": "serial", "work": "sleep", "sleep_seconds": 0.2}, "2 tasks, serial: "),
    ("gil", {"work": "sleep", "tasks": 5, "sleep_seconds": 0.2}, "5 tasks, threads: "),
    ("thread-pool", {}, r"the results are \[1, 4, 9, 16, 25, 36, 49, 64\]"),
    ("thread-pool", {"call": "map", "work": "compute", "seconds": 0.05}, r"results are \[1, 4, 9"),
    ("asyncio-basics", {}, r"\[1, 2, 3, 4\]\nit took"),
    ("asyncio-basics", {"style": "wait", "seconds": 0.05}, "4 done, 0 pending"),
    ("asyncio-basics", {"style": "group", "seconds": 0.05}, "answer 4 is there"),
    ("asyncio-basics", {"style": "timeout"}, r"\[1, 2, 'TimeoutError', 'TimeoutError'\]"),
    ("asyncio-basics", {"style": "one-by-one", "seconds": 0.05}, r"\[1, 2, 3, 4\]"),
    ("asyncio-basics", {"style": "old"}, "^TypeError: Passing coroutines is forbidden"),
    ("blocked-loop", {}, r"sleeper: good night\nsleeper: good morning(?s:.*)listener: got a m"),
    ("blocked-loop", {"sleep": "asyncio.sleep"}, r"good night\nlistener: got(?s:.*)good morning"),
    ("blocked-loop", {"sleep": "to_thread"}, r"good night\nlistener: got(?s:.*)good morning"),
]


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
    ("slug", "params", "expected"), RUNS, ids=[f"{slug}-{params}" for slug, params, _ in RUNS]
)
def test_program_runs_alone(
    slug: str, params: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    output = run(slug, params, tmp_path)
    assert re.search(expected, output), output


def test_every_scenario_runs_alone_with_its_defaults() -> None:
    assert {slug for slug, params, _ in RUNS if not params} >= set(load()) - {"deadlock", "gil"}
    assert {slug for slug, _, _ in RUNS} == set(load())
