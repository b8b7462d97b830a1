"""What a program can no longer do to those who watch it, tried for real."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.worker import landlock
from tests.worker.driver import ROOT, Driver, spec

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        landlock.abi() < landlock.SCOPING_ABI, reason="this kernel's Landlock has no scopes"
    ),
]

#: Goes up to its guard, worker and server, and tries on each what would bring it down.
ATTACK = """
import os, signal
def parent(pid):
    with open(f'/proc/{pid}/stat') as file: return int(file.read().rpartition(')')[2].split()[1])
def tried(what, name):
    try: what()
    except PermissionError: print(name, 'refused', flush=True)
    else: print(name, 'DONE', flush=True)
pid = os.getpid()
for name in ('guard', 'worker', 'server'):
    pid = parent(pid)
    tried(lambda: os.kill(pid, signal.SIGSTOP), name + ' stop')
    tried(lambda: os.kill(pid, signal.SIGKILL), name + ' kill')
    tried(lambda: open(f'/proc/{pid}/mem', 'r+b').close(), name + ' memory')
tried(lambda: os.kill(-1, signal.SIGKILL), 'all')
"""

#: What a program does to its own children stays as it is.
OWN = """
import os, signal
child = os.fork()
if not child: signal.pause()
os.kill(child, signal.SIGSTOP)
os.waitpid(child, os.WUNTRACED)
os.killpg(0, 0)
os.kill(child, signal.SIGKILL)
print('signal', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

AS_ANOTHER_USER = """
import os, sys
from app.worker import landlock
if os.getuid() == 0:
    os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
assert landlock.keep_signals_inside()
try: os.kill(os.getppid(), 0)
except PermissionError: print('refused')
"""


def test_program_reaches_none_of_its_watchers() -> None:
    with Driver(spec(ATTACK)) as worker:
        said = worker.end().text_of()
        assert worker.timeline.run["limits"]["inside"] is True
        assert "failure" not in worker.last
    lines = said.splitlines()
    assert len([line for line in lines if line.endswith("refused")]) == 9, said
    # kill(-1) is done, to nobody: the sender is left out, and the others are out of reach.
    assert lines[9:] in ([], ["all refused"], ["all DONE"]), said


def test_program_signals_its_own_as_before() -> None:
    with Driver(spec(OWN)) as worker:
        assert worker.end().text_of() == "signal -9\n"


def test_landlock_works_for_an_ordinary_user() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b"refused\n"


def test_landlock_without_scopes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: landlock.SCOPING_ABI - 1)
    assert landlock.keep_signals_inside() is False
