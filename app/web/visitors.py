"""Who asks: a random number in a cookie, so that one reader's runs don't crowd out the others'."""

from __future__ import annotations

import re
import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "visitor"
_NUMBER = re.compile(r"[0-9a-f]{32}")


def visitor_of(connection: HTTPConnection) -> str:
    """The cookie's number; without one, all from the same address count as one visitor."""
    number = connection.cookies.get(COOKIE, "")
    if _NUMBER.fullmatch(number):
        return number
    return f"address {connection.client.host if connection.client else 'unknown'}"


def greet(connection: HTTPConnection, response: Response) -> None:
    """Give a new visitor a number. It tells nothing of them and is kept nowhere else."""
    if not _NUMBER.fullmatch(connection.cookies.get(COOKIE, "")):
        response.set_cookie(
            COOKIE, secrets.token_hex(16), max_age=30 * 86400, samesite="lax", httponly=True
        )
