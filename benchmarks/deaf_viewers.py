"""What deaf viewers cost the server: its memory before, while they are there, and afterwards.

    python -m benchmarks.deaf_viewers --viewers 200

Viewers that never read are connected to a live run and then to a finished one. It fails when the
server keeps more than a third of what it grew by, or more than 40 MiB, once they are gone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from app.runs.recording import Recording
from app.timeline.frames import encode
from app.timeline.heads import frame_of
from app.timeline.model import Batch, Slice, Track
from app.timeline.states import Evidence, State, TrackKind, vocabulary
from benchmarks.serving import Server, ask, served

MIB = 1 << 20
LARGE = "large"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--viewers", type=int, default=200)
    options.add_argument("--slices", type=int, default=30_000, help="of the finished run")
    options.add_argument("--stall", type=float, default=5.0, help="TIMESLICE_STALL_LIMIT_S")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        limits = {"TIMESLICE_STALL_LIMIT_S": str(given.stall)}
        _recorded(Path(folder) / "data/runs" / f"{LARGE}.timeslice", given.slices)
        with served(Path(folder), **limits) as server:
            grew = [
                _round(server, given.viewers, name, order)
                for name, order in (
                    ("warm-up", {"scenario": "gil"}),
                    ("live", {"scenario": "gil"}),
                    ("finished", None),
                    ("finished again", None),
                )
            ][1:]
    wrong = [kept for most, kept in grew if kept > 40 * MIB or kept > max(8 * MIB, most / 3)]
    print("failed: memory is kept" if wrong else "passed")
    return bool(wrong)


def _round(
    server: Server, viewers: int, name: str, order: dict[str, str] | None
) -> tuple[int, int]:
    """(what it grew by, what it kept) in bytes."""
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    run = _run(server, order)
    most = 0
    with contextlib.ExitStack() as stack:
        for _ in range(viewers):
            stack.enter_context(_deaf(server, f"/api/runs/{run}/stream"))
        began = time.monotonic()
        while time.monotonic() - began < 30:
            most = max(most, process.memory_info().rss)
            if time.monotonic() - began > 3 and _viewers(server) == 0:
                break
            time.sleep(0.1)
        let_go = time.monotonic() - began
    wait(lambda: _viewers(server) == 0 and _over(server, run))
    after = process.memory_info().rss
    print(
        f"{name:15} {before / MIB:6.1f} MiB before, {most / MIB:6.1f} with {viewers} deaf viewers, "
        f"{after / MIB:6.1f} after; let go within {let_go:.1f} s",
        flush=True,
    )
    return most - before, after - before


def _run(server: Server, order: dict[str, str] | None) -> str:
    if order is not None:
        return str(json.loads(ask(server, "POST", "/api/runs", order))["id"])
    return LARGE


def _recorded(path: Path, slices: int) -> None:
    """A finished run of so many slices, as a recording."""
    path.parent.mkdir(parents=True)
    track = Track(1, TrackKind.PROCESS, "program.py", 40, 40, 0, False, 0)
    begin = Batch(tracks=[track])
    frames = [encode(frame_of(begin, 0, 0, run={"id": LARGE}, vocabulary=vocabulary()))]
    for first in range(0, slices, 1000):
        rows = [
            Slice(1, n * 1000, n * 1000 + 1000, State.RUNNING, evidence=Evidence.KERNEL)
            for n in range(first, first + 1000)
        ]
        frames.append(encode(frame_of(Batch(slices=rows), len(frames), (first + 1000) * 1000)))
    last = Batch()
    frames.append(encode(frame_of(last, len(frames), slices * 1000, state="ended")))
    recording = Recording.create(path, {"id": LARGE, "scenario": "gil", "params": {}}, "")
    recording.extend(frames)
    recording.finish(state="ended", duration_ns=slices * 1000, exit=None, failure=None)
    recording.close()


def _over(server: Server, run: str) -> bool:
    return json.loads(ask(server, "GET", f"/api/runs/{run}"))["state"] not in ("waiting", "running")


def _viewers(server: Server) -> int:
    [line] = [
        line
        for line in ask(server, "GET", "/metrics").splitlines()
        if line.startswith("timeslice_viewers ")
    ]
    return int(float(line.split()[1]))


@contextlib.contextmanager
def _deaf(server: Server, path: str) -> Iterator[socket.socket]:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", server.port))
        line.sendall(HANDSHAKE.format(path=path).encode())
        yield line


def wait(condition: Callable[[], bool], within_s: float = 120.0) -> None:
    late = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > late:
            raise TimeoutError("waited in vain")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
