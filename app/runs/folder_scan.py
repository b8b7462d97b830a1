"""Looks through the folder of recordings while the server serves already."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path

from app.errors import NotFound
from app.runs import recordings
from app.runs.earlier_runs import found
from app.runs.recordings import Mark
from app.runs.run import Run

_log = logging.getLogger(__name__)
#: Files that are looked at before what was found is told.
_BATCH = 16
#: What happens within one tick of a file system's clock leaves a folder's time as it was: a time
#: as new as this is not trusted to tell that nothing has changed.
_TICK_NS = 2_000_000_000
_REST_S = 1.0


class Looking:
    """One look through ``folder``. ``tell`` gets what is found, those written last first.

    ``seen`` of ``total`` files were looked at. ``done`` is set at the end, however it came.
    """

    def __init__(self, folder: Path, tell: Callable[[list[Run]], None]) -> None:
        self._folder = folder
        self._tell = tell
        self.seen = 0
        self.total = 0
        self.done = asyncio.Event()

    async def look(self) -> None:
        try:
            paths = await asyncio.to_thread(recordings.recordings, self._folder)
            self.total = len(paths)
            for first in range(0, len(paths), _BATCH):
                batch = paths[first : first + _BATCH]
                self._tell(await asyncio.to_thread(_all, batch))
                self.seen += len(batch)
        finally:
            self.done.set()


class Again:
    """Looks of a folder that was looked through: what came since, and what has gone.

    A look is at most every ``rest_s`` seconds, and reads a folder only if its time has changed.
    """

    def __init__(self, folder: Path, rest_s: float = _REST_S) -> None:
        self._folder = folder
        self._rest_s = rest_s
        self._next_s = 0.0
        self._written_ns = -1
        self._marks: dict[Path, Mark] = {}

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next_s

    def look(
        self, known: Collection[Path], unsettled: Collection[Path]
    ) -> tuple[list[Run], list[Path]]:
        """Runs that are not ``known``, and known files that have gone. Called in a thread.

        A file of ``unsettled`` may still be written, by a copy under way or by another server; it
        is read again when it has changed since the last look.
        """
        try:
            return self._look(set(known), unsettled)
        except OSError as error:
            _log.warning("the folder of recordings can't be looked at: %s", error)
            return [], []
        finally:
            self._next_s = time.monotonic() + self._rest_s

    def _look(self, known: set[Path], unsettled: Collection[Path]) -> tuple[list[Run], list[Path]]:
        new, gone = self._came_and_went(known)
        marks = {path: recordings.mark(path) for path in {*unsettled, *new}}
        changed = [path for path in unsettled if self._marks.get(path, marks[path]) != marks[path]]
        self._marks = marks
        return _all([*new, *changed]), gone

    def _came_and_went(self, known: set[Path]) -> tuple[list[Path], list[Path]]:
        written_ns = recordings.written_ns(self._folder)
        if written_ns == self._written_ns:
            return [], []
        trusted = written_ns < time.time_ns() - _TICK_NS
        self._written_ns = written_ns if trusted else -1
        paths = recordings.recordings(self._folder)
        return [path for path in paths if path not in known], list(known.difference(paths))


def _all(paths: list[Path]) -> list[Run]:
    runs = []
    for path in paths:
        try:
            runs.append(found(path))
        except (NotFound, FileNotFoundError):
            continue  # another server over the same folder may remove an old one under our eyes
        except Exception:  # noqa: BLE001 - one file must not hide all those after it
            _log.exception("the recording %s can't be looked at", ascii(path.name))
    return runs
