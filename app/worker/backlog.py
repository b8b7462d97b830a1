"""What fusion has decided and no frame has carried yet, in as few rows as possible."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from app.timeline import heads
from app.timeline.model import Batch

#: A frame carries at most about this many rows, and as many items in its head. A reader that was
#: away gets several frames.
ROWS = 50_000


@dataclass(slots=True)
class _Part:
    """Batches that one frame will carry."""

    batches: list[Batch] = field(default_factory=list)
    rows: int = 0
    entries: int = 0
    now_ns: int = 0


class Backlog:
    """First in, first out. Only open rows that a later row has replaced are dropped."""

    def __init__(self, rows: int = ROWS) -> None:
        self._rows = rows
        self._parts: deque[_Part] = deque()

    def __len__(self) -> int:
        """Frames waiting to be made."""
        return len(self._parts)

    def add(self, batch: Batch, now_ns: int) -> None:
        """``now_ns``: the time up to which the picture is true with this batch."""
        if not self._parts or max(self._parts[-1].rows, self._parts[-1].entries) >= self._rows:
            self._parts.append(_Part())
        part = self._parts[-1]
        part.batches.append(batch)
        part.rows += len(batch.slices) + len(batch.flows)
        for entry in heads.FUSED:
            if entry.codec is not None:
                count = len(getattr(batch, entry.name))
                if entry.codec.as_array:
                    part.rows += count
                else:
                    part.entries += count
        part.now_ns = now_ns

    def take(self) -> tuple[Batch, int]:
        """The next frame's batch and its time. Raises IndexError when there is none."""
        part = self._parts.popleft()
        return heads.join(part.batches), part.now_ns
