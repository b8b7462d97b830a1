"""The run's cgroup: on a made-up file system, and for real where this machine lets us."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from app.worker import cgroup
from app.worker.cgroup import Cgroup, _Folder

BOTH = frozenset({"pids", "memory"})


JOIN_THEN_FORK = """
import os, sys
for path in sys.argv[1:]:
    with open(path, 'w') as file: file.write('0')
print('joined', flush=True)
input()
try:
    if os.fork() == 0: os._exit(0)
except OSError:
    print('refused', flush=True)
"""


@pytest.fixture
def name() -> str:
    return f"test-{secrets.token_hex(4)}"


def test_cgroup_none_granted_is_an_empty_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    # A folder that is no cgroup: it has none of the kernel's files, and gets none.
    monkeypatch.setattr(cgroup, "_own_groups", lambda: [_Folder(tmp_path, 2, BOTH)])
    group = Cgroup(name, 1 << 20, 5)
    assert group.controllers == [] and group.files_to_join() == []
    assert not group.out_of_memory() and not group.forks_refused()
    assert list(tmp_path.iterdir()) == []
    group.forbid_forks()
    group.remove()


def test_cgroup_counts_of_the_kernel_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "pids.events").write_text("max 3\n")
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\n")
    group = Cgroup.__new__(Cgroup)
    group._folders = [_Folder(tmp_path, 2, BOTH)]
    assert group.forks_refused()
    assert not group.out_of_memory()
    (tmp_path / "memory.events").write_text("oom_kill 2\n")
    assert group.out_of_memory()


@pytest.mark.real
def test_cgroup_for_real_limits_and_goes_away(name: str) -> None:
    group = Cgroup(name, 64 << 20, 5)
    if "pids" not in group.controllers:
        group.remove()
        pytest.skip("this machine lets us make no pids cgroup")
    folders = [os.path.dirname(path) for path in group.files_to_join()]
    with subprocess.Popen(
        [sys.executable, "-S", "-c", JOIN_THEN_FORK, *group.files_to_join()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"joined\n"
        group.forbid_forks()
        output, _ = process.communicate(b"\n")
    assert output == b"refused\n"
    assert group.forks_refused()
    group.remove()
    assert not any(map(os.path.exists, folders))
