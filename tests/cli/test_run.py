"""Real runs through the command line: what it prints, writes and answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadRecording
from app.runs.recording import Recording

pytestmark = pytest.mark.real
PATIENCE_S = 100


def timeslice(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, "COLUMNS": "120", **environ},
    )


def assert_whole(timeline: dict[str, Any]) -> None:
    """The slices of each track cover its life without gap or overlap."""
    slices: dict[int, list[dict[str, Any]]] = {}
    for row in timeline["slices"]:
        slices.setdefault(row["track"], []).append(row)
    assert timeline["tracks"]
    for track in timeline["tracks"]:
        rows = sorted(slices.get(track["id"], []), key=lambda row: row["start_ns"])
        edges = [track["start_ns"], *(row["end_ns"] for row in rows)]
        assert [row["start_ns"] for row in rows] == edges[:-1], track["name"]
        assert edges[-1] == track["end_ns"], track["name"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder with what one run of daemon-process wrote, and what it printed.

    The worker has seconds in hand: on a busy machine main's tenth of a second may take some.
    """
    folder = tmp_path_factory.mktemp("run")
    done = timeslice(
        "run", "daemon-process", "-p", "main_seconds=0.1", "-p", "worker_seconds=5", "--check",
        "--out", str(folder / "run.timeslice"), "--json", str(folder / "run.json"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""  # no progress bar where there is no terminal
    return folder, done.stdout


def test_run_prints_lanes_states_and_claims(daemon: tuple[Path, str]) -> None:
    text = daemon[1]
    assert "█" in text and "scheduler witness:" in text
    assert "ended as a daemon, SIGTERM" in " ".join(text.split())
    assert "holds" in text and "fails" not in text


def test_run_writes_a_timeline_in_which_the_daemon_ends_first(daemon: tuple[Path, str]) -> None:
    timeline = json.loads((daemon[0] / "run.json").read_text())
    assert_whole(timeline)
    assert timeline["run"]["params"]["worker_seconds"] == 5
    tracks = {track["name"]: track for track in timeline["tracks"]}
    assert tracks["logger"]["end"]["cause"] == "daemon"
    assert tracks["worker"]["end"]["cause"] == "returned"
    # Main may reap its dead children in any order: they are zombies until then.
    died = {
        name: min(
            [track["end_ns"]]
            + [
                row["start_ns"]
                for row in timeline["slices"]
                if row["track"] == track["id"] and row["state"] == "zombie"
            ]
        )
        for name, track in tracks.items()
    }
    assert died["logger"] < died["worker"]
    said = {claim["id"]: claim["verdict"] for claim in timeline["claims"]}
    # No ordinary thread was asked for.
    assert said == {"logger-end": "holds", "thread-keeps": "not-seen", "main-waits": "holds"}


def test_run_writes_a_recording_that_tells_the_same(daemon: tuple[Path, str]) -> None:
    timeline = json.loads((daemon[0] / "run.json").read_text())
    with Recording.open(daemon[0] / "run.timeslice") as recording:
        assert recording.timeline().to_json() == timeline
        assert "WORKER_SECONDS = 5" in recording.program


@pytest.mark.parametrize("name", ["json", "chrome", "csv"])
def test_export_writes_every_format(daemon: tuple[Path, str], tmp_path: Path, name: str) -> None:
    out = tmp_path / "exported"
    source = str(daemon[0] / "run.timeslice")
    done = timeslice("export", source, "--format", name, "--out", str(out))
    assert done.returncode == 0, done.stderr
    text = out.read_text()
    assert "logger" in text
    if name == "json":
        assert json.loads(text) == json.loads((daemon[0] / "run.json").read_text())
    elif name == "chrome":
        assert {"X", "M"} <= {event["ph"] for event in json.loads(text)["traceEvents"]}


def test_report_in_an_encoding_without_its_letters_marks_them() -> None:
    done = timeslice("scenarios", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "?" in done.stdout and not done.stderr


def test_full_disk_at_the_report_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "app", "scenarios"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "timeslice: This could not be finished: No space left on device." in done.stderr


def test_export_of_an_unknown_format_names_the_known(daemon: tuple[Path, str]) -> None:
    source = str(daemon[0] / "run.timeslice")
    done = timeslice("export", source, "--format", "mp4", "--out", "x")
    assert done.returncode == 2
    assert "mp4" in done.stderr and "chrome" in done.stderr and "json" in done.stderr


def test_run_in_chinese(tmp_path: Path) -> None:
    done = timeslice("run", "deadlock", "-p", "patience=0.5", LC_ALL="zh_CN.UTF-8")
    assert done.returncode == 0, done.stderr
    assert "死锁" in done.stdout and "成立" in done.stdout


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_ends_cleanly_at_ctrl_c_and_alike(tmp_path: Path, stop: signal.Signals) -> None:
    out = tmp_path / "run.timeslice"
    command = [sys.executable, "-m", "app", "run", "daemon-process"]
    command += ["-p", "main_seconds=3", "-p", "worker_seconds=3", "--out", str(out)]
    command += ["--json", str(tmp_path / "run.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_for_tracks(out, 3)
            process.send_signal(stop)
            _text, complaints = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 128 + stop, complaints.decode()
    assert complaints == b""
    timeline = json.loads((tmp_path / "run.json").read_text())
    assert timeline["run"]["state"] == "ended"
    assert_whole(timeline)
    for track in timeline["tracks"]:
        assert not Path(f"/proc/{track['pid']}").exists(), f"{track['name']} lives on"


def wait_for_tracks(path: Path, count: int) -> None:
    """Until the recording, read while it is written, shows so many tracks."""
    seen = 0
    while seen < count:
        if path.exists() and path.stat().st_size:
            try:
                with Recording.open(path) as recording:
                    seen = len(recording.timeline().tracks)
            except BadRecording:
                continue  # its tables are not there yet
