"""Notices that a process was stopped by a signal and does not go on."""

from __future__ import annotations

from app.witness import proc

#: A stop of this length is no hiccup: we never stop a process that watches a run.
PATIENCE_NS = 1_000_000_000
_LOOK_NS = 250_000_000


class Standstill:
    """``check`` is true once the process has been stopped, or held by a tracer, for a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._since_ns: int | None = None
        self._due_ns = 0

    def check(self, now_ns: int) -> bool:
        """Looks into /proc at most every quarter of a second."""
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + _LOOK_NS
            stat = proc.stat(self._pid)
            if stat is None or stat.state not in "Tt":
                self._since_ns = None
            elif self._since_ns is None:
                self._since_ns = now_ns
        return self._since_ns is not None and now_ns - self._since_ns >= PATIENCE_NS
