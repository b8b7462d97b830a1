"""What fusion decided and no frame has carried yet, merged into as few rows as say it all."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from app.timeline.model import OPEN, Batch, Slice

#: A frame carries at most about this many rows, and as many entries in its head: a reader that was
#: away gets several.
ROWS = 50_000


@dataclass(slots=True)
class _Part:
    """Batches that one frame will carry. ``open`` tells where a track's open row lies."""

    batches: list[Batch] = field(default_factory=list)
    rows: int = 0
    entries: int = 0
    now_ns: int = 0


class Backlog:
    """First in, first out. Nothing is dropped but open rows that a later row has replaced."""

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
        part.rows += len(batch.seen) + len(batch.levels) + len(batch.stolen)
        part.entries += len(batch.tracks) + len(batch.objects) + len(batch.findings)
        part.entries += len(batch.stats) + len(batch.output)
        part.now_ns = now_ns

    def take(self) -> tuple[Batch, int]:
        """The next frame's batch and its time. Raises IndexError when there is none."""
        part = self._parts.popleft()
        return merge(part.batches), part.now_ns


def merge(batches: list[Batch]) -> Batch:
    """One batch that says what ``batches`` say in order."""
    if len(batches) == 1:
        return batches[0]
    merged = Batch(slices=_without_replaced(batches), dropped=batches[-1].dropped)
    merged.tracks = list({track.id: track for batch in batches for track in batch.tracks}.values())
    merged.objects = list({obj.id: obj for batch in batches for obj in batch.objects}.values())
    merged.findings = list({item.id: item for batch in batches for item in batch.findings}.values())
    merged.stats = list({item.track: item for batch in batches for item in batch.stats}.values())
    merged.files = next((batch.files for batch in reversed(batches) if batch.files), [])
    merged.flows = [flow for batch in batches for flow in batch.flows]
    merged.seen = [item for batch in batches for item in batch.seen]
    merged.levels = [item for batch in batches for item in batch.levels]
    merged.stolen = [item for batch in batches for item in batch.stolen]
    merged.output = [item for batch in batches for item in batch.output]
    return merged


def _without_replaced(batches: list[Batch]) -> list[Slice]:
    rows: list[Slice | None] = []
    opened: dict[int, int] = {}
    for batch in batches:
        for row in batch.slices:
            place = opened.pop(row.track, None)
            if place is not None:
                before = rows[place]
                # An open row of a later start does not take the place of an older one.
                if before is not None and before.start_ns <= row.start_ns:
                    rows[place] = None
            if row.end_ns == OPEN:
                opened[row.track] = len(rows)
            rows.append(row)
    return [row for row in rows if row is not None]
