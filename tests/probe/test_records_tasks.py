"""What the probe records of asyncio's tasks, against a loop that keeps its own list."""

from __future__ import annotations

import ast
from collections.abc import Callable

from app.timeline.places import line_of as line_of_place
from app.timeline.states import ObjectKind, Reason
from tests.probe.decoding import Run
from tests.probe.test_records_threads import line_of

Probed = Callable[..., Run]

#: A program of 1 000 tasks and a loop that records, by the tasks' names, each state change.
INSTRUMENTED = """
import asyncio, sys

seen = []

def owner(callback):
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task) and getattr(callback, "__name__", "") != "cancel":
        return task

class Loop(asyncio.SelectorEventLoop):
    def call_soon(self, callback, *args, **kwargs):
        handle = super().call_soon(callback, *args, **kwargs)
        task = owner(callback)
        if task is not None:
            seen.append(("ready", task))
        return handle

async def leaf(n):
    await asyncio.sleep(n % 7 / 5000)
    await asyncio.sleep(0)
    if n % 50 == 0:
        raise KeyError(n)
    return n

async def take(queue):
    return [await queue.get() for _ in range(4)]

async def give(queue, n):
    for k in range(4):
        await queue.put((n, k))

async def locked(lock, event):
    async with lock:
        await event.wait()

async def parent(n):
    kind = n % 4
    if kind == 0:
        await asyncio.gather(*(leaf(n + k) for k in range(9)), return_exceptions=True)
    elif kind == 1:
        queue = asyncio.Queue(1)
        workers = [asyncio.create_task(take(queue)) for _ in range(4)]
        workers += [asyncio.create_task(give(queue, n)) for _ in range(4)]
        await asyncio.wait(workers)
    elif kind == 2 and sys.version_info >= (3, 11):
        async with asyncio.TaskGroup() as group:
            for k in range(9):
                group.create_task(leaf(1 + k), name=f"child-{n}-{k}")
    else:
        lock, event = asyncio.Lock(), asyncio.Event()
        tasks = [asyncio.create_task(locked(lock, event)) for _ in range(9)]
        await asyncio.sleep(0.001)
        tasks[4].cancel()
        event.set()
        await asyncio.gather(*tasks, return_exceptions=True)

async def main():
    await asyncio.gather(*(parent(n) for n in range(110)))

loop = Loop()
asyncio.set_event_loop(loop)

# Each step is seen from outside the handle: the loop pops it and calls its _run.
class Ready(type(loop._ready)):
    def popleft(self):
        handle = super().popleft()
        task = owner(handle._callback)
        if task is None or handle._cancelled:
            return handle
        return Seen(handle, task)

class Seen:
    def __init__(self, handle, task):
        self.handle, self.task = handle, task
    _cancelled = False
    def _run(self):
        seen.append(("run", self.task))
        self.handle._run()
        seen.append(("done" if self.task.done() else "pause", self.task))

loop._ready = Ready()
loop.run_until_complete(main())
loop.close()
print([(what, task.get_name()) for what, task in seen])
"""

KINDS = {
    "TASK_READY": "ready",
    "TASK_RUN": "run",
    "TASK_PAUSE": "pause",
    "TASK_DONE": "done",
}


def test_every_state_change_equals_the_loops_own_list(probed: Probed, python: str) -> None:
    run = probed(INSTRUMENTED, python=python)
    assert run.stderr == ""
    expected = ast.literal_eval(run.stdout)
    names = {row.b: row.text.partition("\0")[0] for row in run.of("TASK_NEW")}
    found = [(KINDS[row.kind], names[row.b]) for row in run.of(*KINDS)]
    assert len(names) >= 1000
    assert len(expected) > 4000
    assert found == expected
    assert all(ring.lost == 0 for ring in run.rings)


def test_task_tells_name_function_parent_and_line(probed: Probed) -> None:
    program = """
import asyncio
async def child():
    await asyncio.sleep(0)
async def main():
    await asyncio.create_task(child(), name="given")  # named
    async with asyncio.TaskGroup() as group:
        group.create_task(child(), name="grouped")  # grouped
asyncio.run(main())  # run
"""
    run = probed(program)
    rows = {row.text: row for row in run.of("TASK_NEW")}
    main = rows["Task-1\0main"]
    assert (line_of_place(main.a), main.c) == (line_of(program, "run"), 0)
    for name in ("named", "grouped"):
        text = {"named": "given\0child", "grouped": "grouped\0child"}[name]
        assert (line_of_place(rows[text].a), rows[text].c) == (line_of(program, name), main.b)


