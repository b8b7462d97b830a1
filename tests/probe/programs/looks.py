"""Functions and errors look as they do without the probe."""

import contextlib
import copy
import inspect
import io
import os
import pickle
import queue
import select
import subprocess
import sys
import threading
import time
import traceback
import types
from unittest import mock

BUILTINS = [
    time.sleep, input, os.pipe, os.read, os.write, os.close, os.kill, os.wait, os.waitpid,
    os.setuid, select.select, sys.exit, sys.excepthook,
]  # fmt: skip


def check_builtins() -> None:
    class Holder:
        kept = time.sleep

    for function in BUILTINS:
        assert repr(function) == f"<built-in function {function.__name__}>"
        assert type(function).__name__ == "builtin_function_or_method"
        assert isinstance(function, types.BuiltinFunctionType) and inspect.isbuiltin(function)
        assert pickle.loads(pickle.dumps(function)) is copy.deepcopy(function) is function
        assert callable(function) and inspect.isroutine(function) and function.__doc__
    assert Holder().kept is time.sleep, "it is not bound"
    assert list(inspect.signature(os.close).parameters) == ["fd"]
    with mock.patch("time.sleep") as sleep:
        time.sleep(60)
    sleep.assert_called_once_with(60)


def check_methods() -> None:
    for function in (threading.Thread.start, threading.Condition.wait, queue.Queue.get):
        assert inspect.getsource(function).lstrip().startswith(f"def {function.__name__}(self")
        assert pickle.loads(pickle.dumps(function)) is function


def entries(function) -> "list[str]":
    try:
        function()
    except (OSError, RuntimeError, SystemExit, TypeError, queue.Empty):
        return [entry.name for entry in traceback.extract_tb(sys.exc_info()[2])][2:]
    raise AssertionError("it did not fail")


def check_tracebacks() -> None:
    assert entries(lambda: time.sleep("x")) == []
    assert entries(lambda: os.read(99, 1)) == []
    assert entries(lambda: sys.exit(1)) == []
    assert entries(lambda: threading.Lock().release()) == []
    assert entries(lambda: queue.Queue().get_nowait()) == ["get_nowait", "get"]
    assert entries(lambda: threading.current_thread().join()) == ["join"]
    assert entries(lambda: subprocess.Popen("/none"))[:2] == ["__init__", "_execute_child"]


def fail() -> None:
    try:
        queue.Queue().get_nowait()
    except queue.Empty:
        time.sleep("x")


def check_what_is_printed() -> None:
    with contextlib.redirect_stderr(io.StringIO()) as printed:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        try:
            fail()
        except TypeError:
            sys.excepthook(*sys.exc_info())
            traceback.print_exc()
    own = ("looks.py", "threading.py", "queue.py")
    files = [line for line in printed.getvalue().splitlines() if line.startswith('  File "')]
    assert len(files) > 12 and all(line.split('"')[1].endswith(own) for line in files), files


def check_locks() -> None:
    for arguments in ((1,), (1, 2)):
        try:
            threading.Lock(*arguments)
        except TypeError as error:
            assert "argument" in str(error) and "_made" not in str(error)
        else:
            raise AssertionError("a lock takes no arguments")
    try:
        type("Own", (threading.Lock,), {})
    except TypeError:
        pass
    else:
        raise AssertionError("a lock's type has no subclasses")
    assert isinstance(threading.Lock(), type(threading.Lock()))
    assert isinstance(threading.RLock(), type(threading.RLock()))


check_builtins()
check_methods()
check_tracebacks()
check_what_is_printed()
check_locks()
print("ok")
