"""Visitors, told apart by a random number in a signed cookie.

So one visitor's runs don't crowd out the others', and only the visitor who started a run stops it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.runs.admission import Asker
from app.runs.run import Run

COOKIE = "visitor"
#: Longer than a term at a university.
_MAX_AGE_S = 200 * 86400
_NUMBER = re.compile(rb"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The sender of a request.

    ``owner`` is a keyed hash of the cookie's number, which does not reveal the cookie. ``known`` is
    False without a cookie that we signed: all such visitors at one address count as one.
    """

    owner: str
    address: str
    known: bool
    number: str

    def owns(self, run: Run) -> bool:
        """Whether this visitor started the run; a run without an owner is no visitor's."""
        return run.owner != "" and run.owner == self.owner

    @property
    def asker(self) -> Asker:
        counts_as = self.owner if self.known else f"unknown at {self.address}"
        return Asker(counts_as, self.address, self.known, self.owner)


class Visitors:
    """Signs and reads the cookies."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()
        self._signer = TimestampSigner(self._key, salt="visitor", digest_method=hashlib.sha256)

    def of(self, connection: HTTPConnection) -> Visitor:
        """The visitor; one that brought no cookie of ours gets a new number: see ``remember``."""
        visitor: Visitor | None = connection.scope.get("visitor")
        if visitor is None:
            visitor = connection.scope["visitor"] = self._read(connection)
        return visitor

    def remember(self, connection: HTTPConnection, response: Response) -> Response:
        """The response, with a cookie for a new visitor. The number in it is kept nowhere else."""
        visitor = self.of(connection)
        if visitor.known:
            return response
        response.set_cookie(
            COOKIE,
            self._signer.sign(visitor.number).decode(),
            max_age=_MAX_AGE_S,
            samesite="lax",
            httponly=True,
            secure=connection.scope["scheme"] in ("https", "wss"),
        )
        return response

    def _read(self, connection: HTTPConnection) -> Visitor:
        signed = connection.cookies.get(COOKIE, "").encode("utf-8", "replace")
        address = address_of(connection)
        try:
            number = self._signer.unsign(signed, max_age=_MAX_AGE_S)
        except BadSignature:
            number = b""
        if not _NUMBER.fullmatch(number):
            fresh = secrets.token_hex(16)
            return Visitor(self._owner(fresh.encode()), address, False, fresh)
        return Visitor(self._owner(number), address, True, number.decode())

    def _owner(self, number: bytes) -> str:
        return hmac.new(self._key, b"owner " + number, hashlib.sha256).hexdigest()[:32]


def address_of(connection: HTTPConnection) -> str:
    """The address of the sender; for IPv6 its network, as one household has a whole network
    (RFC 6177)."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64] or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
