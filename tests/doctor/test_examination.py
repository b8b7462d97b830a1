"""The doctor tells what the workers' interpreter sees, as text and as JSON."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

from app import cli
from app.doctor import witnesses
from app.doctor.examination import Examination, examine, sandbox
from app.doctor.report import show
from app.errors import TimesliceError
from app.worker import landlock
from app.worker.cgroup import Cgroup


@pytest.fixture(scope="module")
def examination() -> Examination:
    return examine()


def test_examine_names_the_ladder_best_first(examination: Examination) -> None:
    names = [witness.name for witness in examination.witnesses]
    assert names.index("perf") < names.index("procfs")
    assert all(witness.ok or (witness.why and witness.remedy) for witness in examination.witnesses)


def test_sandbox_tells_the_controllers_that_a_run_gets() -> None:
    group = Cgroup(f"test-{os.getpid()}", 1 << 30, 64)
    try:
        found = sandbox()
        assert found.cgroup == group.controllers
        assert (found.tier == "inside") == (found.landlock >= landlock.SCOPING_ABI)
    finally:
        group.remove()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_report_names_witnesses_and_interpreters(
    examination: Examination, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("TIMESLICE_LANGUAGE", language)
    console = Console(file=io.StringIO(), width=200)
    show(examination, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "perf" in text and "procfs" in text and "perf_event_paranoid" in text
    assert examination.interpreters[0].name in text
    assert ("Witnesses" in text) == (language == "en")


@pytest.mark.usefixtures("few_interpreters")
def test_doctor_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"witnesses", "kernel", "sandbox", "interpreters", "brokers"}


def test_witnesses_are_asked_of_the_workers_interpreter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIMESLICE_WORKER_PYTHON", sys.executable)
    assert [item.name for item in witnesses.examine()] == [item.name for item in witnesses.here()]
    monkeypatch.setenv("TIMESLICE_WORKER_PYTHON", str(tmp_path / "missing"))
    with pytest.raises(TimesliceError, match="can't run a worker"):
        witnesses.examine()
