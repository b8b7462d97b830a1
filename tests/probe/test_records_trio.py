"""What the probe records of trio's tasks, against an instrument of the program's own."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from app.timeline.places import line_of as line_of_place
from app.timeline.states import ObjectKind, Reason
from tests.probe.decoding import Run
from tests.probe.test_records_threads import line_of

pytest.importorskip("trio")

Probed = Callable[..., Run]

INSTRUMENTED = """
import trio

seen = []

class Mine(trio.abc.Instrument):
    def task_spawned(self, task): seen.append(("new", task.name))
    def task_scheduled(self, task): seen.append(("ready", task.name))
    def before_task_step(self, task): seen.append(("run", task.name))
    def after_task_step(self, task): seen.append(("pause", task.name))
    def task_exited(self, task): seen.append(("done", task.name))

async def leaf(n, lock):
    async with lock:
        await trio.sleep(n % 7 / 5000)
    if n % 50 == 0:
        raise KeyError(n)

async def group(n):
    lock = trio.Lock()
    try:
        async with trio.open_nursery() as nursery:
            for k in range(9):
                nursery.start_soon(leaf, n + k, lock, name=f"leaf-{n}-{k}")
            if n % 3 == 0:
                nursery.cancel_scope.cancel()
    except ExceptionGroup:
        pass

async def main():
    async with trio.open_nursery() as nursery:
        for n in range(60):
            nursery.start_soon(group, n, name=f"group-{n}")

trio.run(main, instruments=[Mine()], strict_exception_groups=True)
print(seen)
"""

KINDS = {
    "TASK_NEW": "new",
    "TASK_READY": "ready",
    "TASK_RUN": "run",
    "TASK_PAUSE": "pause",
    "TASK_DONE": "done",
}


def test_every_state_change_equals_that_of_the_programs_own_instrument(probed: Probed) -> None:
    run = probed(INSTRUMENTED)
    assert run.stderr == ""
    seen = ast.literal_eval(run.stdout)
    names = {row.b: row.text.partition("\0")[0] or "__main__.main" for row in run.of("TASK_NEW")}
    mine = set(names.values())
    expected = [(what, name) for what, name in seen if name in mine]
    # trio ends a task's last step after its end; ours ends with it
    over: set[str] = set()
    wanted = []
    for what, name in expected:
        if what == "done":
            over.add(name)
        if what != "pause" or name not in over:
            wanted.append((what, name))
    assert len(names) > 500
    assert [(KINDS[row.kind], names[row.b]) for row in run.of(*KINDS)] == wanted
    # trio's own two: the one in which all live, and the one that takes calls from other threads
    assert len({name for _, name in seen} - mine) == 2


def test_pause_of_a_trio_task_tells_what_it_waits_for_and_where(probed: Probed) -> None:
    program = """
import trio
async def wait(what, *args):
    await what(*args)  # wait
async def get(channel):
    async for item in channel:  # for
        pass
async def main():
    lock, event, condition = trio.Lock(), trio.Event(), trio.Condition()
    semaphore = trio.Semaphore(0)
    send, receive = trio.open_memory_channel(0)
    async def with_condition():
        async with condition:
            await condition.wait()  # condition
    def block():
        import time; time.sleep(0.05)
    await lock.acquire()  # acquire
    async with trio.open_nursery() as nursery:
        for name, what, *args in (
            ("lock", lock.acquire), ("event", event.wait), ("semaphore", semaphore.acquire),
            ("queue", send.send, 1), ("sleep", trio.sleep, 60),
            ("future", trio.to_thread.run_sync, block),
        ):
            nursery.start_soon(wait, what, *args, name=name)
        nursery.start_soon(with_condition, name="condition")
        await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 0.001)  # alone
trio.run(main)
"""
    run = probed(program)
    # the first of each kind: trio makes a lock for its thread later on
    made = {ObjectKind(row.aux).name: row.b for row in reversed(run.of("OBJECT"))}
    names = {row.text.partition("\0")[0]: row.b for row in run.of("TASK_NEW")}
    main = run.of("TASK_NEW")[0].b

    def waits(name: str) -> list[tuple[str, int, int]]:
        rows = [row for row in run.of("TASK_PAUSE") if row.b == names[name] and row.aux]
        return [(Reason(row.aux).name, row.c, line_of_place(row.a)) for row in rows]

    line = line_of(program, "wait")
    assert waits("lock") == [("LOCK", made["LOCK"], line)]
    assert waits("event") == [("EVENT", made["EVENT"], line)]
    assert waits("semaphore") == [("SEMAPHORE", made["SEMAPHORE"], line)]
    assert waits("queue") == [("QUEUE", made["QUEUE"], line)]
    assert waits("sleep") == [("SLEEP", 0, line)]
    assert waits("future")[0] == ("FUTURE", 0, line)
    condition = line_of(program, "condition")
    assert ("CONDITION", made["CONDITION"], condition) in waits("condition")
    held = run.one("TASK_ACQUIRED", b=made["LOCK"])
    assert (held.c, line_of_place(held.a)) == (main, line_of(program, "acquire"))
    alone = [row for row in run.of("TASK_PAUSE", aux=Reason.TASK) if row.b == main][-1]
    last = run.of("TASK_NEW")[-1]
    assert (alone.c, line_of_place(last.a), last.c) == (last.b, line_of(program, "alone"), main)


def test_ends_of_trio_tasks_are_told_and_its_loop_polls(probed: Probed) -> None:
    run = probed("""
import trio
async def fails():
    raise LookupError
async def main():
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 60, name="cancelled")
            nursery.start_soon(trio.sleep, 0, name="returned")
            await trio.sleep(0.3)
            nursery.start_soon(fails, name="raised")
    except ExceptionGroup:
        pass
trio.run(main)
""")
    names = {row.text.partition("\0")[0]: row.b for row in run.of("TASK_NEW")}
    ends = {row.b: (row.aux, row.text) for row in run.of("TASK_DONE")}
    assert {name: ends[ident] for name, ident in names.items()} == {
        "": (0, ""),
        "cancelled": (2, ""),
        "returned": (0, ""),
        "raised": (1, "LookupError"),
    }
    assert run.of("ENTER", aux=Reason.POLL)


def test_program_that_has_trio_itself_watched_sees_no_difference(probed: Probed) -> None:
    run = probed("""
import trio, trio.lowlevel
lock = trio.Lock()
async def main():
    assert lock.statistics().owner is None and not lock.locked()
    async with lock:
        assert lock.statistics().owner is trio.lowlevel.current_task()
        assert vars(lock)["_owner"] is trio.lowlevel.current_task()
    assert not lock.locked()
    try:
        lock.release()
    except RuntimeError as error:
        print(error)
trio.run(main)
""")
    assert (run.stdout, run.stderr) == ("can't release a Lock you don't own\n", "")
