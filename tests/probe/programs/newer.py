"""What CPython 3.14 and 3.15 brought is as they promise it; older ones have nothing to show."""

import asyncio
import concurrent.futures
import contextvars
import multiprocessing
import os
import sys
import threading
import time
import warnings

warnings.simplefilter("error")
VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")


def check_locks():
    lock, condition = threading.RLock(), threading.Condition()
    assert not lock.locked() and not condition.locked()
    with lock, condition:
        assert lock.locked() and condition.locked()
    assert not lock.locked() and not condition.locked()


def check_context():
    seen = []
    context = contextvars.Context()
    context.run(VARIABLE.set, "handed over")
    VARIABLE.set("main's own")
    for details in ({"context": context}, {}):
        thread = threading.Thread(target=lambda: seen.append(VARIABLE.get()), **details)
        thread.start()
        thread.join()
    inherited = "main's own" if sys.flags.thread_inherit_context else "unset"
    assert seen == ["handed over", inherited], seen


async def leaf(steps):
    steps.append("begun")
    await asyncio.sleep(0.01)
    return asyncio.capture_call_graph().call_stack


async def check_tasks():
    steps = []
    task = asyncio.create_task(leaf(steps), name="eager", eager_start=True)
    assert steps == ["begun"] and task.get_name() == "eager" and task in asyncio.all_tasks()
    later = asyncio.create_task(leaf(steps), name="later")
    assert steps == ["begun"]
    await asyncio.sleep(0)
    assert asyncio.capture_call_graph(later).awaited_by == ()
    waiting = asyncio.gather(task, later)
    main = asyncio.current_task()
    got = await asyncio.wait_for(waiting, 10)
    for entries in got:
        assert [entry.frame.f_code.co_name for entry in entries] == ["leaf"], entries
    async with asyncio.TaskGroup() as group:
        inner = group.create_task(leaf(steps))
        await asyncio.sleep(0)
        graph = asyncio.capture_call_graph(inner)
        assert [entry.frame.f_code.co_name for entry in graph.call_stack][-1] == "leaf"
        assert [one.future for one in graph.awaited_by] in ([], [main])


def work(number):
    return number * number


def check_interpreters():
    from concurrent import interpreters

    interpreter = interpreters.create()
    assert interpreter.call(work, 7) == 49
    queue = interpreters.create_queue()
    thread = interpreter.call_in_thread(queue.put, "hello")
    assert queue.get(timeout=20) == "hello"
    thread.join()
    interpreter.close()
    with concurrent.futures.InterpreterPoolExecutor(2) as pool:
        assert list(pool.map(work, range(4))) == [0, 1, 4, 9]
        try:
            pool.submit(work, "no number").result()
        except TypeError as error:
            assert "can't multiply" in str(error), error
        else:
            raise AssertionError("it multiplied words")


def sleep_long(ready):
    try:
        ready.send("asleep")
        time.sleep(100)
    except KeyboardInterrupt:
        sys.exit(7)


def check_processes():
    assert multiprocessing.get_start_method() == "forkserver"
    mine, its = multiprocessing.Pipe()
    child = multiprocessing.Process(target=sleep_long, args=(its,))
    child.start()
    assert mine.recv() == "asleep"
    child.interrupt()
    child.join()
    assert child.exitcode == 7, child.exitcode
    pool = concurrent.futures.ProcessPoolExecutor(1)
    future = pool.submit(os.getpid)
    pid = future.result()
    future = pool.submit(time.sleep, 100)
    pool.kill_workers()
    try:
        future.result()
    except (concurrent.futures.BrokenExecutor, concurrent.futures.CancelledError):
        pass
    else:
        raise AssertionError(f"worker {pid} slept on")


def check_iterators():
    counted = threading.serialize_iterator(iter(range(1000)))
    seen = [[], []]
    threads = [threading.Thread(target=one.extend, args=(counted,)) for one in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen[0] + seen[1]) == list(range(1000))


def main():
    if sys.version_info >= (3, 14) and sys.implementation.name == "cpython":
        check_locks()
        check_context()
        asyncio.run(check_tasks())
        check_interpreters()
        check_processes()
    if hasattr(threading, "serialize_iterator"):
        check_iterators()
    print("ok")


if __name__ == "__main__":
    main()
