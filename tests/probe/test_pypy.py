"""The probe on PyPy, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from app.timeline.states import Reason
from tests.probe.decoding import Run

PROGRAM = """
import asyncio, multiprocessing, os, queue, threading, time

lock = threading.Lock()
items = queue.Queue(2)
inside = threading.Event()

def work():
    for n in range(50):
        items.put(n)
    inside.set()
    with lock:
        pass

with lock:
    thread = threading.Thread(target=work, name="worker")
    thread.start()
    for n in range(50):
        assert items.get() == n
    inside.wait()
    time.sleep(0.01)
thread.join()

async def main():
    await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0.002))

asyncio.run(main())
child = multiprocessing.get_context("fork").Process(target=int)
child.start()
child.join()
"""


@pytest.mark.interpreters
def test_records_of_a_program_on_pypy(probed: Callable[..., Run]) -> None:
    pypy = shutil.which("pypy3")
    if pypy is None:
        pytest.skip("no pypy3 on this machine")
    run = probed(PROGRAM, python=pypy)
    assert (run.returncode, run.stderr) == (0, "")
    assert {row.text for row in run.of("HELLO")} == {"PyPy"}
    worker = run.one("THREAD_START", text="worker")
    puts, gets = run.of("PUT", tid=worker.tid), run.of("GET")
    assert [row.c for row in puts] == [row.c for row in gets] and len(puts) == 50
    assert run.of("ENTER", tid=worker.tid, aux=Reason.LOCK)
    assert len(run.of("TASK_DONE", aux=0)) >= 3  # and those of asyncio.run itself
    assert len({row.pid for row in run.rows}) == 2
