"""The worker as a real child process, up to its last words."""

from __future__ import annotations

import pytest

from app.errors import BadFrame, WorkerFailed
from app.runs.launcher import LocalLauncher
from app.worker.spec import RunSpec
from tests.runs.fake_worker import COMMAND as FAKE
from tests.runs.make import frame, last_frame, whole_run

pytestmark = pytest.mark.anyio


def spec(**params: object) -> RunSpec:
    return RunSpec(run_id="r", params=params, program="print()")


async def test_launcher_passes_the_spec_and_yields_the_frames() -> None:
    worker = await LocalLauncher(FAKE).start(spec(frames=500))
    assert [item async for item in worker.frames()] == whole_run(501)
    assert await worker.close(5) == ""


async def test_launcher_stop_reaches_the_worker() -> None:
    worker = await LocalLauncher(FAKE).start(spec(frames=1, hold=True))
    frames = worker.frames()
    assert await anext(frames) == frame(0)
    await worker.stop()
    assert [item async for item in frames] == [last_frame(1, limit="stopped")]
    assert await worker.close(5) == ""


async def test_launcher_close_ends_the_workers_input() -> None:
    worker = await LocalLauncher(FAKE).start(spec(frames=1, hold=True))
    assert await anext(worker.frames()) == frame(0)
    assert await worker.close(5) == "got ''"


async def test_launcher_kills_a_worker_that_does_not_go() -> None:
    deaf = (FAKE[0], "-c", "import time; time.sleep(60)")
    worker = await LocalLauncher(deaf).start(spec())
    assert await worker.close(0) == ""


async def test_launcher_keeps_the_last_words_of_a_crash() -> None:
    worker = await LocalLauncher(FAKE).start(spec(frames=2, crash=True))
    assert len([item async for item in worker.frames()]) == 2
    await worker.stop()  # nobody is there: no error
    assert await worker.close(5) == "the worker of this test gives up"


async def test_launcher_refuses_foreign_bytes() -> None:
    worker = await LocalLauncher(FAKE).start(spec(frames=2, nonsense=True))
    with pytest.raises(BadFrame):
        async for _ in worker.frames():
            pass
    await worker.close(5)


async def test_launcher_without_a_worker_says_so() -> None:
    with pytest.raises(WorkerFailed, match="could not be started"):
        await LocalLauncher(("/nonexistent/python",)).start(spec())
