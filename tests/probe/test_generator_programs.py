"""Generators that are driven by hand in threads, processes and modules; and programs without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.probe.decoding import Run
from tests.probe.test_records_generators import KINDS, lives

Probed = Callable[..., Run]

THREADS = """
import threading
def work(name):
    for _ in range(50):
        yield
def drive(name):
    one = work(name)
    for _ in range(50):
        next(one)
    return one
threads = [threading.Thread(target=drive, args=(name,)) for name in "ab"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
moved = drive("c")
def end():
    try:
        next(moved)
    except StopIteration:
        pass
thread = threading.Thread(target=end)
thread.start()
thread.join()
"""


def test_each_thread_drives_its_own_and_one_may_be_handed_on(probed: Probed, python: str) -> None:
    run = probed(THREADS, python=python)
    assert run.stderr == ""
    found = lives(run)
    assert len(found) == 3
    ends = set()
    for life in found.values():
        tids = [row.tid for row in life.rows]
        assert len(life.steps) == (100 if life.steps[-1][0] == "yield" else 102) or (
            life.steps[-1][0] == "closed"
        )
        ends.add((len(set(tids)), life.steps[-1][0]))
    # Two are dropped with the frame of their thread's function; one ends in another thread.
    assert ends == {(1, "closed"), (2, "returned")}


FORKED = """
import os
def work():
    while True:
        yield
one = work()
next(one), next(one)
child = os.fork()
next(one)
if not child:
    os._exit(0)
os.waitpid(child, 0)
"""


def test_forked_child_tells_of_its_own_copy(probed: Probed, python: str) -> None:
    run = probed(FORKED, python=python)
    parent, child = run.of("TASK_NEW")
    assert parent.pid != child.pid
    assert all(row.b >> 32 == row.pid for row in run.of(*KINDS))
    assert run.of("TASK_PAUSE", b=child.b)


MODULES = {
    "jobs.py": "def work():\n    while True:\n        yield\n",
    "package/__init__.py": "",
    "package/more.py": "def work():\n    while True:\n        yield\n",
}


def test_generators_of_imported_modules_are_told(probed: Probed, python: str) -> None:
    files = "".join(
        f"os.makedirs(os.path.dirname(os.path.join(here, {name!r})), exist_ok=True)\n"
        f"open(os.path.join(here, {name!r}), 'w').write({text!r})\n"
        for name, text in MODULES.items()
    )
    program = f"""
import multiprocessing, os, sys
here = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__" and len(sys.argv) == 1:
{"".join("    " + line + chr(10) for line in files.splitlines())}
    os.execv(sys.executable, [sys.executable, __file__, "again"])
import jobs, package.more
def work():
    while True:
        yield
def drive():
    for one in (jobs.work(), package.more.work(), work()):
        one.send(None)
        one.send(None)
if __name__ == "__main__":
    drive()
    process = multiprocessing.get_context("spawn").Process(target=drive)
    process.start()
    process.join()
    print(process.exitcode)
"""
    run = probed(program, python=python)
    assert (run.stdout, run.stderr) == ("0\n", "")
    by_pid: dict[int, int] = {}
    for new in run.of("TASK_NEW"):
        by_pid[new.pid] = by_pid.get(new.pid, 0) + 1
    assert sorted(by_pid.values()) == [3, 3]


TRACED = """
import sys
def work():
    while True:
        yield
one = work()
next(one), next(one)
lines = []
def trace(frame, event, arg):
    lines.append(event)
    return trace
assert sys.gettrace() is None
sys.settrace(trace)
next(one)
sys.settrace(None)
assert sys.gettrace() is None
next(one)
print(lines)
"""


def test_programs_own_trace_function_is_the_one_that_counts(probed: Probed, python: str) -> None:
    run = probed(TRACED, python=python)
    assert run.stderr == ""
    assert "'call', 'line'" in run.stdout
    (life,) = lives(run).values()
    assert life.steps[-1][0] == "lost"


IN_TASK = """
import asyncio
def work():
    while True:
        yield
async def main():
    one = work()
    for _ in range(3):
        next(one)
        await asyncio.sleep(0)
asyncio.run(main())
"""


def test_generator_within_a_task_is_a_part_of_the_task(probed: Probed, python: str) -> None:
    run = probed(IN_TASK, python=python)
    names = {new.text.partition("\0")[2] for new in run.of("TASK_NEW")}
    assert "main" in names and "work" not in names


MANY = """
def work():
    while True:
        yield
kept = []
for _ in range(10_050):
    one = work()
    next(one)
    next(one)
    kept.append(one)
"""


def test_number_of_generators_is_bounded(probed: Probed) -> None:
    run = probed(MANY)
    assert run.stderr == ""
    assert len(run.of("TASK_NEW")) == 10_000


@pytest.mark.parametrize("text", ["print(1)", "print([n for n in range(3)])"])
def test_program_without_generators_loads_nothing_for_them(
    probed: Probed, python: str, text: str
) -> None:
    program = f"""
import sys
{text}
print(*sorted(name for name in sys.modules if "generator" in name and "timeslice" in name))
"""
    run = probed(program, python=python)
    room = "_timeslice_probe.generators"
    assert run.stdout.splitlines()[-1] == f"{room} {room}.program_text"  # which looked at the text


def test_program_whose_generators_are_used_up_is_not_traced(probed: Probed, python: str) -> None:
    program = """
import contextlib, sys
@contextlib.contextmanager
def managed():
    yield 1
def count(n):
    yield from range(n)
with managed():
    print(list(count(3)))
traced = "_timeslice_probe.generators.tracing" in sys.modules
print(traced)
"""
    assert probed(program, python=python).stdout == "[0, 1, 2]\nFalse\n"
