"""Frames and a launcher under the test's control."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from app.runs.run import Plan
from app.settings import Settings
from app.timeline.frames import encode, sequence
from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Ending, ObjectRow, Output, Slice, Stats, Track
from app.timeline.states import (
    Cause,
    Evidence,
    ObjectKind,
    Reason,
    State,
    TrackKind,
    vocabulary,
)
from app.worker.spec import RunSpec

MS = 1_000_000


def frame(seq: int, text: str = "", **head: Any) -> bytes:
    """Frame ``seq`` of a made-up run: one track that is running one time, then blocked."""
    if seq == 0:
        track = Track(1, TrackKind.PROCESS, "program.py", 40, 40, 0, False, 0)
        lock = ObjectRow(1, ObjectKind.LOCK, "fork", 1, 3)
        batch = Batch(tracks=[track], objects=[lock])
        head = {"run": {"id": "r", "params": {}}, "vocabulary": vocabulary(), **head}
        return encode(frame_of(batch, 0, 0, **head))
    state = State.RUNNING if seq % 2 else State.BLOCKED
    reason = Reason.NONE if seq % 2 else Reason.LOCK
    start, end = (seq - 1) * MS, seq * MS
    rows = [
        Slice(1, start, end, state, reason, 0 if seq % 2 else 1, evidence=Evidence.KERNEL),
        Slice(1, end, OPEN, State.READY, evidence=Evidence.KERNEL),
    ]
    batch = Batch(slices=rows, stats=[Stats(1, running_ns=seq * MS)])
    batch.output = [Output(1, end, "stdout", text or f"line {seq}\n")]
    return encode(frame_of(batch, seq, end, **head))


def last_frame(seq: int, *, limit: str = "", **head: Any) -> bytes:
    end = Track(
        1, TrackKind.PROCESS, "program.py", 40, 40, 0, False, 0, seq * MS, Ending(Cause.EXIT, 0)
    )
    facts: dict[str, Any] = {
        "duration_ns": seq * MS,
        "exit": {"cause": "exit", "code": 0, "signal": None},
    }
    if limit:
        facts["limit"] = {"name": limit, "value": 30 << 20 if limit == "memory" else 30}
    head = {"state": "ended", "run": facts, **head}
    return encode(frame_of(Batch(tracks=[end]), seq, seq * MS, **head))


def whole_run(length: int) -> list[bytes]:
    return [*map(frame, range(length - 1)), last_frame(length - 1)]


class FakeWorker:
    """Sends what the test puts; ``stopped`` tells what the server asked for."""

    def __init__(self, spec: RunSpec, stops: bool = True) -> None:
        self.spec = spec
        self.stops = stops
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.seq = 0
        self.stopped = asyncio.Event()
        self.closed = asyncio.Event()

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            self.queue.put_nowait(frame(self.seq))
            self.seq += 1

    def end(self, **head: Any) -> None:
        self.queue.put_nowait(last_frame(self.seq, **head))
        self.queue.put_nowait(None)

    def die(self) -> None:
        self.queue.put_nowait(None)

    async def frames(self) -> AsyncIterator[bytes]:
        while (item := await self.queue.get()) is not None:
            yield item

    async def stop(self) -> None:
        self.stopped.set()
        if self.stops:
            self.end(limit="stopped")

    async def close(self, patience_s: float) -> str:
        self.closed.set()
        return ""


class FakeLauncher:
    """``started`` holds the workers; ``script`` frames are sent by each, ``ends`` ends it."""

    def __init__(self, script: int = 0, ends: bool = False, stops: bool = True) -> None:
        self.script, self.ends, self.stops = script, ends, stops
        self.workers: list[FakeWorker] = []
        self.news = asyncio.Condition()

    async def start(self, spec: RunSpec) -> FakeWorker:
        worker = FakeWorker(spec, self.stops)
        if self.script:
            worker.send(self.script)
        if self.ends:
            worker.end()
        async with self.news:
            self.workers.append(worker)
            self.news.notify_all()
        return worker

    async def worker(self, index: int = 0) -> FakeWorker:
        async with self.news:
            await self.news.wait_for(lambda: len(self.workers) > index)
        return self.workers[index]


def settings(data_dir: Path, **values: Any) -> Settings:
    few = {"runs_at_once": 2, "runs_per_visitor": 3}
    # The name under which starlette's client asks.
    return Settings(data_dir=data_dir, **{**few, "allowed_hosts": "testserver", **values})


def plan(scenario: str = "deadlock", **params: Any) -> Plan:
    return Plan(scenario, params, "print('hello')\n")


def decoded_seqs(frames: list[bytes]) -> list[int]:
    return [sequence(item) for item in frames]
