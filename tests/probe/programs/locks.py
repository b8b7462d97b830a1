"""What locks promise; the same with and without the probe."""

import _thread
import copy
import inspect
import pickle
import sys
import threading
import weakref


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        return str(error)
    raise AssertionError(f"{function!r} did not raise {kind!r}")


def in_thread(function, *args):
    result = []
    thread = threading.Thread(target=lambda: result.append(function(*args)))
    thread.start()
    thread.join()
    return result[0]


lock = threading.Lock()
kind = type(_thread.allocate_lock())
assert isinstance(lock, kind)
assert isinstance(_thread.allocate_lock(), type(lock))
assert not isinstance(threading.RLock(), type(lock))
assert lock.__class__ is kind
assert repr(lock).startswith("<unlocked _thread.lock object at 0x")
assert type(lock).__name__ == "lock" and type(lock).__module__ == "_thread"
assert lock.acquire() is True and lock.locked()
assert repr(lock).startswith("<locked _thread.lock object at 0x")
assert lock.acquire(False) is False
assert lock.acquire(blocking=False) is False
assert lock.acquire(timeout=0.001) is False
assert lock.acquire(True, 0.001) is False
lock.release()
assert not lock.locked()
assert "unlocked" in raises(RuntimeError, lock.release)
assert "timeout" in raises(ValueError, lock.acquire, False, 1)
assert "timeout" in raises(ValueError, lock.acquire, True, -2)
raises(OverflowError, lock.acquire, True, 1e100)
raises(TypeError, lock.acquire, True, "soon")
assert not lock.locked()
assert "pickle" in raises(TypeError, pickle.dumps, lock)
assert "pickle" in raises(TypeError, copy.copy, lock)
for factory in (threading.Lock, threading.RLock):
    assert pickle.loads(pickle.dumps(factory)) is factory
if sys.version_info >= (3, 13):
    assert type(lock) is threading.Lock and repr(threading.Lock) == "<class '_thread.lock'>"
else:
    assert "instances" in raises(TypeError, type(lock))
    assert repr(threading.Lock) == "<built-in function allocate_lock>"
assert "pickle" in raises(TypeError, copy.deepcopy, lock)
with lock as taken:
    assert taken is True and lock.locked()
assert not lock.locked()
try:
    with lock:
        raise KeyError
except KeyError:
    pass
assert not lock.locked()
assert lock.acquire_lock() and lock.locked_lock()
lock.release_lock()
reference = weakref.ref(lock)
assert reference() is lock and hash(lock) == hash(lock) and lock == lock
assert lock != threading.Lock()
del lock
assert reference() is None

rlock = threading.RLock()
assert isinstance(rlock, _thread.RLock)
assert "unlocked" in repr(rlock) and "_thread.RLock" in repr(rlock)
assert rlock.acquire() and rlock.acquire() and rlock._is_owned()
assert in_thread(rlock.acquire, False) is False
assert in_thread(rlock.acquire, True, 0.001) is False
assert "un-acquired" in in_thread(raises, RuntimeError, rlock.release)
rlock.release()
assert in_thread(rlock.acquire, False) is False
rlock.release()
assert not rlock._is_owned()
assert "un-acquired" in raises(RuntimeError, rlock.release)
with rlock as taken:
    assert taken
    with rlock:
        state = rlock._release_save()
        assert not rlock._is_owned()
        assert in_thread(lambda: rlock.acquire(False) and (rlock.release() or True))
        rlock._acquire_restore(state)
        assert rlock._is_owned()
assert not rlock._is_owned()
raises(ValueError, rlock.acquire, False, 1)
assert "pickle" in raises(TypeError, pickle.dumps, rlock)
assert weakref.ref(rlock)() is rlock

condition = threading.Condition()
raises(RuntimeError, condition.wait)
raises(RuntimeError, condition.notify)
with condition:
    assert condition.wait(0.001) is False
    assert condition.wait_for(lambda: True) is True
    assert condition.wait_for(lambda: 0, timeout=0.001) == 0
for held in (threading.Lock(), threading.RLock(), None):
    condition = threading.Condition(held)
    seen = []

    def wait(condition, seen):
        with condition:
            while not seen:
                condition.wait()
            seen.append(2)

    waiter = threading.Thread(target=wait, args=(condition, seen))
    waiter.start()
    with condition:
        seen.append(1)
        condition.notify_all()
    waiter.join()
    assert seen == [1, 2]

semaphore = threading.Semaphore(2)
assert semaphore.acquire() and semaphore.acquire(blocking=False)
assert semaphore.acquire(timeout=0.001) is False
raises(ValueError, semaphore.acquire, False, 1)
semaphore.release()
with semaphore:
    pass
if hasattr(inspect.signature(threading.Semaphore.release), "parameters"):
    semaphore.release(1)
bounded = threading.BoundedSemaphore(1)
raises(ValueError, bounded.release)
raises(ValueError, threading.Semaphore, -1)

event = threading.Event()
assert event.wait(0.001) is False
event.set()
assert event.wait() is True and event.is_set()
event.clear()
assert not event.is_set()

barrier = threading.Barrier(2, timeout=30)
thread = threading.Thread(target=barrier.wait)
thread.start()
assert barrier.wait() in (0, 1)
thread.join()
raises(threading.BrokenBarrierError, threading.Barrier(2).wait, 0.001)

assert str(inspect.signature(threading.Condition.wait)) == "(self, timeout=None)"
assert str(inspect.signature(threading.Thread.join)) == "(self, timeout=None)"
print("ok")
