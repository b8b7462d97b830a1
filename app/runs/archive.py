"""The recordings of all runs: finding them in their folder, and making room for new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

from app.errors import InvalidInput
from app.runs import recordings
from app.runs.folder_scan import FirstScan, Rescans
from app.runs.register import Register
from app.runs.room import Room, check_pin, leaving, room
from app.runs.run import Run, RunState
from app.settings import Settings

#: At most this many runs that could not be recorded stay in memory.
_UNRECORDED_KEPT = 8
#: States of a recording that another may still be writing.
_UNSETTLED = (RunState.DAMAGED, RunState.INTERRUPTED)
#: An ordinary folder is read within this time; a start waits no longer for its recordings.
_FIRST_SCAN_S = 0.25


class Archive:
    """``busy`` gives the ids of runs whose recordings may still change.

    ``first_scan`` tells how far the recordings of earlier servers have been read.
    """

    def __init__(
        self,
        folder: Path,
        register: Register,
        settings: Settings,
        busy: Callable[[], Collection[str]],
    ) -> None:
        self._register = register
        self._settings = settings
        self._busy = busy
        self.first_scan = FirstScan(folder)
        self.rescans = Rescans(folder)
        self._scan: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Begin to read the recordings that are there; waits for a moment at most."""
        self._scan = asyncio.create_task(self._first())
        await asyncio.wait({self._scan}, timeout=_FIRST_SCAN_S)

    async def close(self) -> None:
        self._closed = True
        if self._scan is not None:
            self._scan.cancel()
            await asyncio.wait({self._scan})

    async def scanned(self) -> None:
        """Return when every recording that was there has been read."""
        await self.first_scan.done.wait()

    async def rescan(self) -> None:
        """Find recordings that were put into the folder since; waits for a moment at most."""
        if self._closed or self._scan is None:
            return
        if self._scan.done() and self.rescans.due:
            self._scan = asyncio.create_task(self._again())
        await asyncio.wait({self._scan}, timeout=_FIRST_SCAN_S)

    async def _first(self) -> None:
        await self.first_scan.scan(self._register.put_found)
        await self.make_room()

    async def _again(self) -> None:
        recorded = {run.path: run for run in self._recorded(damaged=True)}
        unsettled = [path for path, run in recorded.items() if run.state in _UNSETTLED]
        known = [run.path for run in self._register.all()]
        found, gone = await asyncio.to_thread(self.rescans.scan, known, unsettled)
        for path in recorded.keys() & set(gone):
            self._register.remove(recorded[path])
        settled = {run.path for run in self._register.all()}.difference(unsettled)
        for run in found:
            if run.path not in settled:
                self._register.put(run)

    def room(self) -> Room:
        """How much of their room the recordings take."""
        return room(self._recorded(), self._quota)

    async def pin(self, run_id: str, pinned: bool) -> Run:
        """Let a recording stay when room is made for others, or let it go with them.

        Raises NotFound; InvalidInput where there is no recording, or no room for it;
        RecordingFailed where the folder can't be written.
        """
        run = self._register.get(run_id)
        if pinned:
            check_pin(run, self._recorded(), self._settings.runs_kept, self._quota)
        elif not run.over:
            raise InvalidInput("A run that is not over has nothing to unpin.")
        await asyncio.to_thread(recordings.pin, run.path, pinned)
        run.pinned = pinned
        return run

    async def make_room(self, settled: Run | None = None) -> None:
        """Remove recordings until no more are kept than may be, and runs that have none.

        ``settled`` is a run that has just ended. Files that can't be read are not ours to remove,
        and take no room from those that can.
        """
        if settled is not None:
            settled.bytes = await asyncio.to_thread(recordings.size, settled.path)
        runs = self._register.all()
        unrecorded = [run for run in runs if run.over and run.recording_failure is not None]
        for run in unrecorded[_UNRECORDED_KEPT:]:
            self._register.remove(run)
        if not self.first_scan.done.is_set():
            return  # the oldest may not have been found yet
        old = leaving(self._recorded(settled), self._settings.runs_kept, self._quota)
        gone = set(await asyncio.to_thread(recordings.remove, [run.path for run in old]))
        for run in old:
            if run.path in gone:
                self._register.remove(run)
            else:  # it was pinned from outside, or can't be removed
                run.pinned = await asyncio.to_thread(recordings.is_pinned, run.path)

    @property
    def _quota(self) -> int:
        return self._settings.recordings_mib << 20

    def _recorded(self, settled: Run | None = None, damaged: bool = False) -> list[Run]:
        """Runs that are over and whose recording can be read, the newest first.

        ``settled`` counts although it is busy; with ``damaged``, so do files that can't be read.
        """
        busy = set(self._busy()) - {settled.id if settled else ""}
        return [
            run
            for run in self._register.all()
            if run.over
            and run.recording_failure is None
            and (damaged or run.state is not RunState.DAMAGED)
            and run.id not in busy
        ]
