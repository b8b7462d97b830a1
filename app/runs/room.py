"""How much room the recordings have and take, and which are removed when it is full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidInput
from app.runs.run import Run


@dataclass(frozen=True, slots=True)
class Room:
    """In bytes. ``next`` is the recording that is removed first when more room is needed."""

    used: int
    pinned: int
    quota: int
    next: Run | None


def room(recorded: Sequence[Run], quota: int) -> Room:
    """``recorded`` are the runs that are over and have a recording, the newest first."""
    return Room(
        used=sum(run.bytes for run in recorded),
        pinned=sum(run.bytes for run in recorded if run.pinned),
        quota=quota,
        next=next((run for run in reversed(recorded[1:]) if not run.pinned), None),
    )


def leaving(recorded: Sequence[Run], most: int, quota: int) -> list[Run]:
    """The recordings to remove so that at most ``most`` stay, within ``quota`` bytes.

    The oldest are removed first. Pinned ones stay, and so does the newest, which is being watched.
    """
    count, used = len(recorded), sum(run.bytes for run in recorded)
    gone = []
    for run in reversed(recorded[1:]):
        if count <= most and used <= quota:
            break
        if not run.pinned:
            gone.append(run)
            count -= 1
            used -= run.bytes
    return gone


def check_pin(run: Run, recorded: Sequence[Run], most: int, quota: int) -> None:
    """Raises InvalidInput if ``run`` may not be pinned: half of the room is for new runs."""
    if run not in recorded:
        raise InvalidInput(
            "A run can be pinned when it is over and its recording can be read; this one can't."
        )
    pinned = [other for other in recorded if other.pinned and other is not run]
    too_many = 2 * (len(pinned) + 1) > most
    if too_many or 2 * (sum(other.bytes for other in pinned) + run.bytes) > quota:
        raise InvalidInput(
            "Pinned recordings may take half of the room: {count} of {most} runs, or {mib} of "
            "{quota} MiB. Unpin another first.",
            count=most // 2,
            most=most,
            mib=(quota >> 20) // 2,
            quota=quota >> 20,
        )
