"""What the kernel says, read from a made-up /proc and /sys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.doctor import kernel


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    (folder / "self").mkdir(parents=True)
    (folder / "sys/kernel").mkdir(parents=True)
    (folder / "self/status").write_text("Name:\tx\nCapEff:\t0000004000080000\nSeccomp:\t2\n")
    (folder / "sys/kernel/perf_event_paranoid").write_text("-1\n")
    (folder / "sys/kernel/perf_event_mlock_kb").write_text("516\n")
    return folder


def test_kernel_reads_what_is_there(proc: Path, tmp_path: Path) -> None:
    found = kernel.examine(proc, tmp_path / "sys")
    assert found.perf_event_paranoid == -1
    assert found.perf_event_mlock_kb == 516
    assert found.capabilities == ["sys_ptrace", "perfmon"]
    assert found.seccomp == "filter"
    assert found.cpus == len(os.sched_getaffinity(0))
    assert not found.tracefs


def test_kernel_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    found = kernel.examine(tmp_path, tmp_path)
    assert found.perf_event_paranoid is None
    assert found.capabilities == []
    assert found.seccomp is None


def test_kernel_of_this_machine_answers() -> None:
    found = kernel.examine()
    assert found.user == os.geteuid()
    assert found.cpus >= 1
    assert found.release
