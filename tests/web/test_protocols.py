"""The door itself, over real sockets: half requests, deaf viewers, frames that are none."""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.web.protocols import Door
from tests.runs.make import FakeLauncher, frame, settings
from tests.web.make import application
from tests.web.serving import serving
from tests.web.test_stream import started, viewer

pytestmark = pytest.mark.anyio

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = (
    b"POST /runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
UPGRADE = (
    b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n"
)


@asynccontextmanager
async def line(
    address: str,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server closes or aborts; fails when it does neither."""
    found = b""
    async with asyncio.timeout(30):
        try:
            while part := await reader.read(65536):
                found += part
        except ConnectionResetError:
            pass
    return found


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"G",
        HEAD,
        POST + b"Content-Length: 100\r\n\r\nscenario",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nscen",
        HEAD + b"\r\n" + HEAD,
        POST + b"Content-Length: 99999999999999\r\n\r\nscenario",
    ],
)
async def test_half_a_request_is_not_waited_for_for_ever(
    tmp_path: Path, half: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving(application(tmp_path, request_limit_s=0.3)) as address:
        async with line(address) as (reader, writer):
            writer.write(half)
            await rest(reader)
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            assert (await client.get("/healthz")).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


async def test_half_a_request_is_not_prolonged_by_a_byte_now_and_then(tmp_path: Path) -> None:
    app = application(tmp_path, request_limit_s=0.5)
    async with serving(app) as address, line(address) as (reader, writer):
        ended = asyncio.create_task(rest(reader))
        writer.write(HEAD + b"X: ")
        while not ended.done():
            writer.write(b"x")
            await asyncio.wait([ended], timeout=0.05)


async def test_connections_of_one_address_are_bounded(tmp_path: Path) -> None:
    async with serving(application(tmp_path, connections_per_address=2)) as address:
        async with line(address) as first, line(address) as second:
            for reader, writer in (first, second):
                writer.write(HEAD + b"\r\n")
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            async with line(address) as (reader, _):
                assert b" 503 " in await rest(reader)
        async with asyncio.timeout(10):
            while True:
                async with line(address) as (reader, writer):
                    writer.write(HEAD + b"Connection: close\r\n\r\n")
                    if b" 200 " in await rest(reader):
                        break


def test_door_keeps_a_third_from_any_address_and_counts_a_proxy_as_many(tmp_path: Path) -> None:
    door = Door(settings(tmp_path, connections_per_address=10**6, trusted_proxies="10.0.0.9"))
    inside = 0
    while door.enter("10.0.0.1"):
        inside += 1
    assert inside == door.in_all * 2 // 3
    assert door.enter("10.0.0.2")
    while door.enter("10.0.0.9"):
        inside += 1
    assert len(door) == inside + 1 == door.in_all
    assert not door.enter("10.0.0.3")
    door.leave("10.0.0.1")
    assert door.enter("10.0.0.3")


async def test_websocket_counts_as_a_connection_until_it_is_over(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=1)
    async with serving(application(tmp_path, launcher, connections_per_address=1)) as address:
        url, _ = await started(address, launcher)
        for _ in range(2):
            watching = await accepted(url)
            async with line(address) as (reader, _w):
                assert b" 503 " in await rest(reader)
            await watching.close()


async def test_websocket_lasts_longer_than_a_request_may_take(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=1)
    async with serving(application(tmp_path, launcher, request_limit_s=0.2)) as address:
        url, worker = await started(address, launcher)
        async with viewer(url) as watching, line(address) as (reader, writer):
            await watching.recv()
            writer.write(HEAD)  # what came after it is over for its time
            await rest(reader)
            worker.send()
            await watching.recv()


async def accepted(url: str) -> ClientConnection:
    """A viewer's connection, as soon as the one before is forgotten."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await viewer(url)
            except InvalidStatus as refused:
                assert refused.response.status_code == 503


def masked(opcode: int, payload: bytes, fin: int = 0x80) -> bytes:
    size = len(payload)
    length = struct.pack(">B", 0x80 | size) if size < 126 else struct.pack(">BH", 0xFE, size)
    if size > 65535:
        length = struct.pack(">BQ", 0xFF, size)
    return bytes([fin | opcode]) + length + bytes(4) + payload


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (masked(1, b"\xff\xfe"), 1007),
        (masked(1, b"\xc3", fin=0) + masked(0, b"\x28"), 1007),
        (masked(2, bytes(2000)), 1009),
        (masked(1, b"x" * 600, fin=0) + masked(0, b"x" * 600), 1009),
        (masked(3, b""), 1002),
        (b"\x81\x01x", 1002),  # not masked
        (masked(9, bytes(126)), 1002),
        (masked(8, b"\x00"), 1002),
    ],
)
async def test_frames_that_are_none_close_the_websocket_by_their_code(
    tmp_path: Path, sent: bytes, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    launcher = FakeLauncher(script=1)
    async with serving(application(tmp_path, launcher)) as address:
        url, _ = await started(address, launcher)
        async with viewer(url) as watching:
            await watching.recv()
            watching.transport.write(sent)
            with pytest.raises(ConnectionClosed) as closed:
                async with asyncio.timeout(20):
                    while True:
                        await watching.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == code
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "request_head",
    [
        b"POST /api/runs/x/stream HTTP/1.1\r\n" + UPGRADE,
        b"GET /api/runs/x/stream HTTP/1.0\r\n" + UPGRADE,
        b"GET /api/runs/x/stream HTTP/1.1\r\n" + UPGRADE.replace(b"13", b"12"),
        b"GET /api/runs/x/stream HTTP/1.1\r\n" + UPGRADE.replace(b"Key: ", b"Key: \xff"),
        b"GET /api/runs/x/stream HTTP/1.1\r\nContent-Length: 5\r\n" + UPGRADE,
        b"GET /api/runs/%ff%00/stream?from=\xff HTTP/1.1\r\n" + UPGRADE,
        b"GET /healthz HTTP/1.1\r\n" + UPGRADE,
        b"GET /api/runs/x/stream HTTP/1.1\r\nX: " + b"\xe9" * 9000 + b"\r\n" + UPGRADE,
        b"GET /api/runs/x/stream HTTP/1.1\r\nOrigin: http://[::1\r\n" + UPGRADE,
        b"GET /api/runs/x/stream HTTP/1.1\r\nCookie: \xff=\xfe; visitor=\xff\r\n" + UPGRADE,
    ],
)
async def test_handshakes_that_are_none_are_refused_without_an_error_of_ours(
    tmp_path: Path, request_head: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    async with (
        serving(application(tmp_path, request_limit_s=1)) as address,
        line(address) as (reader, writer),
    ):
        writer.write(request_head + b"\r\n")
        status = await asyncio.wait_for(reader.readline(), 20)
        assert not status.startswith(b"HTTP/1.1 5"), status
    assert "Traceback" not in capfd.readouterr().err


async def test_body_announced_too_large_is_refused_before_it_comes(tmp_path: Path) -> None:
    async with serving(application(tmp_path)) as address, line(address) as (reader, writer):
        writer.write(POST + b"Content-Length: 99999999999999\r\n\r\n")
        assert b" 413 " in await asyncio.wait_for(reader.readline(), 20)


async def test_client_that_leaves_in_mid_body_is_no_error_of_ours(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving(application(tmp_path)) as address:
        json = POST.replace(b"/runs", b"/api/runs").replace(b"x-www-form-urlencoded", b"json")
        for head in (POST, json):
            async with line(address) as (_, writer):
                writer.write(head + b"Content-Length: 100\r\n\r\n{")
                await writer.drain()
                writer.transport.abort()
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            for _ in range(5):
                assert (await client.get("/healthz")).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


async def test_viewer_that_reads_nothing_is_let_go(tmp_path: Path) -> None:
    """The kernel ends it, and with it goes what waited to be sent to it."""
    launcher = FakeLauncher()
    async with serving(application(tmp_path, launcher, stall_limit_s=1)) as address:
        url, worker = await started(address, launcher)
        host, port = address.split(":")
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((host, int(port)))
            path = "/" + url.partition("//")[2].partition("/")[2]
            deaf.sendall(f"GET {path} HTTP/1.1\r\n".encode() + UPGRADE + b"\r\n")
            async with httpx.AsyncClient(base_url=f"http://{address}") as client:
                await until_metric(client, "timeslice_viewers 1.0")
                for seq in range(80):
                    worker.queue.put_nowait(frame(seq, "x" * 100_000) if seq else frame(0))
                await until_metric(client, "timeslice_viewers 0.0")


async def until_metric(client: httpx.AsyncClient, wanted: str) -> None:
    async with asyncio.timeout(40):
        while wanted not in (await client.get("/metrics")).text:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("trusted", "seen"), [("", False), ("127.0.0.1", True)])
async def test_forwarded_addresses_are_believed_of_trusted_proxies_alone(
    tmp_path: Path, trusted: str, seen: bool
) -> None:
    """Those without a cookie share what one visitor has, at each address."""
    app = application(tmp_path, FakeLauncher(), trusted_proxies=trusted, runs_per_visitor=1)
    async with serving(app) as address:
        statuses = []
        for last in (1, 2):
            async with httpx.AsyncClient(base_url=f"http://{address}") as client:
                answer = await client.post(
                    "/api/runs",
                    json={"scenario": "dead-lock"},
                    headers={"X-Forwarded-For": f"10.0.0.{last}"},
                )
                statuses.append(answer.status_code)
    assert statuses == [201, 201 if seen else 429]
