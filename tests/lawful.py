"""What may follow what in a track, beyond the tables of ``app.timeline.states``."""

from __future__ import annotations

from app.timeline.model import Slice
from app.timeline.states import State


def changed_hands(before: Slice, after: Slice) -> bool:
    """Whether a coroutine's wait goes on, for what another one has now: ``Lane.pass_to``."""
    return (
        before.state is after.state is State.AWAITING
        and (before.reason, before.object) == (after.reason, after.object)
        and before.holder != after.holder
    )
