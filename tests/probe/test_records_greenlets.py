"""What the probe records of greenlets, against a tracer of the program's own."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from app.timeline.places import line_of as line_of_place
from app.timeline.states import Reason
from tests.probe.decoding import Run
from tests.probe.test_records_threads import line_of

pytest.importorskip("greenlet")

Probed = Callable[..., Run]

#: Greenlets that switch to each other at random; the tracer keeps its own list by number.
TRACED = """
import random
import greenlet

seen, numbers, luck = [], {}, random.Random(7)

def trace(event, args):
    origin, target = args
    seen.append((numbers[origin], bool(origin.dead), numbers[target]))

def work(number):
    for _ in range(luck.randrange(1, 9)):
        others = [each for each in numbers if each and not each.dead]
        luck.choice(others).switch()

numbers[greenlet.getcurrent()] = 0
greenlet.settrace(trace)
assert greenlet.gettrace() is trace
for number in range(1, 200):
    one = greenlet.greenlet(lambda number=number: work(number))
    numbers[one] = number
    one.switch()
for one in list(numbers):
    while not one.dead and numbers[one]:
        one.switch()
assert greenlet.settrace(None) is trace
print(seen)
"""


def test_every_switch_equals_that_of_the_programs_own_tracer(probed: Probed) -> None:
    run = probed(TRACED)
    assert run.stderr == ""
    seen = ast.literal_eval(run.stdout)
    numbers: dict[int, int] = {}
    found = []
    rows = run.of("TASK_PAUSE", "TASK_DONE", "TASK_RUN")[1:]  # the first is main's, running before
    for left, entered in zip(rows[::2], rows[1::2], strict=True):
        found.append((left.b, left.kind == "TASK_DONE", entered.b))
        assert entered.kind == "TASK_RUN"
    for (_, _, mine), (_, _, theirs) in zip(found, seen, strict=True):
        assert numbers.setdefault(mine, theirs) == theirs
    assert [(numbers[one], dead, numbers[other]) for one, dead, other in found] == seen
    assert len(numbers) == 200


def test_greenlet_tells_its_function_line_and_maker(probed: Probed) -> None:
    program = """
from greenlet import greenlet
def fetch():
    main.switch()  # back
def fails():
    raise LookupError
import greenlet as module
main = module.getcurrent()
one = greenlet(fetch)
one.switch()  # first
one.switch()
try:
    greenlet(fails).switch()
except LookupError:
    pass
"""
    run = probed(program)
    main, first, named, second = run.of("TASK_NEW")
    assert (main.text, main.aux) == ("main\0", 1)
    assert (line_of_place(first.a), first.c, named.b) == (
        line_of(program, "first"),
        main.b,
        first.b,
    )
    assert named.text == "\0fetch"
    pause = run.one("TASK_PAUSE", b=first.b)
    assert (Reason(pause.aux), line_of_place(pause.a), pause.c) == (
        Reason.TASK, line_of(program, "back"), main.b,
    )  # fmt: skip
    assert (run.one("TASK_DONE", b=first.b).aux, run.one("TASK_DONE", b=second.b).aux) == (0, 1)


GEVENT = """
import gevent
from gevent.event import Event

def fetch(seconds):
    gevent.sleep(seconds)  # sleep

def fails():
    raise LookupError

def turns():
    gevent.sleep(0)

def waits(event):
    event.wait()  # wait

gevent.get_hub().exception_stream = None
event = Event()
fetches = [gevent.spawn(fetch, 0.001) for _ in range(2)]  # spawn
named = gevent.Greenlet(fails)
named.name = "culprit"
named.start()
late = gevent.spawn(fetch, 60)
late.name = "named late"
others = [gevent.spawn(turns), gevent.spawn(waits, event)]
gevent.sleep(0.005)
late.kill()
event.set()
gevent.joinall([*fetches, named, late, *others])
print(repr(fetches[0]))
"""


def test_greenlets_of_gevent_have_names_reasons_and_endings(probed: Probed) -> None:
    pytest.importorskip("gevent")
    run = probed(GEVENT)
    assert run.stdout.startswith("<Greenlet at 0x")  # it was not asked for a name, so has none
    names: dict[int, str] = {}
    for row in run.of("TASK_NEW"):
        name, _, function = row.text.partition("\0")
        names[row.b] = name or function
    assert sorted(names.values()) == [
        "culprit", "fetch", "fetch", "main", "named late", "turns", "waits",
    ]  # fmt: skip
    ends = {names[row.b]: (row.aux, row.text) for row in run.of("TASK_DONE")}
    assert ends == {
        "fetch": (0, ""), "turns": (0, ""), "waits": (0, ""),
        "culprit": (1, "LookupError"), "named late": (2, ""),
    }  # fmt: skip
    made = [row for row in run.of("TASK_NEW") if names[row.b] == "fetch"]
    assert {line_of_place(row.a) for row in made} == {line_of(GEVENT, "spawn")}
    waits = {
        (names[row.b], Reason(row.aux), line_of_place(row.a))
        for row in run.of("TASK_PAUSE")
        if names[row.b] in ("fetch", "turns", "waits")
    }
    assert {
        ("fetch", Reason.SLEEP, line_of(GEVENT, "sleep")),
        ("waits", Reason.NONE, line_of(GEVENT, "wait")),
    } < waits
    (turns,) = (ident for ident, name in names.items() if name == "turns")
    kinds = [row.kind for row in run.of("TASK_READY", "TASK_RUN", "TASK_PAUSE") if row.b == turns]
    assert kinds == ["TASK_RUN", "TASK_READY", "TASK_PAUSE", "TASK_RUN"]


PATCHED = """
from gevent import monkey; monkey.patch_all()
import concurrent.futures, socket, subprocess, threading, time

