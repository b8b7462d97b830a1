"""Looks through the folder of recordings while the server serves already."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from app.errors import NotFound
from app.runs import shelf
from app.runs.finding import found
from app.runs.run import Run

_log = logging.getLogger(__name__)
#: Files that are looked at before what was found is told.
_BATCH = 16


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
            paths = await asyncio.to_thread(shelf.recordings, self._folder)
            self.total = len(paths)
            for first in range(0, len(paths), _BATCH):
                batch = paths[first : first + _BATCH]
                self._tell(await asyncio.to_thread(_all, batch))
                self.seen += len(batch)
        finally:
            self.done.set()


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
