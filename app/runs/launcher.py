"""The seam between the server and the worker of a run: start it, read its frames, stop it.

``LocalLauncher`` starts the worker on this machine; another launcher may send the same spec to
another machine. What comes back is frames and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from app.errors import WorkerFailed
from app.timeline.frames import FrameReader
from app.worker.spec import RunSpec

_CHUNK = 1 << 18
#: How much of a failed worker's last words is kept.
_STDERR_KEPT = 16 * 1024


class RunningWorker(Protocol):
    """A worker at work."""

    def frames(self) -> AsyncIterator[bytes]:
        """Encoded frames until the worker has ended; raises BadFrame on foreign bytes."""

    async def stop(self) -> None:
        """Ask the worker to end the run; its last frames still come."""

    async def close(self, patience_s: float) -> str:
        """Wait until the worker is gone, by force after ``patience_s``; its last words."""


class Launcher(Protocol):
    async def start(self, spec: RunSpec) -> RunningWorker:
        """Raises WorkerFailed when no worker can be started."""


class LocalLauncher:
    """Starts ``python -m app.worker`` as a child of this process.

    The worker ends its run when its input closes, so it can't outlive the server, however the
    server dies.
    """

    def __init__(
        self,
        command: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        # In an image the workers have an interpreter that may open perf events.
        python = self._environment.get("TIMESLICE_WORKER_PYTHON") or sys.executable
        self._command = list(command) or [python, "-m", "app.worker"]
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [self._environment.get("PYTHONPATH")])]
        self._environment["PYTHONPATH"] = os.pathsep.join(paths)

    async def start(self, spec: RunSpec) -> RunningWorker:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environment,
                limit=_CHUNK,
                # Ctrl-C on the server's terminal is the server's: it stops its runs itself.
                start_new_session=True,  # uvloop knows no process_group
            )
        except OSError as error:
            raise WorkerFailed("The worker could not be started: {why}.", why=error) from error
        worker = _LocalWorker(process)
        await worker.send(spec.model_dump_json().encode() + b"\n")
        return worker


class _LocalWorker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words = bytearray()
        self._listening = asyncio.create_task(self._listen())

    async def send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        # A worker that is gone already reads nothing: its frames end, which tells the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(line)
            await self._process.stdin.drain()

    async def frames(self) -> AsyncIterator[bytes]:
        assert self._process.stdout is not None
        reader = FrameReader()
        while chunk := await self._process.stdout.read(_CHUNK):
            for frame in reader.feed(chunk):
                yield frame

    async def stop(self) -> None:
        await self.send(b"stop\n")

    async def close(self, patience_s: float) -> str:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), patience_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        # A child of the worker may hold the pipe: never wait for its end without bound.
        await asyncio.wait([self._listening], timeout=0.2)
        self._listening.cancel()
        return self._last_words.decode(errors="replace").strip()

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._last_words += chunk
            del self._last_words[:-_STDERR_KEPT]
