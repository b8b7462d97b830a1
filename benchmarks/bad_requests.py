"""Requests that are wrong in every way we know, over raw sockets, at a server of its own.

    python -m benchmarks.bad_requests --count 10000 [--seed 7]

Half of them are made by hand (hosts, origins, lengths, cookies, methods, paths, percent-encodings,
headers, bodies, frames after a handshake), half by schemathesis from the OpenAPI document. It fails
on an answer 5xx, on a traceback in the server's log, and when the server does not serve afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving import Server, ask, served
from benchmarks.wrongs import Wrongs

AT_ONCE = 16
_READ_S = 20.0


@dataclass
class Tally:
    """How many got which status (0: none, the connection was closed), and what was our fault."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = ", ".join(
            f"{status or 'closed'}: {n}" for status, n in sorted(self.statuses.items())
        )
        return f"{self.statuses.total()} requests; {said}; {len(self.faults)} answers 5xx"


async def storm(address: str, count: int, seed: int) -> Tally:
    """Send ``count`` wrong requests to ``host:port``, several at a time."""
    tally = Tally()
    numbers = iter(range(count))

    async def sender() -> None:
        for number in numbers:
            request, frames = Wrongs(random.Random(seed * 1_000_003 + number)).request()
            status = await _send(address, request, frames)
            tally.statuses[status] += 1
            if status >= 500:
                tally.faults.append(f"{number}: {status} for {request[:300]!r}")

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    return tally


async def _send(address: str, request: bytes, frames: bytes) -> int:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    try:
        async with asyncio.timeout(_READ_S):
            writer.write(request)
            line = await reader.readline()
            if line.startswith(b"HTTP/1.1 101"):
                writer.write(frames)
                while await reader.read(65536):
                    pass
        return int(line.split()[1]) if line.startswith(b"HTTP/") else 0
    except (ConnectionError, TimeoutError):
        return 0
    finally:
        writer.transport.abort()


def by_schema(server: Server, count: int, seed: int) -> Tally:
    """The same by schemathesis: what the OpenAPI document allows, and what it does not."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from schemathesis import GenerationMode
    from schemathesis.core.result import Ok

    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    both, positive = list(GenerationMode), [GenerationMode.POSITIVE]
    # A path alone can't be of a wrong type: it is text.
    tries = [
        (each, mode)
        for each in operations
        for mode in (both if each.body or list(each.query) else positive)
    ]
    tally = Tally()
    for operation, mode in tries:

        @seeded(seed)
        @settings(
            max_examples=max(1, count // len(tries)),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case: schemathesis.Case) -> None:  # type: ignore[type-arg]
            answer = case.call()
            tally.statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                tally.faults.append(f"{answer.status_code} for {case.as_curl_command()[:300]}")

        holds()
    return tally


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    given = options.parse_args()
    print(f"seed {given.seed}", flush=True)
    limits = {"TIMESLICE_REQUEST_LIMIT_S": "2", "TIMESLICE_WALL_LIMIT_S": "1"}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), **limits) as server:
        by_document = by_schema(server, given.count // 2, given.seed)
        print(f"by schemathesis: {by_document}", flush=True)
        more = given.count - by_document.statuses.total()
        by_hand = asyncio.run(storm(f"127.0.0.1:{server.port}", more, given.seed))
        print(f"by hand: {by_hand}", flush=True)
        ask(server, "GET", "/healthz")
        log = server.log.read_text()
    tracebacks = log.count("Traceback (most recent call last)")
    print(f"{tracebacks} tracebacks in the log")
    for fault in [*by_hand.faults, *by_document.faults][:10]:
        print(f"  {fault}")
    if tracebacks:
        print(log[-4000:])
    return bool(by_hand.faults or by_document.faults or tracebacks)


if __name__ == "__main__":
    sys.exit(main())
