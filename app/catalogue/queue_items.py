"""Items that pass through a queue: from which track to which, and how many at once."""

from __future__ import annotations

from collections.abc import Iterable

from app.catalogue.claims import NotSeen
from app.timeline.model import Flow, Slice, Track
from app.timeline.states import FlowKind, Reason, State
from app.timeline.timeline import Timeline

_IN_QUEUE = (Reason.QUEUE, Reason.SEMAPHORE, Reason.PIPE)


def passed_on(timeline: Timeline) -> list[Flow]:
    """The arrows from put to get, in order of put. Raises NotSeen if there is none."""
    found = [flow for flow in timeline.flows if flow.kind is FlowKind.PUT_GET]
    if not found:
        raise NotSeen(
            en="No item was seen to pass from a put to a get.",
            zh="没有看到任何产品从 put 传到 get。",
        )
    return sorted(found, key=lambda flow: flow.from_ns)


def most_inside(flows: Iterable[Flow]) -> int:
    """The greatest number of items that were put, and not yet got, at one instant."""
    steps = [step for flow in flows for step in ((flow.from_ns, 1), (flow.to_ns, -1))]
    most = inside = 0
    for _, change in sorted(steps):
        inside += change
        most = max(most, inside)
    return most


def queue_waits(timeline: Timeline, track: Track) -> list[Slice]:
    """The track's waits at a queue: for an item, for room, or for its turn at either end."""
    return [row for row in timeline.of(track, State.BLOCKED) if row.reason in _IN_QUEUE]
