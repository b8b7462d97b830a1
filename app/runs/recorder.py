"""Writes a run's frames to its recording without ever holding up the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.errors import RecordingFailed, TimesliceError
from app.runs import recordings
from app.runs.recording import COMMIT_EVERY_S, Recording

_log = logging.getLogger(__name__)

Create = Callable[[Path, dict[str, Any], str], Recording]


class Recorder:
    """One recording that is being written. Frames are committed at least every ``every_s``.

    The first failure ends the recording and is kept in ``failure``; the run goes on.
    """

    def __init__(self, create: Create = Recording.create, every_s: float = COMMIT_EVERY_S) -> None:
        self._create = create
        self._every_s = every_s
        self._pending: list[bytes] = []
        self._recording: Recording | None = None
        self._timer: asyncio.TimerHandle | None = None
        # One thread: calls to the recording keep their order and never overlap.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._last: asyncio.Future[None] | None = None
        self.failure: TimesliceError | None = None

    async def open(self, path: Path, run: dict[str, Any], program: str) -> None:
        """Make the file and its folder; a failure is kept in ``failure``, not raised."""

        def create() -> None:
            recordings.make_folder(path.parent)
            self._recording = self._create(path, run, program)

        await self._call(create)

    def append(self, frame: bytes) -> None:
        if self._recording is None:
            return
        self._pending.append(frame)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._write)

    async def flush(self) -> None:
        """Return when all that was appended is committed, or the recording has failed."""
        self._write()
        if self._last is not None:
            await asyncio.shield(self._last)

    async def finish(self, **ended: Any) -> None:
        """Complete the file and close it. If it is incomplete, ``failure`` says why."""
        await self.flush()
        if self._recording is not None:
            recording = self._recording
            await self._call(lambda: recording.finish(**ended))
        await self._call(self._close)
        self._thread.shutdown(wait=False)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._pending = self._pending, []
        recording = self._recording
        if not batch or recording is None:
            return

        def write() -> None:
            if self.failure is None:
                recording.extend(batch)
                recording.commit()

        self._last = asyncio.ensure_future(self._call(write))

    async def _call(self, work: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, work)
        except (RecordingFailed, TimesliceError) as error:
            if self.failure is None:
                self.failure = error.bare()
                _log.warning("%s", error)
            await loop.run_in_executor(self._thread, self._close)

    def _close(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            try:
                recording.close()
            except RecordingFailed as error:
                self.failure = self.failure or error.bare()
