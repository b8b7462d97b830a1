"""Runs a program under a worker, and both under the judge."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.worker.spec import RunSpec
from benchmarks.gil_truth.agreement import Agreement, compare
from benchmarks.gil_truth.judge import Span, Uprobes, judged, library_of
from benchmarks.gil_truth.told import first_told, ours
from benchmarks.truth.steal import Steal


def measure(
    text: str, python: str, witness: str, keep: Path | None = None
) -> tuple[dict[str, Any], dict[str, Agreement]]:
    """The program's timeline JSON, and the agreement of each of its threads."""
    with tempfile.TemporaryDirectory(prefix="timeslice-gil-truth-") as name:
        folder = keep or Path(name)
        program, told, data = folder / "program.py", folder / "told.json", folder / "judge.data"
        program.write_text(text)
        inner = [sys.executable, "-m", "benchmarks.gil_truth", "--inner", str(program), str(told)]
        with Uprobes(library_of(python)) as probes:
            # Events inherited by children, so that no other Python of this machine is slowed.
            subprocess.run(
                [
                    *("perf", "record", "-q", "-m", "2048", "-k", "CLOCK_MONOTONIC"),
                    *("-e", f"{probes.group}:*", "-o", str(data), "--"),
                    *(*inner, "--python", python, "--witness", witness),
                ],
                check=True,
            )
            spans = judged(data)
        timeline = json.loads(told.read_text())
    start = timeline["run"]["start_monotonic_ns"]
    steal = steal_of(timeline)
    since = start + first_told(timeline)
    return timeline, {
        f"{track['name']} {track['tid']}": compare(
            ours(timeline, track["id"]), after(since, spans[track["tid"]]), start, steal
        )
        for track in timeline["tracks"]
        if track["tid"] in spans
    }


def steal_of(timeline: dict[str, Any]) -> Steal:
    return Steal(
        (item["start_ns"], item["end_ns"], item["stolen_ns"]) for item in timeline["stolen"]
    )


def after(since_ns: int, spans: list[Span]) -> list[Span]:
    return [
        span._replace(start_ns=max(since_ns, span.start_ns))
        for span in spans
        if span.end_ns > since_ns
    ]


def tell_inner(program: Path, out: Path, python: str, witness: Any) -> None:
    """What runs under ``perf record``: one run, its timeline written as JSON."""
    spec = RunSpec(run_id=new_id(), program=program.read_text(), python=python, witness=witness)
    outcome = asyncio.run(run(LocalLauncher(), spec))
    out.write_text(json.dumps(outcome.timeline.to_json()))
