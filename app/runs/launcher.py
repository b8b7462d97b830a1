"""The border between the server and a run's worker: start it, read its frames, stop it.

``LocalLauncher`` starts the worker on this machine; another launcher may send the same spec to
another machine. Only frames come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from app.errors import Sentence, WorkerFailed
from app.runs.keeper import Keeper
from app.timeline.frames import FrameReader
from app.worker import marks
from app.worker.spec import RunSpec
from app.worker.standstill import Standstill

_CHUNK = 1 << 18
#: At most this much of a failed worker's stderr is kept.
_STDERR_KEPT = 16 * 1024
#: How long a worker may take to start its program, and to send the rest when the program is over.
#: A worker is ended five seconds after both and the limit of wall time.
START_S = 20.0
FINISH_S = 30.0
_MARGIN_S = 5.0
#: A healthy worker is checked this often.
_LOOK_S = 0.25
#: The most that counts between two checks: this process may itself have been stopped.
_MOST_S = 1.0


class RunningWorker(Protocol):
    """A worker that runs."""

    def frames(self) -> AsyncIterator[bytes]:
        """Encoded frames until the worker has ended.

        Raises BadFrame for bytes that are no frame, and WorkerFailed if the worker had to be ended.
        """

    async def stop(self) -> None:
        """Ask the worker to end the run; it still sends its last frames."""

    async def close(self, patience_s: float) -> str:
        """Wait until the worker is gone; kill it after ``patience_s``. Returns its stderr."""


class Launcher(Protocol):
    async def start(self, spec: RunSpec) -> RunningWorker:
        """Raises WorkerFailed when no worker can be started."""


class LocalLauncher:
    """Starts ``python -m app.worker`` as a child of this process.

    The worker ends its run when its input closes, so it can't outlive the server, however the
    server dies. In turn, a worker that stands still or exceeds every limit is ended here with all
    of its run. What a worker leaves behind is ended too.
    """

    def __init__(
        self,
        command: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._keeper = keeper or Keeper()
        self._environment = dict(os.environ if environment is None else environment)
        # In the image, workers have an interpreter of their own that may open perf events.
        python = self._environment.get("TIMESLICE_WORKER_PYTHON") or sys.executable
        self._command = list(command) or [python, "-m", "app.worker"]
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [self._environment.get("PYTHONPATH")])]
        self._environment["PYTHONPATH"] = os.pathsep.join(paths)

    async def start(self, spec: RunSpec) -> RunningWorker:
        try:
            async with self._keeper.starting() as workers:
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    env={
                        **self._environment,
                        marks.VARIABLE: spec.run_id,
                        marks.OWNER_VARIABLE: marks.owner(),
                    },
                    limit=_CHUNK,
                    # Ctrl-C on the terminal is for the server, which stops its runs itself.
                    start_new_session=True,  # uvloop knows no process_group
                )
                workers.add(process.pid)
        except OSError as error:
            raise WorkerFailed("The worker could not be started: {why}.", why=error) from error
        worker = _LocalWorker(process, spec, self._keeper)
        await worker.send(spec.model_dump_json().encode() + b"\n")
        return worker


class _LocalWorker:
    def __init__(self, process: asyncio.subprocess.Process, spec: RunSpec, keeper: Keeper) -> None:
        self._process = process
        self._spec = spec
        self._keeper = keeper
        self._last_words = bytearray()
        self._heard_ns = time.monotonic_ns()
        self._why = Sentence()
        self._listening = asyncio.create_task(self._listen())
        self._watching = asyncio.create_task(self._watch())

    async def send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        # A worker that is gone reads nothing; its caller sees that its frames end.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(line)
            await self._process.stdin.drain()

    async def frames(self) -> AsyncIterator[bytes]:
        assert self._process.stdout is not None
        reader = FrameReader()
        while chunk := await self._process.stdout.read(_CHUNK):
            self._heard_ns = time.monotonic_ns()
            for frame in reader.feed(chunk):
                yield frame
        if self._why:
            raise WorkerFailed.saying(self._why)

    async def stop(self) -> None:
        await self.send(b"stop\n")

    async def close(self, patience_s: float) -> str:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.wait([self._watching], timeout=patience_s)
        if not self._watching.done():
            self._kill()
        await self._watching
        # A process outside the run may still hold the pipes: wait for their end with a limit.
        await asyncio.wait([self._listening], timeout=0.2)
        self._listening.cancel()
        return self._last_words.decode(errors="replace").strip()

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._last_words += chunk
            del self._last_words[:-_STDERR_KEPT]

    async def _watch(self) -> None:
        """Return when the worker has ended, and every process of its run."""
        ended = asyncio.Event()
        # Not the process's own wait(), which also waits for pipes that others may hold.
        watched = os.pidfd_open(self._process.pid)
        loop = asyncio.get_running_loop()
        loop.add_reader(watched, ended.set)
        try:
            await self._look_after(ended)
        finally:
            loop.remove_reader(watched)
            os.close(watched)
        survivors = await self._keeper.sweep(self._spec.run_id)
        if survivors and not self._why:
            self._why = Sentence(
                "Processes of this run could not be killed: {pids}.",
                pids=", ".join(map(str, survivors)),
            )
        await asyncio.wait([asyncio.ensure_future(self._process.wait())], timeout=_MARGIN_S)
        self._keeper.workers.discard(self._process.pid)

    async def _look_after(self, ended: asyncio.Event) -> None:
        still = Standstill(self._process.pid)
        left_s = self._spec.limits.wall_s + START_S + FINISH_S + _MARGIN_S
        looked_ns = time.monotonic_ns()
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _LOOK_S)
            now_ns = time.monotonic_ns()
            left_s -= min(_MOST_S, (now_ns - looked_ns) / 1e9)
            looked_ns = now_ns
            if still.check(now_ns) and now_ns - self._heard_ns > _MOST_S * 1e9:
                self._end(Sentence("The worker of this run was stopped by a signal; it was ended."))
            elif left_s < 0:
                self._end(Sentence("The worker of this run exceeded every limit; it was ended."))

    def _end(self, why: Sentence) -> None:
        if not self._why:
            self._why = why
            self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
