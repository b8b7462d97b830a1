"""Servers outside the run, of which nothing is known except the messages seen from inside it."""

from __future__ import annotations

from collections import deque

from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.picture.book import Book
from app.fusion.picture.lane import OF_THREAD, Lane
from app.timeline import probe_records as probe
from app.timeline.model import NOTHING, Track
from app.timeline.states import FlowKind, TrackKind

#: How many messages are kept back at most while it is not certain that a server is outside.
_KEPT = 1_000


class Server:
    """``track`` is None as long as a process of the run without a probe could be the server."""

    __slots__ = ("early", "lane", "name", "track")

    def __init__(self, name: str) -> None:
        self.name = name
        self.track: Track | None = None
        self.lane: Lane | None = None
        self.early: deque[tuple[int, int, bool]] = deque(maxlen=_KEPT)  # (track, t, sends it?)


class Servers:
    """PEER, TO_PEER, FROM_PEER.

    A flow begins and ends at the time when the run's side was done with it: how long the message
    was under way, and what the server did meanwhile, can't be seen from inside the run.
    """

    def __init__(self, book: Book, ids: Identities) -> None:
        self._book = book
        self._ids = ids
        self._servers: dict[int, Server] = {}

    def peer(self, t: int, life: ThreadLife, record: probe.Peer) -> None:
        known = self._servers.setdefault(record.obj, Server(record.name))
        if " " in record.name and " " not in known.name and known.track is None:
            known.name = record.name  # the first record had no library's name for it

    def sent(self, t: int, life: ThreadLife, record: probe.ToPeer) -> None:
        self._message(t, life, record.obj, True)

    def came(self, t: int, life: ThreadLife, record: probe.FromPeer) -> None:
        self._message(t, life, record.obj, False)

    def run_over(self, t: int) -> None:
        for server in self._servers.values():
            if server.track is not None and server.lane is not None:
                server.lane.end(t)
                self._book.end_track(server.track, t, None)

    def _message(self, t: int, life: ThreadLife, obj: int, sends: bool) -> None:
        server = self._servers.get(obj)
        if server is None:
            return  # its PEER was lost
        if server.track is None:
            server.early.append((life.actor, t, sends))
            if not self._ids.silent:
                self._show(server)
            return
        self._draw(server.track.id, life.actor, t, sends)

    def _show(self, server: Server) -> None:
        since = server.early[0][1]
        track = self._book.new_track(TrackKind.EXTERNAL, server.name, 0, 0, NOTHING, since)
        server.track = track
        server.lane = Lane(self._book, track.id, since, OF_THREAD)
        for other, t, sends in server.early:
            self._draw(track.id, other, t, sends)
        server.early.clear()

    def _draw(self, server: int, other: int, t: int, sends: bool) -> None:
        ends = (other, server) if sends else (server, other)
        self._book.flow(FlowKind.SEND_RECV, ends[0], t, ends[1], t)
