"""The guard's messages, heard from a process of its own (it forks)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.errors import sentences
from tests.worker.driver import DEADLINE_S, ROOT

pytestmark = pytest.mark.real

#: A worker's skeleton: starts a guard on argv, lets it go (or not), prints all messages.
SKELETON = """
import contextlib, json, os, pathlib, sys, tempfile, time
from app.witness import proc
from app.worker import prctl
from app.worker.cgroup import Cgroup
from app.worker.guard import Guard
from app.worker.sandbox import Sandbox
from app.worker.spec import Limits
argv, then = json.loads(sys.argv[1]), sys.argv[2]
def asleep(root):
    names = []
    for pid in proc.descendants([root]):
        with contextlib.suppress(OSError):
            names.append(pathlib.Path(f'/proc/{pid}/comm').read_text())
    return names.count('sleep\\n')
prctl.become_subreaper()
waiting, go = os.pipe()
out = os.open(os.devnull, os.O_WRONLY)
with tempfile.TemporaryDirectory() as folder:
    cgroup = Cgroup(f'guard-test-{os.getpid()}', 1 << 30, 100)
    sandbox = Sandbox(argv, {}, folder, Limits(), waiting, out, out, cgroup.files_to_join())
    guard = Guard(sandbox, cgroup, lambda: None)
    os.close(waiting)
    try:
        pid, messages = guard.wait_for('started', 20)
        if then != 'leave': os.write(go, b'g')
        if then == 'kill':
            while asleep(guard.pid) < 3: time.sleep(0.001)
            guard.kill()
        os.close(go)
        messages += guard.wait_for('empty', 20)[1]
    finally:
        guard.close()
        cgroup.remove()
seen = []
for message in messages:
    if message not in seen: seen.append(message)
print(json.dumps([pid, seen]))
"""


def guarded(argv: list[str], then: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-c", SKELETON, json.dumps(argv), then],
        cwd=ROOT,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    pid, messages = json.loads(done.stdout)
    return pid, messages


def test_guard_tells_start_reap_and_emptiness() -> None:
    pid, messages = guarded(["/bin/sh", "-c", "exit 5"], "go")
    assert [next(iter(message)) for message in messages] == ["started", "reaped", "empty"]
    reaped, status, reaped_ns = messages[1]["reaped"]
    assert (reaped, status) == (pid, 5 << 8)
    assert reaped_ns <= messages[2]["empty"]
    if Path("/proc/self/schedstat").exists():
        ran_ns, _, slices = messages[1]["account"]
        assert 0 < ran_ns < reaped_ns and slices > 0


def test_guard_tells_why_an_exec_failed() -> None:
    _, messages = guarded(["/no/such/program"], "go")
    (failed,) = [message["failed"] for message in messages if "failed" in message]
    assert sentences(failed) == ["/no/such/program can't be started: No such file or directory."]


def test_guard_program_that_is_never_let_go_runs_nothing() -> None:
    pid, messages = guarded(["/bin/sh", "-c", "exit 5"], "leave")
    assert messages[1]["reaped"][:2] == [pid, 0]


def test_guard_kill_reaps_orphans_too() -> None:
    script = "(sleep 100 &) ; (setsid sleep 100 &) ; sleep 100"
    pid, messages = guarded(["/bin/sh", "-c", script], "kill")
    reaped = {
        message["reaped"][0]: message["reaped"][1] for message in messages if "reaped" in message
    }
    assert reaped[pid] == 9
    assert "empty" in messages[-1]
