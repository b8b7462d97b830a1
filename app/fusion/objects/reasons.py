"""The reasons for which a thread or a coroutine waits."""

from __future__ import annotations

from app.timeline.states import Reason

_REASONS = list(Reason)


def reason_of(code: int) -> Reason:
    """The reason of this code; an unknown code of a newer probe is OTHER."""
    return _REASONS[code] if 0 <= code < len(_REASONS) else Reason.OTHER
