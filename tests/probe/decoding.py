"""A small reader of finished rings: every record of every thread of a run, in order of time."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from app.probe.launch import environment
from app.timeline import wire
from app.timeline.probe_records import TYPES

#: Kind's number → its name in ``wire``.
NAMES = {
    number: re.sub(r"\B(?=[A-Z])", "_", kind.__name__).upper() for number, kind in TYPES.items()
}


class Row(NamedTuple):
    """One record, with the ring's pid and tid."""

    t: int
    pid: int
    tid: int
    thread: int
    kind: str
    aux: int
    a: int
    b: int
    c: int
    text: str

    def __str__(self) -> str:
        return (
            f"{self.t % 10**10:>11} {self.pid}/{self.tid} {self.kind:15} aux={self.aux} a={self.a}"
            f" b={self.b >> 32}:{self.b & 0xFFFFFFFF} c={self.c >> 32}:{self.c & 0xFFFFFFFF}"
            f" {self.text!r}"
        )


class Ring(NamedTuple):
    pid: int
    tid: int
    number: int
    capacity: int
    head: int
    rows: list[Row]

    @property
    def lost(self) -> int:
        return max(0, self.head - self.capacity)


def read_ring(path: Path) -> Ring:
    """Decode what a ring still holds; a text whose first slot is overwritten is skipped."""
    data = path.read_bytes()
    magic, version, _, pid, tid, capacity, _, head, _, number = wire.HEADER.unpack_from(data)
    assert magic == wire.MAGIC and version == wire.VERSION
    assert len(data) == wire.HEADER_SIZE + capacity * wire.SLOT_SIZE

    def slot(index: int) -> bytes:
        start = wire.HEADER_SIZE + index % capacity * wire.SLOT_SIZE
        return data[start : start + wire.SLOT_SIZE]

    rows = []
    index = max(0, head - capacity)
    while index < head:
        t, kind, aux, a, b, c = wire.SLOT.unpack(slot(index))
        index += 1
        text = ""
        if kind & wire.TEXT:
            (length,) = wire.TEXT_LENGTH.unpack_from(slot(index))
            count = -(-(length + wire.TEXT_LENGTH.size) // wire.SLOT_SIZE)
            joined = b"".join(slot(index + part) for part in range(count))
            text = joined[wire.TEXT_LENGTH.size :][:length].decode()
            index += count
        rows.append(Row(t, pid, tid, number, NAMES.get(kind & ~wire.TEXT, "?"), aux, a, b, c, text))
    return Ring(pid, tid, number, capacity, head, rows)


class Run:
    """A finished program under the probe: what it printed, and its records."""

    def __init__(self, directory: Path, done: subprocess.CompletedProcess[str]) -> None:
        self.directory = directory
        self.returncode, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.rings = [
            read_ring(path)
            for path in sorted(directory.glob(wire.RING_PREFIX + "*"))
            if path.stat().st_size
        ]
        self.rows = sorted(row for ring in self.rings for row in ring.rows)

    @property
    def faults(self) -> str:
        return "".join(path.read_text() for path in self.directory.glob("probe-error-*"))

    def of(self, *kinds: str, **fields: Any) -> list[Row]:
        """Rows of these kinds whose fields have these values."""
        return [
            row
            for row in self.rows
            if row.kind in kinds
            if all(getattr(row, name) == value for name, value in fields.items())
        ]

    def one(self, *kinds: str, **fields: Any) -> Row:
        found = self.of(*kinds, **fields)
        assert len(found) == 1, f"{kinds} {fields}: {found}\n" + self.dump()
        return found[0]

    def dump(self) -> str:
        return "\n".join(map(str, self.rows))


def run_until(
    reached: Callable[[Run], bool], program: str, folder: Path, *arguments: str, timeout: float = 60
) -> Run:
    """Run ``program`` until its records satisfy ``reached``, then kill its group with SIGKILL."""
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    rings = folder / "rings"
    rings.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(path), *arguments],
        env=environment(dict(os.environ), str(rings), str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + timeout
    try:
        while not reached(Run(rings, subprocess.CompletedProcess([], -1, "", ""))):
            assert process.poll() is None, "the program ended before"
            assert time.monotonic() < deadline, "it was not reached in time"
            time.sleep(0.01)  # between two looks at the files, not to wait for the program
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Run(rings, subprocess.CompletedProcess([], process.returncode, out, err))


def run(
    program: str,
    folder: Path,
    *arguments: str,
    python: str = sys.executable,
    name: str = "program.py",
    timeout: float = 60,
) -> Run:
    """Run ``program`` as ``folder/program.py`` under the probe."""
    path = folder / name
    path.write_text(program, encoding="utf-8")
    rings = folder / "rings"
    rings.mkdir()
    done = subprocess.run(
        [python, str(path), *arguments],
        env=environment(dict(os.environ), str(rings), str(folder)),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(rings, done)
