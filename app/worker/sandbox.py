"""Set up for the program before its exec: limits of the system, group, folder, pipes."""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import dataclass, field
from typing import ClassVar

from app.worker import landlock, prctl
from app.worker.spec import Limits

#: Files a program may write: far above any lesson's, far below a disk.
FILE_BYTES = 256 << 20
OPEN_FILES = 1024
#: Address space is no memory: stacks, arenas and interpreters reserve much more than they use.
_ADDRESS_SPACE_BYTES = 16 << 30
#: From SIGXCPU, which may be caught, to SIGKILL.
_LAST_US = 500_000

#: The program starts with the default answer to each of these, whatever the server had set.
_DEFAULT_SIGNALS = ("SIGINT", "SIGTERM", "SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGHUP", "SIGUSR1")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How to become the program. ``go`` is a pipe's end: the exec waits for its byte."""

    READY: ClassVar[bytes] = b"\1"
    #: Ready too, and its signals stay among its own processes.
    READY_INSIDE: ClassVar[bytes] = b"\2"

    argv: list[str]
    environment: dict[str, str]
    folder: str
    limits: Limits
    go: int
    stdout: int
    stderr: int
    groups: list[str] = field(default_factory=list)  # cgroup.procs files to join
    private: bool = True  # the folder is the run's own: no one else may read what is made in it

    def enter(self, parent: int, report: int) -> None:
        """Called in the fresh child of ``parent``; never returns. Raises OSError.

        Writes ``READY`` or ``READY_INSIDE`` to ``report`` when only the wait for ``go`` and the
        exec are left: what comes before (joining a cgroup takes some 10 ms) is no part of the run.
        """
        prctl.die_with_parent(parent, signal.SIGKILL)
        os.setpgid(0, 0)
        for path in self.groups:
            _join(path)
        signal.set_wakeup_fd(-1)
        for name in _DEFAULT_SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.chdir(self.folder)
        if self.private:
            os.umask(0o077)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (self.stdout, 1), (self.stderr, 2)):
            os.dup2(source, target, inheritable=True)
        self._limit()
        inside = landlock.keep_signals_inside()
        os.write(report, self.READY_INSIDE if inside else self.READY)
        if os.read(self.go, 1) != b"g":
            os._exit(0)  # the worker ended before the start: there is nothing to run
        os.execve(self.argv[0], self.argv, self.environment)

    def _limit(self) -> None:
        limits = self.limits
        # One second above the worker's own watch, which has the better sentence.
        cpu_s = int(limits.cpu_s) + 2
        _lower(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
        # A real-time thread that computes without a pause keeps every other thread off its CPU.
        real_time_us = int(limits.real_time_s * 1e6)
        _lower(resource.RLIMIT_RTTIME, real_time_us, real_time_us + _LAST_US)
        _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
        _lower(resource.RLIMIT_AS, max(_ADDRESS_SPACE_BYTES, 8 * limits.memory_bytes))
        if os.getuid() != 0:
            # The kernel counts all tasks of the user, the server's own too; root is exempt.
            _lower(resource.RLIMIT_NPROC, tasks_of_user() + 2 * limits.processes)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    _, most = resource.getrlimit(which)
    hard = soft if hard is None else hard
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(which, (soft, hard))


def _join(path: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, b"0")
    finally:
        os.close(fd)


def tasks_of_user() -> int:
    """Processes and threads of our own user on this machine."""
    mine, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            if os.stat(f"/proc/{name}").st_uid == mine:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count
