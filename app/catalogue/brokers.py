"""The message brokers of the scenario ``brokers``: the address of each, and whether it answers.

Addresses are settings of the server, such as TIMESLICE_REDIS_URL, and are passed to a run. A reader
of the page chooses a broker, never an address.
"""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from app.locale.text import Text

START = "docker compose --profile brokers up -d"
INSTALL = "python -m pip install"
#: A server on this machine or its network answers within this time.
_PATIENCE_S = 0.3
#: Every page asks for each broker; an answer is used again for this long.
_FRESH_S = 2.0


@dataclass(frozen=True)
class Broker:
    """``library`` is the client's package; ``scheme`` and ``port`` are those of the usual URL."""

    name: str
    title: str
    library: str
    scheme: str
    port: int

    @property
    def variable(self) -> str:
        """The environment variable for an address other than the usual one."""
        return f"TIMESLICE_{self.name.upper()}_URL"

    @property
    def url(self) -> str:
        return os.environ.get(self.variable) or f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port. Raises ValueError if it is no URL with a host."""
        parts = urlsplit(self.url)
        if not parts.hostname:
            raise ValueError(f"{self.variable} names no host")
        return parts.hostname, parts.port or self.port

    @property
    def address(self) -> str:
        """Host and port for a reader; never the user or the password of the URL."""
        host, port = self.endpoint
        return f"{host}:{port}"

    def answers(self) -> bool:
        """Whether a server accepts a connection there now."""
        try:
            socket.create_connection(self.endpoint, timeout=_PATIENCE_S).close()
        except (OSError, ValueError):
            return False
        return True

    def obstacle(self, answers: bool) -> Text | None:
        """Why it can't be chosen, and what to do about it; None if it can."""
        if find_spec(self.library) is None:
            return Text(
                en=f"{self.title} needs the package {self.library}. "
                f"Install it: {INSTALL} {self.library}",
                zh=f"{self.title} 需要软件包 {self.library}。安装：{INSTALL} {self.library}",
            )
        if answers:
            return None
        try:
            address = self.address
        except ValueError:
            return Text(
                en=f"{self.variable} is no address such as {self.scheme}://127.0.0.1:{self.port}.",
                zh=f"{self.variable} 不是形如 {self.scheme}://127.0.0.1:{self.port} 的地址。",
            )
        return Text(
            en=f"{self.title} does not answer at {address}. Start it: {START}",
            zh=f"{self.title} 在 {address} 没有应答。启动：{START}",
        )


BROKERS = {
    broker.name: broker
    for broker in (
        Broker("redis", "Redis", "redis", "redis", 6379),
        Broker("memcached", "Memcached", "pymemcache", "memcached", 11211),
        Broker("rabbitmq", "RabbitMQ", "pika", "amqp", 5672),
        Broker("kafka", "Kafka", "aiokafka", "kafka", 9092),
    )
}

_last: tuple[float, dict[str, bool]] = (-_FRESH_S, {})


def answering() -> dict[str, bool]:
    """Which brokers answer. All are asked at once, at most every two seconds."""
    global _last
    asked, found = _last
    if time.monotonic() - asked >= _FRESH_S:
        with ThreadPoolExecutor(len(BROKERS)) as pool:
            answers = pool.map(Broker.answers, BROKERS.values())
            found = dict(zip(BROKERS, answers, strict=True))
        _last = time.monotonic(), found
    return found


def obstacle(name: str) -> Text | None:
    """Why the broker of this name can't be chosen now; None if it can."""
    return BROKERS[name].obstacle(answering()[name])