def test_pause_tells_what_is_awaited_and_where(probed: Probed) -> None:
    program = """
import asyncio
async def wait(what):
    await what  # wait
async def main():
    lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
    semaphore, queue = asyncio.Semaphore(0), asyncio.Queue()
    future = asyncio.get_running_loop().create_future()
    async def with_condition():
        async with condition:
            await condition.wait()  # condition
    await lock.acquire()
    tasks = [asyncio.create_task(coro) for coro in (
        wait(lock.acquire()), wait(event.wait()), with_condition(), wait(semaphore.acquire()),
        wait(queue.get()), wait(asyncio.sleep(60)), wait(future))]
    tasks.append(asyncio.create_task(wait(tasks[0])))
    tasks.append(asyncio.create_task(wait(asyncio.gather(tasks[1]))))
    await asyncio.sleep(0)
    for task in tasks: task.cancel()
    await asyncio.wait(tasks)
asyncio.run(main())
"""
    run = probed(program)
    made = {ObjectKind(row.aux).name: row.b for row in run.of("OBJECT")}
    tasks = [row.b for row in run.of("TASK_NEW")][1:10]
    pauses = [next(row for row in run.of("TASK_PAUSE") if row.b == task) for task in tasks]
    assert [(Reason(row.aux).name, row.c) for row in pauses] == [
        ("LOCK", made["LOCK"]),
        ("EVENT", made["EVENT"]),
        ("CONDITION", made["CONDITION"]),
        ("SEMAPHORE", made["SEMAPHORE"]),
        ("QUEUE", made["QUEUE"]),
        ("SLEEP", 0),
        ("FUTURE", 0),
        ("TASK", tasks[0]),
        ("TASK", tasks[1]),
    ]
    lines = {line_of_place(row.a) for index, row in enumerate(pauses) if index != 2}
    assert lines == {line_of(program, "wait")}
    assert line_of_place(pauses[2].a) == line_of(program, "condition")


def test_lock_tells_which_task_holds_it_and_when_it_lets_go(probed: Probed, python: str) -> None:
    program = """
import asyncio
async def hold(lock, event):
    async with lock:  # with
        await event.wait()
async def main():
    lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
    holds = [asyncio.create_task(hold(what, event)) for what in (lock, lock, condition)]
    await asyncio.sleep(0)
    assert lock.locked() and condition.locked() and vars(lock)["_locked"] is True
    event.set()
    await asyncio.wait(holds)
    await lock.acquire()  # acquire
    lock.release()  # release
    assert not lock.locked()
asyncio.run(main())
"""
    run = probed(program, python=python)
    assert run.stderr == ""
    made = {ObjectKind(row.aux).name: row.b for row in run.of("OBJECT")}
    main, first, second, third = (row.b for row in run.of("TASK_NEW")[:4])
    moves = run.of("TASK_ACQUIRED", "TASK_RELEASED", b=made["LOCK"])
    assert [(row.kind, row.c) for row in moves] == [
        ("TASK_ACQUIRED", first), ("TASK_RELEASED", 0),
        ("TASK_ACQUIRED", second), ("TASK_RELEASED", 0),
        ("TASK_ACQUIRED", main), ("TASK_RELEASED", 0),
    ]  # fmt: skip
    assert [line_of_place(row.a) for row in moves[4:]] == [
        line_of(program, "acquire"),
        line_of(program, "release"),
    ]
    assert line_of_place(moves[2].a) == line_of(program, "with")
    inner = run.of("TASK_ACQUIRED", "TASK_RELEASED", b=made["CONDITION"])
    assert [(row.kind, row.c) for row in inner] == [("TASK_ACQUIRED", third), ("TASK_RELEASED", 0)]


def test_wait_inside_an_asynchronous_generator_is_told_at_its_line(
    probed: Probed, python: str
) -> None:
    program = """
import asyncio
async def inner(event):
    await event.wait()  # wait
    yield 1
async def outer(event):
    async for item in inner(event):
        yield item
async def main():
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, event.set)
    async for item in outer(event):
        print(item)
asyncio.run(main())
"""
    run = probed(program, python=python)
    assert (run.stdout, run.stderr) == ("1\n", "")
    main = run.of("TASK_NEW")[0].b
    (pause,) = [row for row in run.of("TASK_PAUSE") if row.b == main]
    assert Reason(pause.aux) is Reason.EVENT
    assert line_of_place(pause.a) == line_of(program, "wait")


