"""The third watcher of a run, in the process that started its worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator

from app.witness import proc
from app.worker import prctl, sweep

#: A dead child that was not reaped within this time is no child of our own code.
_NOBODYS_NS = 5_000_000_000


class Keeper:
    """Ends what a worker left behind. ``workers`` are the pids of workers not reaped yet.

    ``of_this_process`` also adopts the children of workers and guards that were killed. It is for
    a process that runs nothing else, since it ends every child of another session.
    """

    def __init__(self) -> None:
        self.workers: set[int] = set()
        self._adopting = False
        self._dead: dict[int, int] = {}  # since when, by pid
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def of_this_process(cls) -> Keeper:
        """Also ends runs of earlier processes whose watchers are all gone."""
        keeper = cls()
        prctl.become_subreaper()
        keeper._adopting = True
        sweep.abandoned()
        return keeper

    @contextlib.asynccontextmanager
    async def starting(self) -> AsyncIterator[set[int]]:
        """Held while a worker is started; put its pid into the set before it can be mistaken for an
        orphan."""
        async with self._one_at_a_time:
            yield self.workers

    async def sweep(self, run_id: str) -> list[int]:
        """End every process of the run, whose worker is gone. Returns the pids that live on."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._sweep, run_id)

    def _sweep(self, run_id: str) -> list[int]:
        survivors = sweep.end(run_id, self._reaped)
        for _ in self._reaped():
            pass
        self._reap_others()
        return survivors

    def _reap_others(self) -> None:
        """Reap orphans of our own helpers, in our session.

        Children that our code started are reaped where they were started.
        """
        now_ns = time.monotonic_ns()
        children = proc.children(os.getpid()) or () if self._adopting else ()
        dead = {pid for pid in children if (stat := proc.stat(pid)) and stat.state == "Z"}
        self._dead = {pid: self._dead.get(pid, now_ns) for pid in dead - self.workers}
        for pid, since_ns in self._dead.items():
            if now_ns - since_ns > _NOBODYS_NS:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def _reaped(self) -> Iterator[int]:
        """The orphans that this process adopted; dead ones are reaped."""
        if not self._adopting:
            return
        session = os.getsid(0)
        for pid in proc.children(os.getpid()) or ():
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                # Of our own children only workers have another session, and none can enter ours.
                if pid not in self.workers and os.getsid(pid) != session:
                    os.waitpid(pid, os.WNOHANG)
                    yield pid
