"""Killing trees."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from app.worker.framer import exit_of
from app.worker.tree import kill_descendants, living

pytestmark = pytest.mark.real

CODE = (
    "import os, signal, sys\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "for _ in range(3): os.fork()\n"
    "os.write(1, b'x')\n"
    "signal.pause()\n"
)


def test_kill_descendants_ends_all_but_the_root() -> None:
    """The root is a process of its own: others of this test session must live."""
    root = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, '-S', '-c', {CODE!r}])\n"
        "p.wait(); print('over'); input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", root], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        got = b""
        while len(got) < 8:
            got += os.read(process.stdout.fileno(), 8)
        assert len(living(process.pid)) == 8
        deadline = time.monotonic_ns() + 20_000_000_000
        # Its grandchildren become ours or init's when their parents die, so they count no more
        # as its offspring; all eight must be dead all the same: each holds the pipe open.
        survivors = kill_descendants(process.pid, deadline, lambda: None)
        assert survivors == []
        assert process.poll() is None
        assert process.stdout.readline() == b"over\n"
        process.communicate(b"\n")


def test_kill_descendants_gives_up_at_its_deadline() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        calls: list[int] = []
        survivors = kill_descendants(child.pid, 0, lambda: calls.append(1))
        assert survivors == [] and calls == [1]
        child.communicate(b"\n")


@pytest.mark.parametrize(
    ("status", "cause", "code", "signal"),
    [
        (0, "returned", 0, None),
        (3 << 8, "exit", 3, None),
        (9, "signal", None, "SIGKILL"),
        (11 | 0x80, "signal", None, "SIGSEGV"),
        (None, "unknown", None, None),
    ],
)
def test_exit_from_the_raw_wait_status(
    status: int | None, cause: str, code: int | None, signal: str | None
) -> None:
    assert exit_of(status) == {"cause": cause, "code": code, "signal": signal}
