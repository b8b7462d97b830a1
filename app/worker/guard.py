"""The guard: a small process between the worker and the program, so that nothing outlives a run.

It is the program's parent and the subreaper of all orphans, reports every reap with its time,
and kills the whole tree when told to, or when the worker is gone (its pipe closes, however the
worker died). When the guard itself is killed, the program dies by its parent-death signal, and
the rest falls to the worker, which is a subreaper too.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from app.errors import Sentence, told
from app.witness import proc
from app.worker import prctl
from app.worker.cgroup import Cgroup
from app.worker.leftovers import remove_names
from app.worker.sandbox import Sandbox
from app.worker.tree import kill_descendants

#: How long a sweep may take before its survivors are reported; milliseconds are enough, but for
#: a machine that is overloaded many times.
SWEEP_NS = 10_000_000_000
#: With the worker gone there is nobody to report to: the guard tries this often.
_ORPHANED_SWEEPS = 6
_FAILED_TO_EXEC = 127


class Guard:
    """The worker's end: starts the guard, tells it to kill, hears what it reports.

    ``poll`` returns the guard's messages, each a dict with one of the keys ``started`` (the
    program's pid), ``failed`` (what ``errors.told`` makes of a sentence), ``reaped`` ([pid, raw
    wait status, ns]), ``empty`` (ns: no process of the run is left), ``survivors`` (pids that
    SIGKILL did not end).
    ``gone`` is true once the guard has ended, for whatever reason.
    """

    def __init__(self, sandbox: Sandbox, cgroup: Cgroup, folders: Sequence[str]) -> None:
        commands, self._commands = os.pipe()
        self.reports, reports = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _Guarding(sandbox, cgroup, folders, commands, reports).run()
        os.close(commands)
        os.close(reports)
        os.set_blocking(self.reports, False)
        self._rest = b""
        self.gone = False

    def kill(self) -> None:
        """Every process of the run is to die now."""
        with contextlib.suppress(BrokenPipeError):  # gone: ``poll`` tells so
            os.write(self._commands, b"k")

    def poll(self) -> list[dict[str, Any]]:
        """What the guard has said since the last poll; never blocks."""
        data = self._rest
        while not self.gone:
            try:
                chunk = os.read(self.reports, 1 << 16)
            except BlockingIOError:
                break
            self.gone = not chunk
            data += chunk
        *lines, self._rest = data.split(b"\n")
        return [json.loads(line) for line in lines]

    def wait_for(self, key: str, timeout_s: float) -> tuple[Any, list[dict[str, Any]]]:
        """The value of the first message with ``key``, and all messages meanwhile.

        The value is None when the guard ended or the time passed first.
        """
        messages: list[dict[str, Any]] = []
        deadline = time.monotonic() + timeout_s
        while not self.gone:
            messages += self.poll()
            for message in messages:
                if key in message:
                    return message[key], messages
            left = deadline - time.monotonic()
            if left <= 0:
                break
            poll = select.poll()
            poll.register(self.reports, select.POLLIN)
            poll.poll(left * 1000)
        return None, messages

    def close(self) -> None:
        """Lets the guard go (it kills what is left) and reaps it."""
        os.close(self._commands)
        os.close(self.reports)
        deadline = time.monotonic() + 2 * SWEEP_NS / 1e9
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return
            time.sleep(0.001)


class _Guarding:
    """The guard's own life, after the fork. It ends by _exit and never returns."""

    def __init__(
        self,
        sandbox: Sandbox,
        cgroup: Cgroup,
        folders: Sequence[str],
        commands: int,
        reports: int,
    ) -> None:
        self._sandbox, self._cgroup, self._folders = sandbox, cgroup, folders
        self._commands, self._reports = commands, reports
        self._empty = False

    def run(self) -> NoReturn:
        try:
            self._isolate()
            self._supervise(self._start())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the tree must not stay
            self._report(
                failed=told([Sentence("The guard of this run failed: {why}.", why=repr(error))])
            )
            self._sweep()
        os._exit(0)

    def _isolate(self) -> None:
        os.setsid()
        prctl.become_subreaper()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        sandbox = self._sandbox
        kept = {self._commands, self._reports, sandbox.go, sandbox.stdout, sandbox.stderr}
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in kept:
                with contextlib.suppress(OSError):  # the listing's own descriptor
                    os.close(int(name))
        # Afterwards 0, 1 and 2 lead nowhere: the worker's pipes must close when it dies. A kept
        # descriptor may be one of these numbers only if the worker was started without them.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            if fd not in kept and fd != nowhere:
                os.dup2(nowhere, fd, inheritable=False)
        self._wake, wake = os.pipe()
        for fd in (self._wake, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def _start(self) -> int:
        """Forks the program; returns the pipe that tells when its exec failed."""
        errors, report = os.pipe()
        me = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self._sandbox.enter(me, report)
            except BaseException as error:  # noqa: BLE001 - told to the guard, then over
                why = getattr(error, "strerror", None) or repr(error)
                os.write(report, _refusal(self._sandbox.argv[0], why))
            os._exit(_FAILED_TO_EXEC)
        for fd in {report, self._sandbox.go, self._sandbox.stdout, self._sandbox.stderr}:
            os.close(fd)
        said = os.read(errors, 4096)
        if said == self._sandbox.READY:
            self._report(started=pid)
        else:
            self._report(failed=_heard(said))
        with contextlib.suppress(OSError):  # only so that reaps are timely; not granted to all
            os.setpriority(os.PRIO_PROCESS, 0, -10)
        return errors

    def _supervise(self, errors: int) -> None:
        poll = select.poll()
        for fd in (self._commands, self._wake, errors):
            poll.register(fd, select.POLLIN)
        while not self._empty:
            for fd, _ in poll.poll():
                if fd == errors:
                    poll.unregister(errors)
                    if said := os.read(errors, 4096):
                        self._report(failed=_heard(said))
                elif fd == self._wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake, 4096)
                elif not os.read(self._commands, 64):
                    self._orphaned()
                else:
                    self._sweep()
                    return
            self._reap()

    def _orphaned(self) -> NoReturn:
        """The worker is gone: end the run and clean up after it."""
        for _ in range(_ORPHANED_SWEEPS):
            self._sweep()
            if self._empty:
                break
        for folder in self._folders:
            remove_names(folder)
            shutil.rmtree(folder, ignore_errors=True)
        self._cgroup.remove(patience_s=10)
        os._exit(0)

    def _sweep(self) -> None:
        self._cgroup.forbid_forks()
        deadline = time.monotonic_ns() + SWEEP_NS
        survivors = kill_descendants(os.getpid(), deadline, self._reap)
        while not survivors and not self._empty and time.monotonic_ns() < deadline:
            # Dead but not yet reapable: the last moments of a kill.
            time.sleep(0.001)
            self._reap()
        if survivors:
            self._report(survivors=survivors)

    def _reap(self) -> None:
        while not self._empty:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                self._empty = True
                self._report(empty=time.monotonic_ns())
                return
            if ended is None:
                return
            account = proc.account(ended.si_pid) or ()
            pid, status = os.waitpid(ended.si_pid, 0)
            self._report(reaped=[pid, status, time.monotonic_ns()], account=account)

    def _report(self, **message: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # the worker is gone: its end is seen soon
            os.write(self._reports, json.dumps(message).encode() + b"\n")


def _refusal(program: str, why: str) -> bytes:
    """The words of a child that could not become the program, through a pipe to the guard."""
    said = Sentence("{program} can't be started: {why}.", program=program, why=why)
    return json.dumps(told([said])).encode()


def _heard(said: bytes) -> list[dict[str, Any]]:
    """What ``_refusal`` said; a child that died in mid-sentence is quoted."""
    try:
        heard: list[dict[str, Any]] = json.loads(said)
    except ValueError:
        return told([said.decode(errors="replace")])
    return heard


def forget_inherited_descriptors() -> None:
    """No descriptor that we were started with, other than 0 to 2, reaches the program."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the listing's own descriptor
            if int(name) > sys.stderr.fileno():
                os.set_inheritable(int(name), False)