def test_task_of_an_object_that_is_no_coroutine_function_s_is_followed_too(
    probed: Probed, python: str
) -> None:
    run = probed(
        """
import asyncio, collections.abc
class Wrapped(collections.abc.Coroutine):
    def __init__(self, coro): self.coro = coro
    def send(self, value): return self.coro.send(value)
    def throw(self, *error): return self.coro.throw(*error)
    def close(self): self.coro.close()
    def __await__(self): return (yield from self.coro.__await__())
async def main():
    print(await asyncio.create_task(Wrapped(asyncio.sleep(0.001, "slept"))))
asyncio.run(main())
""",
        python=python,
    )
    assert (run.stdout, run.stderr) == ("slept\n", "")
    wrapped = run.of("TASK_NEW")[1]
    assert wrapped.text.endswith("\0Wrapped")
    (pause,) = [row for row in run.of("TASK_PAUSE") if row.b == wrapped.b]
    assert (Reason(pause.aux), pause.a, pause.c) == (Reason.FUTURE, 0, 0)


def test_wait_for_one_task_names_it(probed: Probed, python: str) -> None:
    run = probed(
        """
import asyncio
async def child():
    await asyncio.sleep(0.001)
async def main():
    for wait in (
        lambda task: asyncio.wait_for(task, 60), lambda task: asyncio.gather(task),
        lambda task: asyncio.wait({task}), lambda task: task,
    ):
        await wait(asyncio.create_task(child()))
    await asyncio.gather(*(asyncio.create_task(child()) for _ in range(2)))
asyncio.run(main())
""",
        python=python,
    )
    main, *children = (row.b for row in run.of("TASK_NEW"))
    pauses = [row for row in run.of("TASK_PAUSE") if row.b == main]
    assert [Reason(row.aux) for row in pauses] == [Reason.TASK] * 5
    assert [row.c for row in pauses] == [*children[:4], 0]


def test_task_tells_how_it_ended(probed: Probed) -> None:
    run = probed("""
import asyncio
async def fails(): raise LookupError
async def main():
    task = asyncio.create_task(asyncio.sleep(60), name="cancelled")
    await asyncio.sleep(0)
    task.cancel()
    raised = asyncio.create_task(fails(), name="raised")
    await asyncio.wait([task, raised])
asyncio.run(main())
""")
    names = {row.text.partition("\0")[0]: row.b for row in run.of("TASK_NEW")}
    ends = {name: run.one("TASK_DONE", b=names[name]) for name in ("Task-1", "cancelled", "raised")}
    assert {name: (row.aux, row.text) for name, row in ends.items()} == {
        "Task-1": (0, ""),
        "cancelled": (2, ""),
        "raised": (1, "LookupError"),
    }
    assert "Task exception was never retrieved" in run.stderr  # it was not marked as retrieved


def test_coroutine_never_awaited_is_told_and_warned_of_as_before(
    probed: Probed, python: str
) -> None:
    program = """
import asyncio
async def forgotten(): pass
async def main():
    forgotten()  # here
asyncio.run(main())
"""
    run = probed(program, python=python)
    row = run.one("NEVER_AWAITED")
    assert (row.text, line_of_place(row.a)) == ("forgotten", line_of(program, "here"))
    first = run.stderr.splitlines()[0]
    line = line_of_place(row.a)
    assert first.endswith(
        f"program.py:{line}: RuntimeWarning: coroutine 'forgotten' was never awaited"
    )


def test_idle_loop_polls_and_output_belongs_to_its_task(probed: Probed) -> None:
    run = probed("""
import asyncio
async def main():
    await asyncio.sleep(0.01)
    print("from main")
asyncio.run(main())
print("after")
""")
    assert run.of("ENTER", aux=Reason.POLL)
    main = run.one("TASK_NEW", text="Task-1\0main").b
    owners = {row.text: row.b for row in run.of("OUTPUT") if row.text.strip()}
    assert owners == {"from main": main, "after": 0}


def test_blocking_call_in_a_coroutine_is_a_wait_inside_its_step(probed: Probed) -> None:
    run = probed("""
import asyncio, time
async def main(): time.sleep(0.01)
asyncio.run(main())
""")
    (began,) = [row for row in run.of("TASK_RUN") if row.b == run.of("TASK_NEW")[0].b]
    ended = run.one("TASK_DONE", b=began.b)
    enter, leave = run.of("ENTER", "LEAVE", aux=Reason.SLEEP)
    assert began.t < enter.t < leave.t < ended.t
