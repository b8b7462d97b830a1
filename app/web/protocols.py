"""Connections as uvicorn serves them, with a limit of time and a limit for each address.

uvicorn closes a connection that is idle between two requests, but keeps one that sends half a
request: so the time for a whole request is limited here. The kernel ends a connection whose client
reads nothing of what it is sent: see ``listening_socket``.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from app.settings import Settings

#: File descriptors that the server itself needs, and that each run needs.
_OWN_FILES, _RUNS_FILES = 100, 8
#: The largest message that a viewer may send, in bytes; it has nothing to say.
WS_MAX_SIZE = 1024

_FULL = (
    "Too many connections are open to this server, or from your address: try again in a moment.\n"
    "到本服务器或来自你所在地址的连接过多：请稍后再试。\n"
).encode()
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nRetry-After: 2\r\nConnection: close\r\n\r\n%s"
) % (len(_FULL), _FULL)

_BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Door:
    """Counts the connections of one server, in all and by the address that they come from.

    One address may have at most two thirds of them. A trusted proxy speaks for many visitors, so
    only the total is limited for it.
    """

    def __init__(self, settings: Settings) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            files = 1 << 20
        self.in_all = max(64, files - _OWN_FILES - _RUNS_FILES * settings.runs_at_once)
        self.per_address = min(settings.connections_per_address, self.in_all * 2 // 3)
        self.request_limit_s = settings.request_limit_s
        self._proxies = frozenset(settings.proxies)
        self._open: Counter[str] = Counter()
        self._count = 0

    def enter(self, address: str) -> bool:
        """Whether one more connection is accepted; if so, it counts until ``leave``."""
        here = self._open[address]
        full = self._count >= self.in_all
        if full or (here >= self.per_address and address not in self._proxies):
            return False
        self._open[address] += 1
        self._count += 1
        return True

    def leave(self, address: str) -> None:
        self._count -= 1
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def __len__(self) -> int:
        return self._count


class Viewer(WebSocketsSansIOProtocol):
    """A websocket; a client's mistake closes it with the right code, and is not logged as ours."""

    def __init__(self, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self.when_lost: Callable[[], None] = lambda: None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.when_lost()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.fail(CloseCode.INVALID_DATA, "no UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # A refused handshake is complete as well; uvicorn would log it as an error of ours.
            self.handshake_complete = True

    def handle_parser_exception(self) -> None:
        if self.conn.close_sent is not None:
            super().handle_parser_exception()
            return
        # It was no handshake, so nothing is open that could be closed with a code.
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()


class Patient(H11Protocol):
    """HTTP for one connection, within the bounds of ``door``."""

    def __init__(self, *, door: Door, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._door = door
        self._address: str | None = None  # while it is counted
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self._door.enter(address):
            transport.write(_REFUSAL)
            transport.close()
            return
        self._address = address
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.get_protocol() is self:  # else it is a viewer's by now
            self._watch()

    def send_400_response(self, msg: str) -> None:
        """The rest of a request is no HTTP: the handler of its beginning sends nothing more."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        super().send_400_response(msg)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        super().handle_websocket_upgrade(event)
        viewer = self.transport.get_protocol()
        assert isinstance(viewer, Viewer)
        # From here on the connection is the viewer's, and counts until the viewer loses it.
        viewer.when_lost = self._leave
        self._unwatch()
        if not viewer.handshake_initiated:  # it was no handshake, and nothing more would happen
            self.transport.write(_BAD)
            self.transport.close()

    def _watch(self) -> None:
        """Run the clock while a request is incomplete; it is not restarted within one request."""
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing():
            if self._late is None:
                limit_s = self._door.request_limit_s
                self._late = self.loop.call_later(limit_s, self.transport.abort)
        else:
            self._unwatch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # The time between two requests is limited by uvicorn's keep-alive.
        if self.conn.their_state is h11.IDLE:
            self._unwatch()

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _leave(self) -> None:
        if self._address is not None:
            self._door.leave(self._address)
            self._address = None


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def options(settings: Settings) -> dict[str, Any]:
    """uvicorn's options for these protocols and limits.

    ``X-Forwarded-For`` and ``-Proto`` are believed only from trusted proxies.
    """
    return {
        "loop": "asyncio",  # even if uvloop is installed: it runs what was tested
        "http": partial(Patient, door=Door(settings)),
        "ws": Viewer,
        "ws_max_size": WS_MAX_SIZE,
        # Frames are small and many: compressing each for each viewer doubles the server's work.
        "ws_per_message_deflate": False,
        "proxy_headers": bool(settings.proxies),
        "forwarded_allow_ips": settings.proxies,
        "timeout_graceful_shutdown": 2,
        "log_level": "warning",
    }
