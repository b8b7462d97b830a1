"""Checks of every request, and headers of every response."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ForeignHost, ForeignOrigin
from app.web.hosts import Hosts

MAX_BODY = 64 * 1024

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PORT = re.compile(r"(?<=[\w\]]):[0-9]*$")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(headers: Headers) -> bool:
    """Whether the request comes from a page of ours, or from a program that sends no Origin.

    A browser always sends it with a websocket and with a request that changes something.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    try:
        return urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:  # half an IPv6 address: no origin of ours
        return False


class BodyTooLarge(HTTPException):
    """The body has more than ``MAX_BODY`` bytes, as announced or as counted while it came."""

    def __init__(self) -> None:
        super().__init__(413)


class BadLength(HTTPException):
    """``Content-Length`` is no number."""

    def __init__(self) -> None:
        super().__init__(400)


Refuse = Callable[[HTTPConnection, Exception], Response]


class Security:
    """ASGI middleware: the host, the origin of changes and websockets, the size of bodies, and the
    headers of every response.

    ``refuse`` makes the answer to a refused request, in the reader's language.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, refuse: Refuse) -> None:
        self._app = app
        self._hosts = hosts
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        http = scope["type"] == "http"
        sending = _with_headers(send)
        wrong = self._wrong(scope, Headers(scope=scope), http)
        if wrong is None:
            # A client that left in the middle of its request waits for no answer.
            with contextlib.suppress(ClientDisconnect):
                await self._app(scope, _bounded(receive) if http else receive, sending)
            return
        if not http:
            await receive()  # the handshake, which gets an HTTP error as its answer
        await self._refuse(HTTPConnection(scope), wrong)(scope, receive, sending)

    def _wrong(self, scope: Scope, headers: Headers, http: bool) -> Exception | None:
        host = headers.get("host", "")
        # Static files hold no secret, and the page that refuses the name needs them.
        if not (self._hosts.allow(host) or scope["path"].startswith("/static/")):
            return ForeignHost(
                "This server does not answer to the name {host}. Reach it by its IP address, or "
                "let its administrator add the name to the variable TIMESLICE_ALLOWED_HOSTS.",
                host=shown(_PORT.sub("", host)),
            )
        changes = scope["method"] not in _SAFE if http else True
        if changes and not same_origin(headers):
            return ForeignOrigin("This request comes from a page of another site, and is refused.")
        length = headers.get("content-length")
        if http and length is not None:
            if not (length.isascii() and length.isdigit()):
                return BadLength()
            if len(length) > 20 or int(length) > MAX_BODY:
                return BodyTooLarge()
        return None


def shown(text: str) -> str:
    """Text from outside for use in a sentence: shortened, invisible characters replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:100])


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise BodyTooLarge
        return message

    return bounded


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
