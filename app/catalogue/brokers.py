"""The message brokers of the scenario ``brokers``: where each is expected, and whether it answers.

A broker's address is the server's own affair: TIMESLICE_REDIS_URL and its like, which a run is
given. A reader of the page chooses a broker, never an address.
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
#: A server of this machine or its network answers sooner.
_PATIENCE_S = 0.3
#: A page asks for each broker; what was found out lately is not asked again.
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
        """The environment variable that holds another address than the usual one."""
        return f"TIMESLICE_{self.name.upper()}_URL"

    @property
    def url(self) -> str:
        return os.environ.get(self.variable) or f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port. Raises ValueError for what is no URL with a host."""
        parts = urlsplit(self.url)
        if not parts.hostname:
            raise ValueError(f"{self.variable} names no host")
        return parts.hostname, parts.port or self.port

    @property
    def address(self) -> str:
        """Host and port as one reads them; never the user or the password of the URL."""
        host, port = self.endpoint
        return f"{host}:{port}"

    def answers(self) -> bool:
        """Whether somebody accepts a connection there, now."""
        try:
            socket.create_connection(self.endpoint, timeout=_PATIENCE_S).close()
        except (OSError, ValueError):
            return False
        return True

    def obstacle(self, answers: bool) -> Text | None:
        """Why it can't be chosen, and what to do about it; None where it can."""
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
    """Which brokers answer, all asked at once, and not more often than every two seconds."""
    global _last
    asked, found = _last
    if time.monotonic() - asked >= _FRESH_S:
        with ThreadPoolExecutor(len(BROKERS)) as pool:
            answers = pool.map(Broker.answers, BROKERS.values())
            found = dict(zip(BROKERS, answers, strict=True))
        _last = time.monotonic(), found
    return found


def obstacle(name: str) -> Text | None:
    """Why the broker of this name can't be chosen now; None where it can."""
    return BROKERS[name].obstacle(answering()[name])
