"""The guard: a small process between the worker and the program, so that nothing outlives a run.

It is the program's parent and the subreaper of all orphans, and reports every reap with its time.
It kills the whole tree on request, when the worker is gone (its pipe closes, however the worker
died), or when the run's time is over and the worker says nothing. It lives as long as the worker,
and ends the worker when nothing reads the worker's frames any more. When the guard itself is
killed, the program dies by its parent-death signal, and the other processes become children of the
worker, which is a subreaper too.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from app.errors import Sentence, told
from app.witness import proc
from app.worker import prctl
from app.worker.cgroup import Cgroup
from app.worker.sandbox import Sandbox
from app.worker.standstill import Standstill
from app.worker.tree import kill_descendants

#: How long a sweep may take before its survivors are reported. Milliseconds are enough, except on
#: a heavily overloaded machine.
SWEEP_NS = 10_000_000_000
#: How often the guard tries again once the worker is gone and nothing can be reported.
_ORPHANED_SWEEPS = 6
#: How long a worker whose frames are not read any more may take to end by itself.
_UNREAD_NS = 1_000_000_000
#: The worker stops the run at its limit of wall time; this long after it, the guard does.
OVERDUE_NS = 3_000_000_000
#: How long the worker waits for its guard to go.
_CLOSE_NS = 5_000_000_000
_FAILED_TO_EXEC = 127


class Guard:
    """The worker's side: starts the guard, asks it to kill, reads what it reports.

    ``poll`` returns the guard's messages, each a dict with one of the keys ``started`` (the
    program's pid; ``inside``: whether its signals stay among its own processes), ``failed``
    (what ``errors.told`` makes of a sentence), ``reaped`` ([pid, raw wait status, ns]), ``empty``
    (ns: no process of the run is left), ``survivors`` (pids that SIGKILL did not end), ``overdue``
    (ns: the limit of wall time is long over, so it kills the run).
    ``gone`` is true once the guard has ended, which it does by itself only when it failed.

    ``clean`` removes what the run leaves, when the guard is the last of its watchers. ``reader``
    is a descriptor that hangs up when the worker's frames have no reader any more; it is not read.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        cgroup: Cgroup,
        clean: Callable[[], None],
        reader: int | None = None,
    ) -> None:
        commands, self._commands = os.pipe()
        self.reports, reports = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _Guarding(sandbox, cgroup, clean, reader, commands, reports).run()
        os.close(commands)
        os.close(reports)
        os.set_blocking(self.reports, False)
        self._rest = b""
        self.gone = False

    def kill(self) -> None:
        """Every process of the run is to die now."""
        with contextlib.suppress(BrokenPipeError):  # it is gone, as ``poll`` will show
            os.write(self._commands, b"k")

    def poll(self) -> list[dict[str, Any]]:
        """The guard's messages since the last poll; never blocks."""
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
        """Lets the guard end, which kills what is left, and reaps it; by force if it is stopped."""
        os.close(self._commands)
        os.close(self.reports)
        still = Standstill(self.pid)
        deadline_ns = time.monotonic_ns() + _CLOSE_NS
        while not self._reaped():
            now_ns = time.monotonic_ns()
            if still.check(now_ns) or now_ns > deadline_ns:
                self.end()
            time.sleep(0.001)

    def end(self) -> None:
        """Kills the guard now; its processes are then the caller's to kill."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _reaped(self) -> bool:
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            return True  # by a sweep of this process


class _Guarding:
    """The guard's own life, after the fork. It ends by _exit and never returns."""

    def __init__(
        self,
        sandbox: Sandbox,
        cgroup: Cgroup,
        clean: Callable[[], None],
        reader: int | None,
        commands: int,
        reports: int,
    ) -> None:
        self._sandbox, self._cgroup, self._clean = sandbox, cgroup, clean
        self._commands, self._reports, self._reader = commands, reports, reader
        self._worker = os.getppid()
        self._empty = False
        self._unread_ns: int | None = None
        self._overdue_ns: int | None = None

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
        if self._reader is not None:
            self._reader = os.dup(self._reader)
        kept = {self._commands, self._reports, sandbox.go, sandbox.stdout, sandbox.stderr}
        kept |= set() if self._reader is None else {self._reader}
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
        """Forks the program; returns a pipe that reports a failed exec."""
        errors, report = os.pipe()
        me = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self._sandbox.enter(me, report)
            except BaseException as error:  # noqa: BLE001 - reported to the guard, then over
                why = getattr(error, "strerror", None) or repr(error)
                os.write(report, _refusal(self._sandbox.argv[0], why))
            os._exit(_FAILED_TO_EXEC)
        for fd in {report, self._sandbox.go, self._sandbox.stdout, self._sandbox.stderr}:
            os.close(fd)
        said = os.read(errors, 4096)
        if said in (self._sandbox.READY, self._sandbox.READY_INSIDE):
            self._report(started=pid, inside=said == self._sandbox.READY_INSIDE)
        else:
            self._report(failed=_heard(said))
        with contextlib.suppress(OSError):  # only so that reaps are timely; not granted to all
            os.setpriority(os.PRIO_PROCESS, 0, -10)
        return errors

    def _supervise(self, errors: int) -> NoReturn:
        poll = select.poll()
        for fd in (self._commands, self._wake, errors):
            poll.register(fd, select.POLLIN)
        if self._reader is not None:
            poll.register(self._reader, select.POLLRDHUP)
        while True:
            for fd, _ in poll.poll(self._patience_ms()):
                if fd == errors:
                    poll.unregister(errors)
                    if said := os.read(errors, 4096):
                        self._report(failed=_heard(said))
                    wall_ns = int(self._sandbox.limits.wall_s * 1e9)
                    self._overdue_ns = time.monotonic_ns() + wall_ns + OVERDUE_NS
                elif fd == self._wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake, 4096)
                elif fd == self._reader:
                    poll.unregister(fd)
                    self._unread_ns = time.monotonic_ns() + _UNREAD_NS
                    self._sweep()  # there is no worker to report the program's end to
                elif os.read(self._commands, 64):
                    self._sweep()
                else:
                    self._orphaned()
            self._reap()
            self._look_at_the_clock(time.monotonic_ns())

    def _patience_ms(self) -> int | None:
        """Until the next deadline."""
        due = [at for at in (self._unread_ns, self._overdue_ns) if at is not None]
        return max(0, min(due) - time.monotonic_ns()) // 1_000_000 + 1 if due else None

    def _look_at_the_clock(self, now_ns: int) -> None:
        if self._unread_ns is not None and now_ns >= self._unread_ns:
            if os.getppid() == self._worker:
                os.kill(self._worker, signal.SIGKILL)
            self._orphaned()
        if self._overdue_ns is not None and now_ns >= self._overdue_ns:
            self._overdue_ns = None
            self._report(overdue=now_ns)
            self._sweep()

    def _orphaned(self) -> NoReturn:
        """The worker is gone: end the run and clean up after it."""
        for _ in range(_ORPHANED_SWEEPS):
            self._sweep()
            if self._empty:
                break
        self._clean()
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
