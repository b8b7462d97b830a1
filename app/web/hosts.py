"""The names by which this server may be addressed.

A page of another site can point its own name at this machine (DNS rebinding); the browser then
takes our answers for that page's own. Its requests still carry that name in ``Host``, so a name
that isn't ours is refused. An address typed as numbers can't be rebound, so all of these pass.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable

#: RFC 3986, section 3.2.2, without the characters that no name or address has.
_HOST = re.compile(
    r"(?P<name>[a-z0-9._-]+|\[(?P<six>[0-9a-f:.]+)\])(?::[0-9]{0,5})?", re.IGNORECASE
)


class Hosts:
    """``more`` are names besides those of the loopback: ``*.example.org`` allows every name below
    it, ``*`` every name."""

    def __init__(self, more: list[str]) -> None:
        self._any = "*" in more
        names = [_coded(name) for name in ("localhost", "*.localhost", *more)]
        self._exact = {name for name in names if not name.startswith("*")}
        self._below = tuple(name.removeprefix("*") for name in names if name.startswith("*."))

    def allow(self, header: str) -> bool:
        """Whether a request with this ``Host`` is answered; never if it is malformed."""
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        if found["six"] is not None:
            return _is_address(found["six"], ipaddress.IPv6Address)
        name = _coded(found["name"])
        if self._any or name in self._exact or name.endswith(self._below):
            return True
        return _is_address(name)


def own_names(host: str) -> list[str]:
    """The names of this machine under which a server that listens on ``host`` is reached.

    None on the loopback. A container's name is its id, so there the setting must say more.
    """
    names = [] if _is_address(host) else [host]
    if not _is_loopback(host):
        name = socket.gethostname()
        names += [name, f"{name}.local"]  # the second is what mDNS calls it (RFC 6762)
    return names


def _coded(name: str) -> str:
    """As browsers send it: in lower case, other letters than ASCII's by RFC 3492."""
    return name.rstrip(".").lower() if name.isascii() else name.encode("idna").decode().lower()


def _is_address(text: str, kind: Callable[[str], object] = ipaddress.ip_address) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback
