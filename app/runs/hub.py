"""One run, many viewers: the frames of a run in order, and cursors that follow them.

A viewer has no queue, only a position in the shared list. So no viewer can slow down the run or
another viewer, and what a viewer gets next depends on its position alone: no gap, no repeat. A
viewer that falls too far behind gets one snapshot of the whole run so far instead.

All methods belong to one event loop; only ``_merge`` runs in a thread.
"""

from __future__ import annotations

import asyncio
import zlib
from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple

from app.errors import BadFrame
from app.timeline import frames as codec
from app.timeline.merge import merge_encoded

#: Frames this far back from the newest are kept compressed.
RAW_TAIL = 128


#: At most this many frames are sent in a row before other viewers get their turn.
_BREATH = 32


class _Packed(NamedTuple):
    data: bytes


class Hub:
    """The frames of one run, from the first on; ``publish`` adds, ``subscribe`` follows.

    Each frame is encoded once, by the worker; all viewers are given the same bytes.
    """

    def __init__(self, lag: int, on_snapshot: Callable[[], None] = lambda: None) -> None:
        self._lag = lag
        self._on_snapshot = on_snapshot
        self._frames: list[bytes | _Packed] = []
        self._seqs: list[int] = []
        self._closed = False
        self._news = asyncio.Event()
        #: The last snapshot and how many frames it covers; the next one continues from it.
        self._base: tuple[int, bytes] | None = None
        self._merging: asyncio.Task[tuple[int, bytes]] | None = None
        self.viewers = 0

    # --- the run's side ------------------------------------------------------------------------

    def publish(self, frame: bytes) -> None:
        """Add the next frame. Raises BadFrame when its sequence number does not increase."""
        if self._closed:
            raise RuntimeError("the run has ended")
        seq = codec.sequence(frame)
        if self._seqs and seq <= self._seqs[-1]:
            raise BadFrame(f"Frame {seq} came after frame {self._seqs[-1]}.")
        self._frames.append(frame)
        self._seqs.append(seq)
        self._pack()
        self._wake()

    def close(self) -> None:
        """No more frames follow: the streams of viewers that have all of them end."""
        self._closed = True
        self._wake()

    @property
    def last_seq(self) -> int | None:
        return self._seqs[-1] if self._seqs else None

    @property
    def closed(self) -> bool:
        return self._closed

    def __len__(self) -> int:
        return len(self._frames)

    def frame(self, index: int) -> bytes:
        """The encoded frame at this position."""
        item = self._frames[index]
        return zlib.decompress(item.data) if isinstance(item, _Packed) else item

    # --- the viewers' side ---------------------------------------------------------------------

    async def subscribe(self, from_seq: int = 0) -> AsyncGenerator[bytes]:
        """Encoded frames with number ``from_seq`` or higher, then each new one, to the end.

        Frames that exist at the time of the call come one by one. After that, a viewer that is
        more than ``lag`` frames behind gets a snapshot, numbered as the last frame it covers.
        """
        cursor = bisect_left(self._seqs, from_seq)
        caught_up = len(self._frames)
        self.viewers += 1
        try:
            while True:
                if cursor < len(self._frames):
                    if cursor >= caught_up and len(self._frames) - cursor > self._lag:
                        cursor, frame = await self._snapshot(cursor)
                        caught_up = len(self._frames)
                        self._on_snapshot()
                        yield frame
                        continue
                    frame = self.frame(cursor)
                    cursor += 1
                    if codec.sequence(frame) >= from_seq:
                        yield frame
                    if cursor % _BREATH == 0:
                        await asyncio.sleep(0)  # a fast viewer that catches up lets others in
                elif self._closed:
                    return
                else:
                    await self._news.wait()
        finally:
            self.viewers -= 1
            if not self.viewers:
                self._base = None

    async def snapshot(self) -> bytes | None:
        """The whole run so far as one frame; None before its first."""
        return (await self._snapshot())[1] if self._frames else None

    async def _snapshot(self, beyond: int = 0) -> tuple[int, bytes]:
        """(number of frames it covers, snapshot). Calls while it is being made share it.

        It covers more than ``beyond`` frames, so that no viewer gets only what it has already.
        """
        while True:
            if self._merging is None:
                self._merging = asyncio.create_task(self._make_snapshot())
                self._merging.add_done_callback(self._merged)
            count, frame = await asyncio.shield(self._merging)
            if count > beyond:
                return count, frame

    def _merged(self, _: asyncio.Task[tuple[int, bytes]]) -> None:
        self._merging = None

    async def _make_snapshot(self) -> tuple[int, bytes]:
        count, base = self._base or (0, b"")
        items = self._frames[count:]
        if not items:
            return count, base
        count += len(items)
        merged = await asyncio.to_thread(_merge, [base, *items] if base else items)
        if self.viewers:
            self._base = count, merged
        return count, merged

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _pack(self) -> None:
        index = len(self._frames) - RAW_TAIL - 1
        if index >= 0:
            item = self._frames[index]
            if not isinstance(item, _Packed):
                self._frames[index] = _Packed(zlib.compress(item, 1))


def _merge(items: list[bytes | _Packed]) -> bytes:
    return merge_encoded(
        zlib.decompress(item.data) if isinstance(item, _Packed) else item for item in items
    )
