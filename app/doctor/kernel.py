"""What the kernel allows this process, read from /proc and /sys; nothing is tried or changed."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from pydantic import BaseModel

#: Bits of CapEff in /proc/self/status that let witnesses see more (linux/capability.h).
CAPABILITIES = {
    2: "dac_read_search",
    5: "kill",
    6: "setgid",
    7: "setuid",
    19: "sys_ptrace",
    21: "sys_admin",
    23: "sys_nice",
    24: "sys_resource",
    38: "perfmon",
}
SECCOMP_MODES = {0: "none", 1: "strict", 2: "filter"}


class Kernel(BaseModel):
    """``None`` means that the kernel does not say."""

    release: str
    cpus: int
    user: int
    perf_event_paranoid: int | None
    perf_event_mlock_kb: int | None
    capabilities: list[str]
    seccomp: str | None
    tracefs: bool


def examine(proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> Kernel:
    """The kernel's answers; other roots than /proc and /sys are for tests."""
    status = _status(proc / "self/status")
    return Kernel(
        release=platform.release(),
        cpus=len(os.sched_getaffinity(0)),
        user=os.geteuid(),
        perf_event_paranoid=_number(proc / "sys/kernel/perf_event_paranoid"),
        perf_event_mlock_kb=_number(proc / "sys/kernel/perf_event_mlock_kb"),
        capabilities=capabilities(status.get("CapEff", "0")),
        seccomp=SECCOMP_MODES.get(int(status["Seccomp"])) if "Seccomp" in status else None,
        tracefs=os.access(sys / "kernel/tracing/events/sched", os.R_OK | os.X_OK),
    )


def capabilities(mask: str) -> list[str]:
    """The names in ``CAPABILITIES`` whose bit is set in the hexadecimal ``mask``."""
    bits = int(mask, 16)
    return [name for bit, name in CAPABILITIES.items() if bits >> bit & 1]


def _status(path: Path) -> dict[str, str]:
    pairs = (line.partition(":") for line in _text(path).splitlines())
    return {name: value.strip() for name, _, value in pairs}


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        # Absent or refused: the kernel does not say.
        return ""
