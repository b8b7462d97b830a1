"""The worker's session, however it was started."""

from __future__ import annotations

import os
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


SCHEDULING = """
import os, subprocess, sys
from app.worker import priority
priority.own_session()
def policy(): return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
priority.raise_own()
raised = policy()
child = "import os; print(os.sched_getscheduler(0))"
subprocess.run([sys.executable, "-c", child], check=True)
priority.lower_own()
print(raised, policy())
"""


@pytest.mark.parametrize("cpus", [1, 2])
def test_worker_runs_before_others_where_they_have_another_cpu(cpus: int) -> None:
    own = sorted(os.sched_getaffinity(0))
    if len(own) < cpus:
        pytest.skip("this machine has one CPU")
    try:  # in a child, which may not lower its own policy for us
        subprocess.run(["chrt", "--rr", "1", "true"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("SCHED_RR needs CAP_SYS_NICE")
    done = subprocess.run(
        [sys.executable, "-c", SCHEDULING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        preexec_fn=lambda: os.sched_setaffinity(0, own[:cpus]),
    )
    raised = os.SCHED_RR if cpus > 1 else os.SCHED_OTHER
    assert list(map(int, done.stdout.split())) == [os.SCHED_OTHER, raised, os.SCHED_OTHER]
