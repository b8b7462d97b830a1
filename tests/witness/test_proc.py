"""Reading /proc: odd names, our own numbers, descendants."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from app.witness import proc


def test_parse_stat_name_with_blanks_and_parentheses() -> None:
    line = b"42 (a) (b c) S 7 42 42 0 -1 0 1 2 3 4 10 20 30 40 20 0 3 0 999 1 2 " + b" ".join(
        str(n).encode() for n in range(25, 53)
    )
    stat = proc.parse_stat(line)
    assert (stat.pid, stat.comm, stat.state, stat.ppid) == (42, "a) (b c", "S", 7)
    assert (stat.own_cpu_ns, stat.cpu_ns) == (300_000_000, 1_000_000_000)
    assert (stat.threads, stat.start_ticks, stat.cpu) == (3, 999, 39)


def test_stat_of_ourselves_has_our_numbers() -> None:
    stat = proc.stat(os.getpid())
    assert stat is not None
    assert (stat.pid, stat.ppid, stat.state) == (os.getpid(), os.getppid(), "R")
    # faulthandler's watchdog is a thread that Python does not count
    assert stat.threads == len(proc.tids(os.getpid())) >= threading.active_count()
    assert threading.get_native_id() in proc.tids(os.getpid())
    assert proc.rss_bytes(os.getpid()) > 1 << 20


def test_read_of_a_process_that_is_gone_is_none() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as child:
        pid = child.pid
    assert proc.stat(pid) is None
    assert proc.tids(pid) == []
    assert proc.rss_bytes(pid) == 0
    assert proc.descendants([pid]) == []


@pytest.mark.real
@pytest.mark.parametrize("has_children", [True, False])
def test_descendants_finds_grandchildren(
    has_children: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_children and not proc._HAS_CHILDREN:
        pytest.skip("this kernel has no children file")
    monkeypatch.setattr(proc, "_HAS_CHILDREN", has_children)
    code = (
        "import subprocess,sys\n"
        "p=subprocess.Popen([sys.executable,'-S','-c','input()'],stdin=sys.stdin)\n"
        "print(p.pid,flush=True)\np.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert {child.pid, grandchild} <= set(proc.descendants([os.getpid()]))
        assert proc.descendants([child.pid]) == [grandchild]
        child.communicate(b"\n")
