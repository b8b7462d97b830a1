"""What viewers are given of a run: its frames, and the timeline folded from them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator

from app.errors import BadFrame, BadRecording, RecordingTooLong
from app.runs import reading, recordings
from app.runs.database import lasting
from app.runs.register import Register
from app.runs.run import Run, RunState
from app.timeline import frames as codec
from app.timeline.timeline import Timeline


class Playback:
    """Reads a live run from its hub, a finished run from its recording."""

    def __init__(self, register: Register) -> None:
        self._register = register

    async def stream(self, run: Run, from_seq: int = 0) -> AsyncGenerator[bytes]:
        """Encoded frames from ``from_seq`` on, then live; a finished run comes as one snapshot
        when all of it is asked for. Raises BadRecording."""
        with self._readable(run):
            if run.hub is not None:
                async with contextlib.aclosing(run.hub.subscribe(from_seq)) as frames:
                    async for frame in frames:
                        yield frame
                return
            if from_seq == 0:
                with contextlib.suppress(RecordingTooLong):  # such a run comes frame by frame
                    snapshot = await asyncio.to_thread(recordings.snapshot, run.path)
                    if snapshot is not None:
                        yield snapshot
                    return
            while batch := await asyncio.to_thread(recordings.read, run.path, from_seq):
                for frame in batch:
                    yield frame
                from_seq = codec.sequence(batch[-1]) + 1

    async def timeline(self, run: Run) -> Timeline:
        """All that is known of the run so far. Raises BadRecording."""
        with self._readable(run):
            if run.hub is None:
                return await asyncio.to_thread(recordings.timeline, run.path)
            snapshot = await run.hub.snapshot()
            return await asyncio.to_thread(reading.folded, snapshot)

    @contextlib.contextmanager
    def _readable(self, run: Run) -> Iterator[None]:
        """A recording that turns out to be damaged is listed as such from then on."""
        self._register.readable(run.id)
        try:
            yield
        except RecordingTooLong:
            raise
        except BadRecording as error:
            if run.hub is None and lasting(error):
                run.state, run.failure = RunState.DAMAGED, error.bare()
            raise
        except BadFrame as error:
            raise BadRecording(
                "What the worker sent about this run can't be read: {why}.",
                why=str(error).rstrip("."),
            ) from error
