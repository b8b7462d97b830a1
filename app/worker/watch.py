"""Watches a run's totals against its limits: wall time, CPU, memory, tasks, output, files."""

from __future__ import annotations

from collections.abc import Callable

from app.timeline.records import Limit
from app.witness import proc
from app.worker.cgroup import Cgroup
from app.worker.spec import Limits

#: How often the tree is walked near a limit, and far from all. Wall time and output are compared at
#: each call.
WALK_NS = 100_000_000
CALM_WALK_NS = 250_000_000
#: A total is near its limit when it is above this part of it.
_NEAR = 0.25
#: The kernel's own refusals, which only back up ours, are read once in this many walks.
_GROUP_WALKS = 4


class Watch:
    """``check`` returns the first limit that is passed, as the record that ends the run."""

    def __init__(
        self,
        limits: Limits,
        start_ns: int,
        tree_pid: int,
        cgroup: Cgroup,
        tasks: Callable[[], int],
        output_over: Callable[[], bool],
        scratch: Callable[[], int] = lambda: 0,
    ) -> None:
        self._limits = limits
        self._wall_end_ns = start_ns + int(limits.wall_s * 1e9)
        self._tree = tree_pid
        self._cgroup = cgroup
        self._tasks = tasks
        self._output_over = output_over
        self._scratch = scratch
        self._walk_due_ns = 0
        self._walks = 0

    def check(self, now_ns: int) -> Limit | None:
        limits = self._limits
        if now_ns >= self._wall_end_ns:
            return Limit(now_ns, "wall", int(limits.wall_s * 1000))
        if self._output_over():
            return Limit(now_ns, "output", limits.output_bytes)
        # The scheduler's own count costs nothing, so a burst of births is noticed at once.
        if now_ns >= self._walk_due_ns or self._tasks() > limits.processes:
            return self._walk(now_ns)
        return None

    def at_the_end(self, now_ns: int) -> Limit | None:
        """The limit at which the kernel stopped the program before we looked."""
        if self._cgroup.forks_refused():
            return Limit(now_ns, "processes", self._limits.processes)
        if self._cgroup.out_of_memory():
            return Limit(now_ns, "memory", self._limits.memory_bytes)
        return None

    def _walk(self, now_ns: int) -> Limit | None:
        limits, group = self._limits, self._cgroup
        refused = starved = False
        if self._walks % _GROUP_WALKS == 0:
            refused, starved = group.forks_refused(), group.out_of_memory()
        self._walks += 1
        tasks = memory = cpu_ns = 0
        for pid in proc.descendants([self._tree]):
            stat = proc.stat(pid)
            if stat is not None:
                cpu_ns += stat.cpu_ns
                if stat.state not in "ZX":
                    tasks += stat.threads
                    memory += proc.rss_bytes(pid)
        guard = proc.stat(self._tree)
        if guard is not None:
            cpu_ns += guard.cpu_ns - guard.own_cpu_ns  # of orphans that the guard reaped
        scratch = self._scratch()
        near = (
            max(
                tasks / limits.processes,
                memory / limits.memory_bytes,
                scratch / limits.scratch_bytes,
            )
            > _NEAR
        )
        self._walk_due_ns = now_ns + (WALK_NS if near else CALM_WALK_NS)
        if refused or tasks > limits.processes:
            return Limit(now_ns, "processes", limits.processes)
        if starved or memory > limits.memory_bytes:
            return Limit(now_ns, "memory", limits.memory_bytes)
        if cpu_ns > limits.cpu_s * 1e9:
            return Limit(now_ns, "cpu", int(limits.cpu_s * 1000))
        if scratch > limits.scratch_bytes:
            return Limit(now_ns, "disk", limits.scratch_bytes)
        return None