def work(seconds):
    time.sleep(seconds)

def serve(server):
    connection, _ = server.accept()
    connection.sendall(connection.recv(10))

threads = [threading.Thread(target=work, args=(0.002,), name=f"worker-{n}") for n in range(3)]
server = socket.create_server(("127.0.0.1", 0))
threads.append(threading.Thread(target=serve, args=(server,), name="server"))
for thread in threads:
    thread.start()
client = socket.create_connection(server.getsockname())
client.sendall(b"hello")
print(client.recv(10))
for thread in threads:
    thread.join()
timer = threading.Timer(0.001, print, ("timer",))
timer.start()
timer.join()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    print(sorted(pool.map(abs, range(3))))
lock, barrier = threading.Lock(), threading.Barrier(2)
with lock, threading.Condition(), threading.Semaphore():
    other = threading.Thread(target=barrier.wait)
    other.start()
    barrier.wait()
    other.join()
print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout)
"""


def test_program_that_gevent_patched_runs_as_before_and_its_threads_are_greenlets(
    probed: Probed,
) -> None:
    pytest.importorskip("gevent")
    run = probed(PATCHED)
    assert run.stderr == ""
    assert run.stdout == "b'hello'\ntimer\n[0, 1, 2]\nchild\n\n"
    names: dict[int, str] = {}
    for row in run.of("TASK_NEW"):
        names[row.b] = row.text.partition("\0")[0]
    assert {"worker-0", "worker-1", "worker-2", "server"} <= set(names.values())
    reasons = {(names[row.b], Reason(row.aux)) for row in run.of("TASK_PAUSE")}
    assert {("worker-0", Reason.SLEEP), ("server", Reason.SOCKET)} <= reasons
    assert not run.of("THREAD_END")
    assert len({row.tid for row in run.of("TASK_RUN")}) == 1


def test_greenlet_in_a_step_of_an_asyncio_task_is_waited_for_by_that_task(probed: Probed) -> None:
    run = probed("""
import asyncio, greenlet
def inner():
    here.parent.switch("half")
    return "all"
async def main():
    global here
    here = greenlet.greenlet(inner)
    print(here.switch())
    await asyncio.sleep(0)
    print(here.switch())
asyncio.run(main())
""")
    assert run.stdout == "half\nall\n"
    main, inner = run.of("TASK_NEW")[:2]
    rows = [
        row for row in run.of("TASK_RUN", "TASK_PAUSE", "TASK_DONE") if row.b in (main.b, inner.b)
    ]
    assert [(row.kind, "main" if row.b == main.b else "inner", row.c) for row in rows] == [
        ("TASK_RUN", "main", 0), ("TASK_PAUSE", "main", inner.b),
        ("TASK_RUN", "inner", 0), ("TASK_PAUSE", "inner", main.b),
        ("TASK_RUN", "main", 0), ("TASK_PAUSE", "main", 0),
        ("TASK_RUN", "main", 0), ("TASK_PAUSE", "main", inner.b),
        ("TASK_RUN", "inner", 0), ("TASK_DONE", "inner", 0),
        ("TASK_RUN", "main", 0), ("TASK_DONE", "main", 0),
    ]  # fmt: skip


def test_each_thread_has_its_greenlets_and_a_forked_child_its_own_ids(probed: Probed) -> None:
    run = probed("""
import greenlet, os, threading
def inner():
    greenlet.getcurrent().parent.switch()
def outer():
    one = greenlet.greenlet(inner)
    one.switch()
    return one
thread = threading.Thread(target=outer)
thread.start()
thread.join()
one = outer()
child = os.fork()
one.switch()
if not child:
    os._exit(0)
os.waitpid(child, 0)
""")
    assert run.returncode == 0
    steps = run.of("TASK_RUN")
    assert len({row.tid for row in steps}) == 3
    assert len({row.pid for row in steps}) == 2
    assert all(row.b >> 32 == row.pid for row in steps)
