"""Starts a real worker as the server does, reads its frames, and looks for survivors."""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.timeline.frames import Frame, FrameReader, decode
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

DEADLINE_S = 60.0
ROOT = Path(__file__).resolve().parents[2]
WORKER = (sys.executable, "-m", "app.worker")
_MARK = "TIMESLICE_TEST_MARK"


def spec(program: str, **values: Any) -> RunSpec:
    return RunSpec(**{"run_id": f"t{secrets.token_hex(6)}", "program": program, **values})


def skip_where_refused(timeline: Timeline, witness: str) -> None:
    """Skips the test whose run this is, where another witness than it wants had to see it."""
    seen_by = timeline.run["witnesses"]
    if seen_by["scheduler"] != witness:
        pytest.skip(f"the witness {witness} is refused here: {seen_by['why']}")


class Driver:
    """A context: the worker dies with it. ``timeline`` is what came so far."""

    def __init__(
        self, wanted: RunSpec | bytes, command: Sequence[str] = WORKER, **environment: str
    ) -> None:
        self.spec = wanted if isinstance(wanted, RunSpec) else None
        self.mark = secrets.token_hex(8)
        self.frames: list[Frame] = []
        self.arrived_ns: list[int] = []
        self._reader = FrameReader()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the exit
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), _MARK: self.mark, **environment},
        )
        line = wanted.model_dump_json().encode() if isinstance(wanted, RunSpec) else wanted
        self.say(line)

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        # Its input ends, so it must sweep and go; if it does not, that is a failure, not a leak.
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self._stderr.close()

    # --- talking -------------------------------------------------------------------------------

    def say(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def read(self, until: Callable[[Driver], bool] = lambda driver: False) -> Timeline:
        """Reads frames until ``until`` says so, or to the end of the worker's output."""
        assert self.process.stdout is not None
        fd = self.process.stdout.fileno()
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        deadline = time.monotonic() + DEADLINE_S
        while not until(self):
            left = deadline - time.monotonic()
            assert left > 0, "the worker said nothing of what was waited for"
            if not poll.poll(left * 1000):
                continue
            data = os.read(fd, 1 << 20)
            if not data:
                break
            for frame in self._reader.feed(data):
                self.frames.append(decode(frame))
                self.arrived_ns.append(time.monotonic_ns())
        return self.timeline

    def end(self) -> Timeline:
        """Reads to the end and waits for the worker."""
        timeline = self.read()
        self.process.wait(DEADLINE_S)
        return timeline

    def end_unread(self) -> Timeline:
        """What ``end`` gives, decoded only now: who decodes meanwhile takes a storm's CPU."""
        assert self.process.stdout is not None
        self.frames += map(decode, self._reader.feed(self.process.stdout.read()))
        self.process.wait(DEADLINE_S)
        return self.timeline

    @property
    def timeline(self) -> Timeline:
        return Timeline(self.frames)

    @property
    def last(self) -> dict[str, Any]:
        return self.frames[-1].head

    def printed(self, text: str) -> bool:
        return any(
            text in item["text"] for frame in self.frames for item in frame.head.get("output", ())
        )

    def complaints(self) -> str:
        """What the worker wrote to standard error; it must have ended."""
        self._stderr.seek(0)
        return self._stderr.read().decode()

    # --- survivors -----------------------------------------------------------------------------

    @property
    def program_pid(self) -> int:
        return int(self.frames[0].head["run"]["pid"])

    @property
    def guard_pid(self) -> int:
        with open(f"/proc/{self.program_pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def survivors(self) -> list[int]:
        """Processes of this worker or of its program, by a mark in their environment."""
        marks = [f"{_MARK}={self.mark}".encode()]
        if self.spec is not None:
            marks.append(f"TIMESLICE_RUN={self.spec.run_id}".encode())
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/environ", "rb") as file:
                        environment = file.read()
                except OSError:
                    continue
                if any(mark in environment for mark in marks):
                    found.append(int(name))
        return found

    def wait_until_none_survives(self, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while self.survivors():
            if time.monotonic() > deadline:
                raise AssertionError(f"still alive: {self.survivors()}")
            # A bounded look at the state of the world; there is no event for "nobody is left".
            select.select([], [], [], 0.01)

    def kill(self) -> None:
        """kill -9 of the worker itself."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(DEADLINE_S)
