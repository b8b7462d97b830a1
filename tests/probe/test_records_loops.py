"""asyncio's tasks where another loop, or no loop at all, runs their steps."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from app.timeline.places import line_of as line_of_place
from app.timeline.states import Reason
from tests.probe.decoding import Run
from tests.probe.test_records_threads import line_of

Probed = Callable[..., Run]

EAGER = """
import asyncio
async def quick():
    return 1
async def fails():
    raise LookupError
async def turns():
    await asyncio.sleep(0)
async def chain(depth):
    if depth:
        await asyncio.create_task(chain(depth - 1), name=f"chain-{depth - 1}")  # deeper
    await asyncio.sleep(0.001)  # sleep
async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    tasks = [asyncio.create_task(make()) for make in (quick, fails, turns)]
    tasks.append(asyncio.create_task(chain(1), name="chain-1"))
    print(await asyncio.gather(*tasks, return_exceptions=True))
asyncio.run(main())
"""


def test_first_step_of_an_eager_task_runs_inside_the_step_of_its_maker(
    probed: Probed, python: str
) -> None:
    known = "import asyncio, sys; sys.exit(not hasattr(asyncio, 'eager_task_factory'))"
    if subprocess.run([python, "-c", known], check=False).returncode:
        pytest.skip("eager tasks came with CPython 3.12")
    run = probed(EAGER, python=python)
    assert (run.stdout, run.stderr) == ("[1, LookupError(), None, None]\n", "")
    idents: dict[str, int] = {}
    for row in run.of("TASK_NEW"):
        name, _, function = row.text.partition("\0")
        idents[name if name.startswith("chain") else function] = row.b
    names = {ident: name for name, ident in idents.items()}
    steps = run.of("TASK_READY", "TASK_RUN", "TASK_PAUSE", "TASK_DONE")
    told = [(row.kind.removeprefix("TASK_"), names[row.b], names.get(row.c, "")) for row in steps]
    first = told.index(("PAUSE", "main", "quick"))
    assert told[first : first + 21] == [
        ("PAUSE", "main", "quick"), ("RUN", "quick", ""), ("DONE", "quick", ""),
        ("RUN", "main", ""),
        ("PAUSE", "main", "fails"), ("RUN", "fails", ""), ("DONE", "fails", ""),
        ("RUN", "main", ""),
        ("PAUSE", "main", "turns"), ("RUN", "turns", ""), ("READY", "turns", ""),
        ("PAUSE", "turns", ""), ("RUN", "main", ""),
        ("PAUSE", "main", "chain-1"), ("RUN", "chain-1", ""),
        ("PAUSE", "chain-1", "chain-0"), ("RUN", "chain-0", ""), ("PAUSE", "chain-0", ""),
        ("RUN", "chain-1", ""), ("PAUSE", "chain-1", "chain-0"), ("RUN", "main", ""),
    ]  # fmt: skip
    slept = next(row for row in steps if row.kind == "TASK_PAUSE" and row.b == idents["chain-0"])
    assert (Reason(slept.aux), line_of_place(slept.a)) == (Reason.SLEEP, line_of(EAGER, "sleep"))
    ends = {names[row.b]: (row.aux, row.text) for row in run.of("TASK_DONE") if row.b in names}
    assert ends["fails"] == (1, "LookupError")
    assert {ends[name] for name in ("quick", "turns", "chain-0", "chain-1", "main")} == {(0, "")}


LOOPS = """
import asyncio, sys
async def take(lock, event, turns):
    for _ in range(turns):
        async with lock:
            await asyncio.sleep(0)
    event.set()
async def fails(event):
    await event.wait()
    raise LookupError
async def main():
    lock, event, queue = asyncio.Lock(), asyncio.Event(), asyncio.Queue(1)
    tasks = [asyncio.create_task(take(lock, event, n), name=f"take-{n}") for n in range(1, 9)]
    tasks += [asyncio.create_task(fails(event), name=f"fails-{n}") for n in range(4)]
    tasks.append(asyncio.create_task(queue.get(), name="cancelled"))
    await asyncio.sleep(0)
    tasks[-1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.001)  # when nothing else is left, so that the order is certain
if sys.argv[1] == "uvloop":
    import uvloop
    loop = uvloop.new_event_loop()
else:
    loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
"""


def test_steps_on_uvloop_are_those_on_the_loop_of_asyncio(probed: Probed) -> None:
    pytest.importorskip("uvloop")
    told = []
    for loop in ("asyncio", "uvloop"):
        run = probed(LOOPS, loop)
        assert run.stderr == ""
        names = {row.b: row.text.partition("\0")[0] for row in run.of("TASK_NEW")}
        kinds = ("TASK_READY", "TASK_RUN", "TASK_PAUSE", "TASK_DONE", "TASK_ACQUIRED")
        told.append(
            [
                (row.kind, names.get(row.b, "lock"), names.get(row.c, ""), row.aux, row.a, row.text)
                for row in run.of(*kinds)
            ]
        )
    assert len(told[0]) > 100
    assert told[0] == told[1]
