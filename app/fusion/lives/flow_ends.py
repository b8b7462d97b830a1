"""The ends of flows that a thread has to do with, until the other end is known."""

from __future__ import annotations

from app.fusion.lives.reports import Sent


class FlowEnds:
    """Written by ``between.flows`` alone."""

    __slots__ = ("received", "spawn_drawn", "spawning")

    def __init__(self) -> None:
        self.spawning: tuple[int, bool] | None = None  # (t, of a process?) of a start() under way
        self.spawn_drawn = False  # the flow to the thread's own start
        self.received: Sent | None = None  # a message from a pipe, which may be a queue's item
