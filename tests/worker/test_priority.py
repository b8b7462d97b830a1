"""The worker's session, however it was started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.worker.driver import ROOT

CODE = """
import os
from app.worker import priority
server = os.getsid(os.getppid())
priority.own_session()
print(os.getsid(0) == os.getpid(), os.getsid(os.getppid()) == server)
before = open(f'/proc/{os.getppid()}/autogroup').read() if AUTOGROUP else ''
priority.raise_own()
after = open(f'/proc/{os.getppid()}/autogroup').read() if AUTOGROUP else ''
print(before == after)
""".replace("AUTOGROUP", "os.path.exists('/proc/self/autogroup')")


@pytest.mark.parametrize("started", ["plainly", "as a group", "as a session"])
def test_own_session_however_started_leaves_the_parent_alone(started: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        process_group=0 if started == "as a group" else None,
        start_new_session=started == "as a session",
    )
    assert done.stdout.split() == ["True", "True", "True"]
