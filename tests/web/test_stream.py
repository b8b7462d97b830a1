"""Streams over real sockets: many viewers, cut lines, slow readers."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.errors import BadRecording
from app.runs.recording import Recording
from app.timeline.frames import decode, sequence
from app.timeline.timeline import Timeline
from app.web.application import create_app
from tests.runs.make import FakeLauncher, FakeWorker, decoded_seqs, frame, settings, whole_run
from tests.web.make import application, catalogue, interpreters
from tests.web.serving import serving

pytestmark = pytest.mark.anyio


async def started(address: str, launcher: FakeLauncher) -> tuple[str, FakeWorker]:
    async with httpx.AsyncClient(base_url=f"http://{address}") as client:
        answer = await client.post("/api/runs", json={"scenario": "dead-lock"})
        run_id = answer.json()["id"]
    return f"ws://{address}/api/runs/{run_id}/stream", await launcher.worker()


def viewer(url: str) -> connect:
    return connect(url, max_size=None, compression=None, proxy=None)


async def collect(line: ClientConnection) -> list[bytes]:
    """Every message to the end; the server must close with 1000."""
    frames: list[bytes] = []
    try:
        while True:
            message = await line.recv()
            assert isinstance(message, bytes)
            frames.append(message)
    except ConnectionClosed as closed:
        assert closed.rcvd is not None and closed.rcvd.code == 1000
    return frames


async def watch(url: str) -> list[bytes]:
    async with viewer(url) as line:
        return await collect(line)


async def test_stream_fifty_viewers_lose_nothing(tmp_path: Path) -> None:
    launcher = FakeLauncher()
    length = 200
    # A loaded machine may let a viewer lag: none may be given a snapshot here.
    async with serving(application(tmp_path, launcher, viewer_queue=10_000)) as address:
        url, worker = await started(address, launcher)
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(watch(url)) for _ in range(50)]
            for _ in range(length - 1):
                worker.send()
                await asyncio.sleep(0)
            worker.end()
    whole = whole_run(length)
    for task in watching:
        assert task.result() == whole


async def test_stream_cut_and_resumed_has_no_gap_and_no_repeat(tmp_path: Path) -> None:
    launcher = FakeLauncher()
    async with serving(application(tmp_path, launcher)) as address:
        url, worker = await started(address, launcher)
        seen: list[bytes] = []
        worker.send(5)
        for cut_after in (3, 4, 6):
            async with viewer(f"{url}?from={len(seen)}") as line:
                for _ in range(cut_after):
                    message = await line.recv()
                    assert isinstance(message, bytes)
                    seen.append(message)
                    worker.send()
                line.transport.abort()
        worker.end()
        async with viewer(f"{url}?from={len(seen)}") as line:
            seen += await collect(line)
        assert seen == whole_run(len(seen))
        assert worker.seq == len(seen) - 1


async def test_stream_two_viewers_see_the_same_live_and_later(tmp_path: Path) -> None:
    launcher = FakeLauncher()
    async with serving(application(tmp_path, launcher)) as address:
        url, worker = await started(address, launcher)
        async with viewer(url) as first:
            worker.send(10)
            async with viewer(url) as second:
                worker.send(10)
                worker.end()
                one, two = await asyncio.gather(collect(first), collect(second))
        replayed = await watch(url)
        pictures = [Timeline(map(decode, frames)).to_json() for frames in (one, two, replayed)]
        assert pictures[0] == pictures[1] == pictures[2]
        assert len(replayed) == 1 or decoded_seqs(replayed) == decoded_seqs(one)


async def test_stream_slow_viewer_gets_a_snapshot_and_the_others_every_frame(
    tmp_path: Path,
) -> None:
    launcher = FakeLauncher()
    text = "x" * 100_000  # so that the sockets' own buffers are soon full
    async with serving(application(tmp_path, launcher, viewer_queue=8)) as address:
        url, worker = await started(address, launcher)
        async with viewer(url) as slow, viewer(url) as swift:
            worker.send()
            await slow.recv()
            await swift.recv()
            count = 400
            for seq in range(1, count):
                worker.queue.put_nowait(frame(seq, text))
                message = await swift.recv()
                assert sequence(message) == seq  # type: ignore[arg-type]
            worker.seq = count
            worker.end()
            rest = await collect(slow)
            decoded = [decode(item) for item in rest]
            assert any(item.snapshot for item in decoded)
            assert len(decoded) < count
            expected = 1
            for item in decoded:
                assert item.seq >= expected if item.snapshot else item.seq == expected
                expected = item.seq + 1
            assert expected == count + 1


async def test_stream_refuses_a_page_of_another_site(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2, ends=True)
    async with serving(application(tmp_path, launcher)) as address:
        url, _ = await started(address, launcher)
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, origin="http://evil.example", proxy=None):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code == 403
        async with connect(url, origin=f"http://{address}", proxy=None) as own:  # type: ignore[arg-type]
            assert await own.recv()


@pytest.mark.parametrize("start", ["-1", "x", "1.5", "", "4294967296", "9" * 5000, "²"])
def test_stream_bad_start_is_4400(client: TestClient, start: str) -> None:
    run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
    with (
        client.websocket_connect(f"/api/runs/{run_id}/stream?from={start}") as line,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        line.receive_bytes()
    assert closed.value.code == 4400 and "whole number" in closed.value.reason


def test_stream_unknown_run_is_4404(client: TestClient) -> None:
    with (
        client.websocket_connect("/api/runs/nosuch/stream") as line,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        line.receive_bytes()
    assert closed.value.code == 4404 and "nosuch" in closed.value.reason


@pytest.mark.parametrize("at", ["websocket.accept", "websocket.close"])
async def test_stream_viewer_gone_before_the_answer_is_no_error_of_ours(
    tmp_path: Path, at: str
) -> None:
    said: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])
        if message["type"] == at:
            raise ClientDisconnected

    path = "/api/runs/nosuch/stream"
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "subprotocols": [],
    }
    app = application(tmp_path)
    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    assert said[-1] == at


async def test_stream_viewers_are_counted_and_forgotten(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2)
    app = application(tmp_path, launcher)
    async with serving(app) as address:
        url, _ = await started(address, launcher)
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            async with viewer(url) as line:
                await line.recv()
                assert "timeslice_viewers 1.0" in (await client.get("/metrics")).text
            async with asyncio.timeout(10):
                while "timeslice_viewers 0.0" not in (await client.get("/metrics")).text:
                    await asyncio.sleep(0.005)
        [run] = app.state.site.runs.all()
        assert run.hub.viewers == 0


SERVER = """
import sys
from pathlib import Path
import uvicorn
from tests.runs.fake_worker import COMMAND
from app.runs.launcher import LocalLauncher
from tests.web.make import application, catalogue, interpreters

