"""What threads, queues and blocking calls promise; the same with and without the probe."""

import copy
import inspect
import os
import pickle
import queue
import select
import socket
import sys
import threading
import time


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        return str(error)
    raise AssertionError(f"{function!r} did not raise {kind!r}")


class Own(threading.Thread):
    def __init__(self):
        super().__init__(name="own", daemon=True)

    def run(self):
        self.result = threading.current_thread() is self


own = Own()
raises(RuntimeError, own.join)
own.start()
raises(RuntimeError, own.start)
own.join()
assert own.result and own.daemon and not own.is_alive() and own.name == "own"
assert threading.enumerate() == [threading.main_thread()]
assert threading.active_count() == 1
raises(RuntimeError, threading.current_thread().join)

caught = []
threading.excepthook = lambda args: caught.append(args.exc_type)
broken = threading.Thread(target=lambda: 1 / 0)
broken.start()
broken.join()
assert caught == [ZeroDivisionError]

timer = threading.Timer(30, print)
timer.start()
timer.cancel()
timer.join()
timer = threading.Timer(0.001, caught.append, ["timer"])
timer.start()
timer.join(30)
assert caught[-1] == "timer"

for kind, expected in (
    (queue.Queue, [3, 1, 2]),
    (queue.LifoQueue, [2, 1, 3]),
    (queue.PriorityQueue, [1, 2, 3]),
):
    items = kind(3)
    for item in (3, 1, 2):
        items.put(item)
    assert items.full() and items.qsize() == 3
    raises(queue.Full, items.put, 4, False)
    raises(queue.Full, items.put, 4, timeout=0.001)
    raises(queue.Full, items.put_nowait, 4)
    assert [items.get() for _ in range(3)] == expected
    raises(queue.Empty, items.get, False)
    raises(queue.Empty, items.get_nowait)
    raises(queue.Empty, items.get, timeout=0.001)
    raises(ValueError, items.get, timeout=-1)
    for _ in range(3):
        items.task_done()
    items.join()
    raises(ValueError, items.task_done)


class Reversed(queue.Queue):
    def _put(self, item):
        super()._put(-item)


items = Reversed()
items.put(1)
assert items.get() == -1

simple = queue.SimpleQueue()
raises(queue.Empty, simple.get_nowait)
raises(queue.Empty, simple.get, timeout=0.001)
raises(queue.Empty, simple.get, False)
raises(ValueError, simple.get, timeout=-1)
taker = threading.Thread(target=lambda: caught.append(simple.get()))
taker.start()
simple.put("item", block=True, timeout=None)
taker.join()
assert caught[-1] == "item" and simple.empty() and simple.qsize() == 0
assert type(simple).__name__ == "SimpleQueue" and isinstance(simple, queue.SimpleQueue)

before = time.monotonic()
assert time.sleep(0.002) is None
assert time.monotonic() - before >= 0.002
time.sleep(0)
raises(TypeError, time.sleep)
raises(TypeError, time.sleep, "a")
raises(ValueError, time.sleep, -1)
assert time.sleep.__name__ == "sleep" and time.sleep.__module__ == "time"
assert repr(time.sleep) == "<built-in function sleep>"
for function in (time.sleep, os.read, os.wait):
    assert pickle.loads(pickle.dumps(function)) is function
assert copy.deepcopy(time.sleep) is time.sleep
assert time.sleep.__doc__ and callable(time.sleep)


class Holder:
    sleep = time.sleep  # a built-in function does not become a method


Holder().sleep(0.001)

read, write = os.pipe()
assert os.write(write, b"abc") == 3 and os.read(read, 10) == b"abc"
os.set_blocking(read, False)
raises(BlockingIOError, os.read, read, 1)
ready = select.select([read], [], [], 0)
assert ready == ([], [], [])
assert select.select([read], [], [], 0.001) == ([], [], [])
os.close(read)
os.close(fd=write)
raises(OSError, os.read, read, 1)
raises(OSError, os.close, read)
raises(OSError, os.kill, 2**22 + 1, 0)
raises(TypeError, os.kill, "1", 0)

left, right = socket.socketpair()
with left, right:
    left.sendall(b"hello")
    assert right.recv(5) == b"hello"
    right.settimeout(0.001)
    raises(socket.timeout, right.recv, 1)
    right.setblocking(False)
    raises(BlockingIOError, right.recv, 1)
    assert isinstance(left, socket.socket)

pid = os.fork()
if pid == 0:
    os._exit(7)
assert os.waitpid(pid, 0) == (pid, 7 << 8)
raises(ChildProcessError, os.waitpid, -1, os.WNOHANG)
pid = os.fork()
if pid == 0:
    os._exit(0)
assert os.wait() == (pid, 0)

assert sys.stdout.encoding and sys.stdout.errors and sys.stdout.fileno() == 1
assert sys.stdout is sys.__stdout__ and sys.stdout.mode == "w" and sys.stdout.name == "<stdout>"
assert sys.stdout.buffer.fileno() == 1 and not sys.stdout.closed
assert type(sys.stdout).__name__ == "TextIOWrapper"
assert sys.stderr.errors == "backslashreplace"
sys.stdout.reconfigure(errors="replace")
assert sys.stdout.write("") == 0
raises(TypeError, sys.stdout.write, 1)
assert inspect.signature(os.kill) is not None
sys.stdout.writelines(["o", "k\n"])
