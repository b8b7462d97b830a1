"""Opens the best scheduler witness that works here, and says in sentences why no better one does.

The ladder, best first: ``tracepoints``, ``perf``, ``procfs``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from app.errors import Sentence
from app.witness import lines, perf_event, scheduler_tracepoints
from app.witness.scheduler_perf import PerfScheduler
from app.witness.scheduler_procfs import ProcfsScheduler
from app.witness.scheduler_tracepoints import TracepointScheduler
from app.witness.threads import ThreadTable
from app.witness.witness import Refused, SchedulerWitness, WitnessReport


class Scheduler(NamedTuple):
    """The witness that was opened. ``reasons``: sentences that say why it is not a better one."""

    name: str
    witness: SchedulerWitness
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        return " ".join(self.reasons)


Opener = Callable[[int, int, ThreadTable], SchedulerWitness]


def _open_tracepoints(root_pid: int, tree_pid: int, table: ThreadTable) -> SchedulerWitness:
    return TracepointScheduler(root_pid, table)


def _open_perf(root_pid: int, tree_pid: int, table: ThreadTable) -> SchedulerWitness:
    return PerfScheduler(root_pid, table)


def _open_procfs(root_pid: int, tree_pid: int, table: ThreadTable) -> SchedulerWitness:
    if not os.path.exists("/proc/self/stat"):
        raise Refused(Sentence("There is no /proc here."), Sentence("Mount proc at /proc."))
    return ProcfsScheduler(root_pid, tree_pid, table)


#: Best first.
LADDER: dict[str, Opener] = {
    "tracepoints": _open_tracepoints,
    "perf": _open_perf,
    "procfs": _open_procfs,
}


def open_scheduler(
    wanted: str,
    root_pid: int,
    tree_pid: int,
    table: ThreadTable,
    ladder: dict[str, Opener] | None = None,
) -> Scheduler:
    """Opens ``wanted`` (``auto``: the best that works) on the stopped program ``root_pid``.

    ``tree_pid`` is the process that becomes the parent of the program's orphans. A witness that was
    asked for by name and is refused is replaced by the next lower one, and ``why`` says so.
    Raises Refused when nothing works at all.
    """
    ladder = LADDER if ladder is None else ladder
    names = list(ladder)
    reasons: list[str] = []
    if wanted != "auto":
        if wanted not in ladder:
            raise Refused(
                Sentence(
                    "There is no witness {name}; there are auto, {names}.",
                    name=wanted,
                    names=", ".join(names),
                )
            )
        names = names[names.index(wanted) :]
        if wanted != next(iter(ladder)):
            reasons.append(Sentence("The witness {name} was asked for.", name=wanted))
    for name in names:
        try:
            return Scheduler(name, ladder[name](root_pid, tree_pid, table), tuple(reasons))
        except Refused as refusal:
            reasons += refusal.reasons
    raise Refused(Sentence(" ".join(reasons)), reasons=tuple(reasons))


def available() -> list[WitnessReport]:
    """What each witness can do on this machine, best first. Each is tried on this process."""
    return [_try_tracepoints(), _try_perf(), _try_procfs(), _try_syscall(), _try_lines()]


def _try_tracepoints() -> WitnessReport:
    try:
        rings = scheduler_tracepoints.open_rings(os.getpid(), scheduler_tracepoints.numbers())
    except Refused as refusal:
        return WitnessReport("tracepoints", False, refusal.why, refusal.remedy)
    template = (
        "Every context switch and every wake-up, with its waker: {size} KiB of ring for each of "
        "{count} CPUs."
    )
    return WitnessReport("tracepoints", True, Sentence(template, **_sizes(rings)), "")


def _try_perf() -> WitnessReport:
    try:
        rings = perf_event.open_rings(os.getpid())
    except Refused as refusal:
        return WitnessReport("perf", False, refusal.why, refusal.remedy)
    template = "Every context switch, exactly: {size} KiB of ring for each of {count} CPUs."
    return WitnessReport("perf", True, Sentence(template, **_sizes(rings)), "")


def _sizes(rings: list[perf_event.Ring]) -> dict[str, int]:
    """Closes the rings; returns how many there were, and of how many KiB."""
    for ring in rings:
        ring.close()
    return {"count": len(rings), "size": rings[0].size >> 10}


def _try_procfs() -> WitnessReport:
    if not os.path.exists("/proc/self/stat"):
        return WitnessReport(
            "procfs", False, Sentence("There is no /proc here."), Sentence("Mount proc at /proc.")
        )
    if not os.path.exists("/proc/self/schedstat"):
        return WitnessReport(
            "procfs",
            True,
            Sentence(
                "Thread states by sampling; this kernel has no schedstat to bound what is missed."
            ),
            Sentence("Use a kernel with CONFIG_SCHED_INFO."),
        )
    return WitnessReport(
        "procfs", True, Sentence("Thread states by sampling, with run-queue times."), ""
    )


def _try_syscall() -> WitnessReport:
    """Reads the system call of a child, as a run reads that of its program."""
    waiting = [sys.executable, "-I", "-S", "-c", "input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        try:
            with open(f"/proc/{child.pid}/syscall", "rb") as file:
                file.read()
        except OSError as error:
            return WitnessReport(
                "syscall",
                False,
                Sentence(
                    "What a blocked thread waits in can't be read: {why}.", why=error.strerror
                ),
                Sentence("Run program and server as the same user, or grant CAP_SYS_PTRACE."),
            )
        finally:
            child.kill()
    return WitnessReport(
        "syscall", True, Sentence("The system call that a blocked thread sits in."), ""
    )


def _try_lines() -> WitnessReport:
    """Reads the line of a child, as a run reads that of its program."""
    waiting = [sys.executable, "-I", "-S", "-c", "print(flush=True)\ninput()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            line = lines.line_of(child.pid, sys.version_info[:2])
        except OSError as error:
            return WitnessReport(
                "lines",
                False,
                lines.unreadable(error),
                Sentence(
                    "Run program and server as the same user, or grant CAP_SYS_PTRACE; "
                    "kernel.yama.ptrace_scope must be 0 or 1."
                ),
            )
        finally:
            child.kill()
    if not line:
        version = "{}.{}".format(*sys.version_info[:2])
        remedy = Sentence("Run the program on CPython 3.9 to 3.15.")
        return WitnessReport("lines", False, lines.not_understood(version), remedy)
    what = Sentence(
        "The line at which a running thread is, read from CPython 3.9 to 3.15 from outside."
    )
    return WitnessReport("lines", True, what, "")


__all__ = ["LADDER", "Scheduler", "WitnessReport", "available", "open_scheduler"]
