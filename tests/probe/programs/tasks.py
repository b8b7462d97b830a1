"""What asyncio promises; the same with and without the probe."""

import asyncio
import contextvars
import sys

log = []
variable = contextvars.ContextVar("variable", default=0)


async def leaf(number, delay=0.0):
    log.append(("begin", number))
    await asyncio.sleep(delay)
    log.append(("end", number))
    return number


async def fails():
    raise KeyError("inside")


async def catch(awaitable):
    try:
        return await awaitable
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
        return type(error)


async def order():
    tasks = [asyncio.ensure_future(leaf(number)) for number in range(3)]
    log.append("made")
    assert await asyncio.gather(*tasks) == [0, 1, 2]
    expected = ["made"] + [("begin", n) for n in range(3)] + [("end", n) for n in range(3)]
    assert log == expected, log


async def primitives():
    lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
    semaphore, items = asyncio.Semaphore(1), asyncio.Queue(1)

    async def worker(number):
        async with semaphore, lock:
            await event.wait()
        await items.put(number)
        async with condition:
            condition.notify_all()

    workers = [asyncio.ensure_future(worker(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert lock.locked() and semaphore.locked()
    event.set()
    assert sorted([await items.get() for _ in range(3)]) == [0, 1, 2]
    await asyncio.wait(workers)
    assert isinstance(lock, asyncio.Lock) and items.empty()


async def endings():
    sleeping = asyncio.ensure_future(leaf("never", 60))
    await asyncio.sleep(0)
    sleeping.cancel()
    assert await catch(sleeping) is asyncio.CancelledError
    assert sleeping.cancelled()
    assert await catch(asyncio.ensure_future(fails())) is KeyError
    assert await catch(asyncio.wait_for(leaf("slow", 60), 0.001)) is asyncio.TimeoutError
    results = await asyncio.gather(fails(), leaf("last"), return_exceptions=True)
    assert isinstance(results[0], KeyError) and results[1] == "last"
    cancelled = asyncio.ensure_future(leaf("unstarted"))
    asyncio.get_running_loop().call_soon(cancelled.cancel)
    assert await catch(cancelled) is asyncio.CancelledError


async def contexts():
    variable.set(1)

    async def inside():
        assert variable.get() == 1
        variable.set(2)

    await asyncio.ensure_future(inside())
    assert variable.get() == 1
    task = asyncio.current_task()
    assert task in asyncio.all_tasks() and task.get_name().startswith("Task-")


async def factories():
    loop = asyncio.get_running_loop()
    made = []

    def factory(loop, coro, **kwargs):
        task = asyncio.Task(coro, loop=loop, **kwargs)
        made.append(task)
        return task

    loop.set_task_factory(factory)
    task = loop.create_task(leaf("factory"))
    assert made == [task] and await task == "factory"
    loop.set_task_factory(None)
    python_task = asyncio.tasks._PyTask(leaf("python"), loop=loop)
    assert await python_task == "python"


async def groups():
    async with asyncio.TaskGroup() as group:
        named = group.create_task(leaf("group"), name="named")
    assert named.result() == "group" and named.get_name() == "named"


async def threads():
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, lambda: 5) == 5
    reader_task = asyncio.ensure_future(leaf("beside"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(3)", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out == b"3\n" and process.returncode == 0
    await reader_task


async def main():
    await order()
    await primitives()
    await endings()
    await contexts()
    await factories()
    if hasattr(asyncio, "TaskGroup"):
        await groups()
    await threads()


asyncio.run(main())
asyncio.run(main.__wrapped__() if hasattr(main, "__wrapped__") else leaf("again"), debug=True)
log.clear()
asyncio.run(order(), debug=True)
print("ok")
