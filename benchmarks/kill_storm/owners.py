"""Who started the run: a server that goes on from round to round, or ``run`` at the terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import httpx

from app.errors import BadRecording
from app.runs.recording import SUFFIX, Recording
from app.witness import proc
from benchmarks.kill_storm.programs import PROGRAMS
from benchmarks.kill_storm.server import MEALS, SCENARIO

ROOT = Path(__file__).resolve().parents[2]
START_S = 180.0
#: A worker that is just starting is stopped when it has started.
_STOPPED_S = 20.0


class Owner(Protocol):
    pid: int

    def run(self, phase: str) -> None:
        """Starts a run."""

    def find(self) -> str:
        """The run's id; empty while it isn't known."""

    def stop(self) -> None:
        """Asks for the end of the run, and waits until it is told."""

    def wait(self) -> None:
        """Until its process is gone."""

    def verdict(self, run_id: str) -> str:
        """What is wrong with the recording and with the service; empty for nothing."""


def _environment(folder: Path) -> dict[str, str]:
    ours = {"TIMESLICE_WALL_LIMIT_S": "20", "TIMESLICE_DATA_DIR": str(folder / "data")}
    return {**os.environ, **ours, "PYTHONPATH": str(ROOT)}


def recording_is_told(path: Path) -> str:
    """Empty when it opens, or says why not, or was never begun."""
    if not path.exists():
        return ""
    try:
        with Recording.open(path) as recording:
            return "" if recording.run else "recording without a head"
    except BadRecording as error:
        return "" if str(error) else "recording is refused without a reason"


class Server:
    """Started again where the round before killed it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._id = ""
        self._client = httpx.Client(timeout=20)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _ensure(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.kill_storm.server", str(self._folder / "data")],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=_environment(self._folder),
        )
        assert self._process.stdout is not None
        with self._process.stdout as said:
            port = int(said.readline())
        self._client.base_url = f"http://127.0.0.1:{port}"
        self._answers()

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                return self._client.get("/healthz").status_code == 200
            except httpx.TransportError:
                time.sleep(0.05)
        return False

    def run(self, phase: str) -> None:
        self._ensure()
        order = {"scenario": SCENARIO, "params": {"meals": MEALS[phase]}}
        answer = self._client.post("/api/runs", json=order)
        assert answer.status_code == 201, answer.text
        self._id = answer.json()["id"]

    def find(self) -> str:
        return self._id

    def stop(self) -> None:
        self._client.delete(f"/api/runs/{self._id}")

    def wait(self) -> None:
        assert self._process is not None
        self._process.wait(_STOPPED_S)

    def verdict(self, run_id: str) -> str:
        self._ensure()
        if not self._answers():
            return "the server does not answer"
        status = self._client.get(f"/api/runs/{run_id}").status_code
        if status != 200:
            return f"the server answers {status} for the run"
        zombies = [
            pid
            for pid in proc.children(self.pid) or ()
            if (stat := proc.stat(pid)) is not None
            and stat.state == "Z"
            and os.getsid(pid) != os.getsid(self.pid)
        ]
        if zombies:
            return f"the server has zombies: {zombies}"
        return recording_is_told(self._folder / "data/runs" / f"{run_id}{SUFFIX}")

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(START_S)
        self._client.close()


class Terminal:
    """``timeslice run program.py --out …``, anew for each round."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._out = folder / f"run{SUFFIX}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def run(self, phase: str) -> None:
        self.close()
        self._out.unlink(missing_ok=True)
        program = self._folder / "program.py"
        program.write_text(PROGRAMS[phase])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", "run", str(program), "--out", str(self._out)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=_environment(self._folder),
        )

    def find(self) -> str:
        for pid in proc.children(self.pid) or ():
            data = proc.read_whole(f"/proc/{pid}/environ", 1 << 20) or b""
            for entry in data.split(b"\0"):
                if entry.startswith(b"TIMESLICE_RUN="):
                    return entry.partition(b"=")[2].decode()
        return ""

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_STOPPED_S)

    def wait(self) -> None:
        assert self._process is not None
        self._process.wait(_STOPPED_S)

    def verdict(self, run_id: str) -> str:
        return recording_is_told(self._out)

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
