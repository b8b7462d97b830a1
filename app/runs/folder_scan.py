"""Reads the folder of recordings: once when the server starts, then whenever the folder changed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path

from app.errors import NotFound
from app.runs import recordings
from app.runs.earlier_runs import earlier_run
from app.runs.recordings import Version
from app.runs.run import Run

_log = logging.getLogger(__name__)
#: Files that are read before what was found is handed on.
_BATCH = 16
#: Two changes within one tick of a file system's clock leave the folder the same time. So a time
#: as new as this does not prove that nothing has changed.
_TICK_NS = 2_000_000_000
_REST_S = 1.0


class FirstScan:
    """``seen`` of ``total`` files were read. ``done`` is set at the end, even after a failure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen = 0
        self.total = 0
        self.done = asyncio.Event()

    async def scan(self, found: Callable[[list[Run]], None]) -> None:
        """Read every file, those written last first; ``found`` is called after each batch."""
        try:
            paths = await asyncio.to_thread(recordings.in_folder, self._folder)
            self.total = len(paths)
            for first in range(0, len(paths), _BATCH):
                batch = paths[first : first + _BATCH]
                found(await asyncio.to_thread(_runs_of, batch))
                self.seen += len(batch)
        finally:
            self.done.set()


class Rescans:
    """Later scans: which recordings came since the last one, and which are gone.

    A scan is due at most every ``rest_s`` seconds, and reads a folder only if its time has changed.
    """

    def __init__(self, folder: Path, rest_s: float = _REST_S) -> None:
        self._folder = folder
        self._rest_s = rest_s
        self._next_s = 0.0
        self._changed_ns = -1
        self._versions: dict[Path, Version] = {}

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next_s

    def scan(
        self, known: Collection[Path], unsettled: Collection[Path]
    ) -> tuple[list[Run], list[Path]]:
        """Runs that are not ``known``, and known files that are gone. Called in a thread.

        A file of ``unsettled`` may still be written, by a copy under way or by another server; it
        is read again if it has changed since the last scan.
        """
        try:
            return self._scan(set(known), unsettled)
        except OSError as error:
            _log.warning("the folder of recordings can't be read: %s", error)
            return [], []
        finally:
            self._next_s = time.monotonic() + self._rest_s

    def _scan(self, known: set[Path], unsettled: Collection[Path]) -> tuple[list[Run], list[Path]]:
        new, gone = self._new_and_gone(known)
        versions = {path: recordings.version(path) for path in {*unsettled, *new}}
        changed = [
            path for path in unsettled if self._versions.get(path, versions[path]) != versions[path]
        ]
        self._versions = versions
        return _runs_of([*new, *changed]), gone

    def _new_and_gone(self, known: set[Path]) -> tuple[list[Path], list[Path]]:
        changed_ns = recordings.changed_ns(self._folder)
        if changed_ns == self._changed_ns:
            return [], []
        trusted = changed_ns < time.time_ns() - _TICK_NS
        self._changed_ns = changed_ns if trusted else -1
        paths = recordings.in_folder(self._folder)
        return [path for path in paths if path not in known], list(known.difference(paths))


def _runs_of(paths: list[Path]) -> list[Run]:
    runs = []
    for path in paths:
        try:
            runs.append(earlier_run(path))
        except (NotFound, FileNotFoundError):
            continue  # another server over the same folder may have just removed it
        except Exception:  # noqa: BLE001 - one file must not hide all those after it
            _log.exception("the recording %s can't be read", ascii(path.name))
    return runs
