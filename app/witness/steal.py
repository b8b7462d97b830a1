"""What the hypervisor takes of each CPU, from /proc/stat.

*steal* is the time in which a virtual CPU wanted to run and the hypervisor ran something else
(proc_stat(5)). By its switches a thread on that CPU runs on meanwhile. The kernel counts it in
ticks of 1/USER_HZ s: a reading says how much was taken since the one before, but not when.
"""

from __future__ import annotations

import os
import re
import time

from app.timeline.records import CpuStolen, Record

#: Between two readings: ten ticks of USER_HZ, or the picture would show the ticks.
INTERVAL_NS = 100_000_000
#: A reading that takes longer than this share of the interval makes the next one later.
_SHARE = 0.002
_LINE = re.compile(rb"^cpu(\d+)((?: \d+)+)$", re.MULTILINE)
#: The column of a CPU's line, after its name: user nice system idle iowait irq softirq steal.
_STEAL = 7
#: The lines of all CPUs come first; what follows them, one number for each interrupt, isn't needed.
_BYTES = 1 << 16


class StealReader:
    """``poll`` gives a record for each CPU of which something was taken since the reading before.

    If the kernel has no such file, or no CPU in it, there are none.
    """

    def __init__(self, path: str = "/proc/stat") -> None:
        self._tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        self._fd = -1
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return  # a container may hide it: nothing is reported, as on a machine without steal
        self._due_ns = 0
        self._since_ns = 0
        self._ticks: dict[int, int] = {}

    def poll(self, now_ns: int | None = None, last: bool = False) -> list[Record]:
        """What was taken since the last reading, if one is due, or is the ``last``."""
        began = time.monotonic_ns() if now_ns is None else now_ns
        if self._fd < 0 or (began < self._due_ns and not last):
            return []
        ticks = self._read()
        now = time.monotonic_ns() if now_ns is None else now_ns
        records: list[Record] = [
            CpuStolen(
                now, min(self._since_ns, now), cpu, (count - self._ticks[cpu]) * self._tick_ns
            )
            for cpu, count in ticks.items()
            if count > self._ticks.get(cpu, count)
        ]
        self._ticks, self._since_ns = ticks, now
        self._due_ns = now + max(INTERVAL_NS, int((now - began) / _SHARE))
        return records

    def _read(self) -> dict[int, int]:
        try:
            data = os.pread(self._fd, _BYTES, 0)
        except OSError:
            return {}
        found: dict[int, int] = {}
        for cpu, columns in _LINE.findall(data):
            values = columns.split()
            if len(values) > _STEAL:
                found[int(cpu)] = int(values[_STEAL])
        return found

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
