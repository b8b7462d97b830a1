"""A real program held at its start, so that a witness can be opened on it first."""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.timeline.records import Record

DEADLINE_S = 60.0
PATIENT_MS = 5


class Held:
    """``go`` lets it run; ``lines`` are what it printed once it ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.pid = process.pid
        self.lines: list[str] = []

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def run_under(self, poll: Callable[[], list[Record]]) -> list[Record]:
        """Runs it to its end, polling the witness; the program must print little."""
        self.go()
        records: list[Record] = []
        assert self.process.stdout is not None
        deadline = time.monotonic() + DEADLINE_S
        output, ended = b"", False
        waiting = select.poll()
        waiting.register(self.process.stdout, select.POLLIN)
        while not ended:
            assert time.monotonic() < deadline, "the program did not end"
            if waiting.poll(PATIENT_MS):
                chunk = self.process.stdout.read1()  # type: ignore[attr-defined]
                output += chunk
                ended = not chunk
            records += poll()
        self.process.wait(DEADLINE_S)
        records += poll()
        self.lines = output.decode().splitlines()
        return records


@contextmanager
def held(code: str) -> Iterator[Held]:
    """Killed and reaped at the end, whatever happened."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "input()\n" + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield Held(process)
        finally:
            process.kill()
