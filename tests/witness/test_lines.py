"""Lines of running threads, read from real interpreters from outside."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import LineSample, SwitchOut, ThreadBorn, ThreadGone
from app.witness import lines
from app.witness.lines import INTERVAL_NS, LinesSampler
from app.witness.threads import ThreadTable
from tests.witness.program import DEADLINE_S

pytestmark = pytest.mark.real

#: Prints "name tid" of each thread and "child pid" of a forked process, then waits for ever.
#: The file's name and one of its functions are no ASCII.
PROGRAM = """
import os, sys, threading, time
def count():
    n = 0
    while True:     # COUNT
        n += 1      # COUNT
        n %= 9      # COUNT
def deep(n):
    if n: deep(n - 1)
    count()
def numbers():
    while True:     # NUMBERS
        yield 1     # NUMBERS
def take():
    for _ in numbers():  # NUMBERS
        pass        # NUMBERS
def spin():
    while True: spun()
lock = threading.Lock(); lock.acquire()
def wait():
    lock.acquire(   # WAIT
    )
def named(name, work, *args):
    def run():
        os.write(1, f"{name} {threading.get_native_id()}\\n".encode())
        work(*args)
    threading.Thread(target=run, daemon=True).start()
sys.path.append(os.path.dirname(__file__))
from helper import spun
pid = os.fork()
if not pid: count()
os.write(1, f"child {pid}\\n".encode())
named("count", count); named("deep", deep, 30); named("take", take); named("spin", spin)
named("wait", wait)
time.sleep(1000)    # MAIN
"""
HELPER = "def spun():\n    return sum(range(100))  # HELPER\n"
NAME = "programm-µ-程序.py"
MARKS = {"count": "COUNT", "deep": "COUNT", "take": "NUMBERS", "child": "COUNT", "wait": "WAIT",
         "main": "MAIN"}  # fmt: skip
COMPUTE = ("count", "deep", "take", "child")


@contextmanager
def started(python: str, folder: Path, program: str = PROGRAM) -> Iterator[subprocess.Popen[bytes]]:
    """Killed with its child and reaped at the end."""
    (folder / NAME).write_text(program, "utf-8")
    (folder / "helper.py").write_text(HELPER)
    command = [python, "-W", "ignore", "-X", "utf8", str(folder / NAME)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, 9)


def hello(pid: int, python: str) -> ProbeRecord:
    told = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[0] << 8 | sys.version_info[1])"],
        capture_output=True, check=True,
    )  # fmt: skip
    return ProbeRecord(1, pid, pid, 0, wire.HELLO, int(told.stdout), 0, 0, 0, "CPython")


def marked(mark: str, text: str = PROGRAM) -> set[int]:
    return {n for n, line in enumerate(text.splitlines(), 1) if line.endswith(f"# {mark}")}


def told(name: str) -> set[tuple[str, int]]:
    return {(NAME, n) for n in marked(MARKS[name])}


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not found():
        assert time.monotonic() < deadline, "it never came"


def test_lines_are_those_that_the_threads_execute(python: str, tmp_path: Path) -> None:
    with started(python, tmp_path) as process:
        assert process.stdout is not None
        names = {process.pid: "main"}
        for _ in range(6):
            word, number = process.stdout.readline().split()
            names[int(number)] = word.decode()
        child = next(tid for tid, name in names.items() if name == "child")
        table = ThreadTable(process.pid)
        table.note(
            [ThreadBorn(1, child if tid == child else process.pid, tid, 1, 1) for tid in names]
        )
        sampler = LinesSampler(table, [str(tmp_path)])
        sampler.note([hello(process.pid, python), hello(child, python)])
        seen: dict[str, set[tuple[str, int]]] = {name: set() for name in names.values()}
        wrong: list[LineSample] = []
        last = {"wait": 0, "main": 0}
        looks = 0

        def look() -> bool:
            nonlocal looks
            looks += 1
            for record in sampler.poll(looks * 100 * INTERVAL_NS):
                assert isinstance(record, LineSample)
                assert record.since <= record.t
                name = names[record.tid]
                seen[name].add((os.path.basename(record.path), record.line))
                if name in last:
                    last[name] = record.line
                    continue
                mark = marked(MARKS[name]) if name in MARKS else set()
                if mark and record.line not in mark:
                    wrong.append(record)
            settled = all(last[name] in marked(MARKS[name]) for name in last)
            moved = all(len(seen[name] & told(name)) >= 2 for name in COMPUTE)
            return looks >= 300 and settled and moved and ("helper.py", 2) in seen["spin"]

        until(look)
        # At its beginning a thread is elsewhere: once it is where it is going to be, never again.
        wrong.clear()
        looks_before = looks
        until(lambda: look() and looks >= looks_before + 300)
        assert not wrong
        assert {file for file, _ in seen["spin"]} <= {NAME, "helper.py"}
        assert not sampler.reasons
        sampler.close()


def test_lines_of_a_blocked_thread_are_looked_at_once(python: str, tmp_path: Path) -> None:
    program = 'import time\nprint("here", flush=True)\ntime.sleep(1000)\n'
    with started(python, tmp_path, program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        table = ThreadTable(process.pid)
        sampler = LinesSampler(table, [str(tmp_path)])
        sampler.note([hello(process.pid, python)])
        table.note([SwitchOut(5, process.pid, process.pid, 0, False)])
        found: list[LineSample] = []
        looks = iter(range(1, 1 << 30))

        def look() -> bool:
            found.extend(sampler.poll(next(looks) * 100 * INTERVAL_NS))  # type: ignore[arg-type]
            return bool(found)

        until(look)
        for _ in range(5):
            look()
        assert len(found) == 1
        table.note([SwitchOut(9, process.pid, process.pid, 0, False)])
        found.clear()
        until(look)
        assert [(record.path, record.line) for record in found] == [(str(tmp_path / NAME), 3)]
        sampler.close()


def test_lines_of_others_are_not_the_programs(tmp_path: Path) -> None:
    sampler = LinesSampler(ThreadTable(1), [str(tmp_path)])
    own = {
        str(tmp_path / "a.py"): True,
        str(tmp_path / "package/b.py"): True,
        str(tmp_path / ".venv/lib/python3.11/threading.py"): False,
        str(tmp_path / "env/lib/python3.13/site-packages/numpy/core.py"): False,
        str(tmp_path) + "-other/a.py": False,
        "<string>": False,
        lines.__file__.replace("witness/lines", "probe/recording/ring"): False,
    }
    assert {path: sampler._is_own(path) for path in own} == own


def test_lines_look_less_often_where_a_look_is_dear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = LinesSampler(ThreadTable(os.getpid()), [str(tmp_path)])
    clock = iter(range(0, 1 << 40, 4_000_000))
    monkeypatch.setattr(time, "thread_time_ns", lambda: next(clock))
    for now in range(0, 2_000_000_000, 10_000_000):
        sampler.poll(now)
    # A look of 4 ms, and a fiftieth of a core: five looks a second.
    assert sampler._looks == 10


def test_lines_of_a_process_that_may_not_be_read_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(lines, "Memory", refuse)
    sampler = LinesSampler(ThreadTable(os.getpid()), [str(tmp_path)])
    sampler.note([ProbeRecord(1, os.getpid(), os.getpid(), 0, wire.HELLO, 0x30B, 0, 0, 0, "")])
    for look in range(1, 4):
        assert sampler.poll(look * 100 * INTERVAL_NS) == []
    assert sampler.reasons == [
        "The lines of running threads can't be read: Operation not permitted."
    ]


def test_lines_of_a_version_that_is_not_known_say_so(tmp_path: Path) -> None:
    sampler = LinesSampler(ThreadTable(os.getpid()), [str(tmp_path)])
    sampler.note([ProbeRecord(1, os.getpid(), os.getpid(), 0, wire.HELLO, 0x363, 0, 0, 0, "")])
    for look in range(1, 60):
        assert sampler.poll(look * 100 * INTERVAL_NS) == []
    assert sampler.reasons == ["The lines of running threads can't be read from CPython 3.99 here."]


def test_lines_of_an_ended_process_leave_nothing_open(python: str, tmp_path: Path) -> None:
    def opened() -> list[str]:
        return [
            os.readlink(f"/proc/self/fd/{fd}")
            for fd in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{fd}")
        ]

    with started(python, tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        pid = process.pid
        table = ThreadTable(pid)
        sampler = LinesSampler(table, [str(tmp_path)])
        sampler.note([hello(pid, python)])
        looks = iter(range(1, 1 << 30))
        until(lambda: bool(sampler.poll(next(looks) * 100 * INTERVAL_NS)))
        assert f"/proc/{pid}/mem" in opened()
        sampler.note([hello(pid, python)])
        assert f"/proc/{pid}/mem" not in opened()
        until(lambda: bool(sampler.poll(next(looks) * 100 * INTERVAL_NS)))
    table.note([ThreadGone(3, pid, pid)])
    assert sampler.poll(next(looks) * 100 * INTERVAL_NS) == []
    assert f"/proc/{pid}/mem" not in opened()


def test_lines_of_a_process_that_became_another_program_are_none(
    python: str, tmp_path: Path
) -> None:
    program = "import os\nos.read(0, 1)\nos.execv('/bin/cat', ['cat'])\n"
    (tmp_path / NAME).write_text(program, "utf-8")
    command = [python, "-X", "utf8", str(tmp_path / NAME)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        table = ThreadTable(process.pid)
        sampler = LinesSampler(table, [str(tmp_path)])
        sampler.note([hello(process.pid, python)])
        looks = iter(range(1, 1 << 30))
        until(lambda: bool(sampler.poll(next(looks) * 100 * INTERVAL_NS)))
        process.stdin.write(b"\necho\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"echo\n"
        for _ in range(100):
            assert sampler.poll(next(looks) * 100 * INTERVAL_NS) == []
        process.stdin.close()
        sampler.close()


def test_lines_go_through_the_threads_of_a_process_once_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many threads that run no Python, the interpreter knows none."""
    walks = []

    class Known:
        def __init__(self, *_: object) -> None:
            pass

        def threads(self) -> dict[int, int]:
            walks.append(1)
            return {os.getpid(): 1}

        def stack(self, *_: int) -> Iterator[object]:
            return iter(())

    class Open:
        def __init__(self, *_: object) -> None:
            pass

        def close(self) -> None:
            pass

    monkeypatch.setattr(lines, "Memory", Open)
    monkeypatch.setattr(lines, "Interpreter", Known)
    pid = os.getpid()
    table = ThreadTable(pid)
    table.note([ThreadBorn(1, pid, 1_000_000 + n, pid, pid) for n in range(20)])
    sampler = LinesSampler(table, [str(tmp_path)])
    sampler.note([ProbeRecord(1, pid, pid, 0, wire.HELLO, 0x30B, 0, 0, 0, "")])
    for look in range(1, 6):
        sampler.poll(look * 100 * INTERVAL_NS)
        assert len(walks) <= 1 + look