app = application(Path(sys.argv[1]), LocalLauncher(COMMAND))
uvicorn.run(app, fd=int(sys.argv[2]), log_level="warning", timeout_graceful_shutdown=2)
"""


async def test_server_told_to_end_ends_its_runs_and_viewers_within_two_seconds(
    tmp_path: Path,
) -> None:
    """SIGTERM in mid-run: the viewers are let go, the worker is told, the recording is whole."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        fd = str(listening.fileno())
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path), fd], pass_fds=[listening.fileno()]
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
            order = {"scenario": "dead-lock", "params": {"count": 4, "method": "spawn"}}
            run_id = (await client.post("/api/runs", json=order)).json()["id"]
            async with viewer(f"ws://{address}/api/runs/{run_id}/stream") as watching:
                assert await watching.recv() == frame(0)
                began = time.monotonic()
                server.send_signal(signal.SIGTERM)
                await asyncio.to_thread(server.wait, 30)
                took = time.monotonic() - began
                with contextlib.suppress(ConnectionClosed):
                    while True:
                        await watching.recv()
    finally:
        server.kill()
        server.wait()
    # Two seconds on an idle machine; the bound leaves room for a loaded one.
    assert took < 6
    with Recording.open(tmp_path / "data" / "runs" / f"{run_id}.timeslice") as recording:
        assert recording.ended is not None and recording.ended["state"] == "stopped"
        assert decode(list(recording.frames())[-1]).head["state"] == "ended"


async def test_server_killed_leaves_a_recording_that_the_next_one_replays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        fd = str(listening.fileno())
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path), fd], pass_fds=[listening.fileno()]
        )
    path = tmp_path / "data" / "runs"
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
            order = {"scenario": "dead-lock", "params": {"count": 4, "method": "spawn"}}
            run_id = (await client.post("/api/runs", json=order)).json()["id"]
        async with asyncio.timeout(30):
            while await asyncio.to_thread(committed, path / f"{run_id}.timeslice") < 4:
                await asyncio.sleep(0.02)
    finally:
        server.kill()
        server.wait()
    async with serving(create(tmp_path)) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            run = (await client.get(f"/api/runs/{run_id}")).json()
            assert run["state"] == "interrupted"
        frames = await watch(f"ws://{address}/api/runs/{run_id}/stream?from=1")
        assert frames == [frame(seq) for seq in range(1, 4)]


def create(tmp_path: Path) -> FastAPI:
    """Another server over the same recordings."""
    return create_app(
        settings(tmp_path / "data"),
        launcher=FakeLauncher(),
        catalogue=catalogue(tmp_path / "again"),
        find_interpreters=interpreters,
    )


def committed(path: Path) -> int:
    if not path.exists():
        return 0
    try:
        with Recording.open(path) as recording:
            return len(list(recording.frames()))
    except BadRecording:
        return 0  # caught while it was being made
