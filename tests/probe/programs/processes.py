"""What multiprocessing and executors promise; the same with and without the probe."""

import multiprocessing
import os
import pickle
import queue
import subprocess
import sys
from concurrent import futures


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        return str(error)
    raise AssertionError(f"{function!r} did not raise {kind!r}")


def child(lock, rlock, semaphore, event, items, simple, pipe):
    with lock, rlock, rlock:
        semaphore.acquire()
        semaphore.release()
    event.wait(30)
    items.put(("from", os.getpid()))
    simple.put("simple")
    pipe.send([pipe.recv(), "answer"])
    pipe.close()


def double(x):
    return 2 * x


def check_objects(context):
    lock, rlock, semaphore = context.Lock(), context.RLock(), context.Semaphore(2)
    assert lock.acquire() and not lock.acquire(False) and not lock.acquire(timeout=0.001)
    assert not lock.acquire(block=False)
    lock.release()
    raises(ValueError, lock.release)
    raises(AssertionError, rlock.release)
    assert rlock.acquire() and rlock.acquire()
    rlock.release()
    rlock.release()
    assert semaphore.get_value() == 2
    raises(ValueError, context.BoundedSemaphore(1).release)
    raises(RuntimeError, pickle.dumps, lock)
    condition = context.Condition()
    raises(AssertionError, condition.wait)
    with condition:
        assert condition.wait(0.001) is False
        condition.notify_all()
    event = context.Event()
    assert event.wait(0.001) is False
    event.set()
    assert event.wait() and event.is_set()
    event.clear()
    items = context.Queue(1)
    raises(queue.Empty, items.get, False)
    raises(queue.Empty, items.get, timeout=0.001)
    items.put(1)
    raises(queue.Full, items.put, 2, False)
    assert items.get() == 1
    joinable = context.JoinableQueue()
    joinable.put(1)
    assert joinable.get() == 1
    joinable.task_done()
    joinable.join()
    left, right = context.Pipe()
    assert left.poll() is False and left.poll(0.001) is False
    right.send_bytes(b"bytes")
    assert left.poll(30) and left.recv_bytes() == b"bytes"
    right.close()
    raises(EOFError, left.recv)
    raises(OSError, right.send, 1)


def check_processes(context):
    items, simple = context.Queue(), context.SimpleQueue()
    ours, theirs = context.Pipe()
    lock, rlock, semaphore = context.Lock(), context.RLock(), context.Semaphore(2)
    event = context.Event()
    process = context.Process(
        target=child, args=(lock, rlock, semaphore, event, items, simple, theirs), name="kid"
    )
    raises(AssertionError, process.join)
    process.start()
    raises(AssertionError, process.start)
    theirs.close()
    assert process.name == "kid" and process.is_alive() and process.exitcode is None
    event.set()
    assert items.get(timeout=30) == ("from", process.pid)
    assert simple.get() == "simple"
    ours.send("question")
    assert ours.recv() == ["question", "answer"]
    process.join()
    assert process.exitcode == 0 and not process.is_alive()
    process.close()
    with context.Pool(2) as pool:
        assert pool.map(double, range(5)) == [0, 2, 4, 6, 8]
        assert pool.apply_async(double, (4,)).get(30) == 8
        assert sorted(pool.imap_unordered(double, range(3))) == [0, 2, 4]


def check_executors(context):
    with futures.ThreadPoolExecutor(2) as executor:
        assert list(executor.map(double, range(4))) == [0, 2, 4, 6]
        failing = executor.submit(int, "x")
        raises(ValueError, failing.result)
        assert isinstance(failing.exception(), ValueError)
        done, rest = futures.wait([executor.submit(double, 1)])
        assert [future.result() for future in done] == [2] and not rest
        all_done = futures.as_completed([executor.submit(double, x) for x in range(3)])
        assert sorted(future.result() for future in all_done) == [0, 2, 4]
    raises(RuntimeError, executor.submit, double, 1)
    future = futures.Future()
    raises(futures.TimeoutError, future.result, 0.001)
    assert future.cancel() and future.cancel() and future.cancelled()
    raises(futures.CancelledError, future.result)
    future = futures.Future()
    future.set_result(1)
    raises(futures.InvalidStateError, future.set_result, 2)
    with futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        assert list(executor.map(double, range(4))) == [0, 2, 4, 6]


def main():
    context = multiprocessing.get_context(sys.argv[1])
    check_objects(context)
    check_processes(context)
    check_executors(context)
    done = subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", ""), done
    popen = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    raises(subprocess.TimeoutExpired, popen.wait, timeout=0.001)
    popen.kill()
    popen.communicate()
    assert popen.returncode == -9
    raises(FileNotFoundError, subprocess.Popen, ["/nowhere/at/all"])
    print("ok")


if __name__ == "__main__":
    main()
