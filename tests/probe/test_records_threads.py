"""What the probe records of threads, locks, queues and futures."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from app.timeline import wire
from app.timeline.states import ObjectKind, Reason
from tests.probe.decoding import Row, Run, run_until

Probed = Callable[..., Run]


def line_of(program: str, mark: str) -> int:
    """The line that ends in the comment ``# mark``."""
    (line,) = [n for n, text in enumerate(program.split("\n"), 1) if text.endswith("# " + mark)]
    return line


def within(rows: list[Row], outer: Row, end: Row) -> list[Row]:
    return [row for row in rows if outer.t <= row.t <= end.t]


def test_contended_lock_is_a_wait_with_line_and_holder(probed: Probed) -> None:
    program = """
import threading
fork = threading.Lock()  # made
held = threading.Event()
def bob():
    held.set()
    with fork:  # waits
        pass
thread = threading.Thread(target=bob, name="Bob", daemon=True)
with fork:  # takes
    thread.start()  # starts
    held.wait()
    thread.join(0.05)
thread.join()  # joins
"""
    run = probed(program)
    assert run.returncode == 0
    lock = run.one("OBJECT", aux=ObjectKind.LOCK)
    assert lock.a == line_of(program, "made")
    file = run.one("FILE")
    assert file.text.endswith("/program.py") and lock.c == file.a << 32
    start = run.one("THREAD_START", text="Bob")
    assert start.aux == 1 and start.c == start.pid and start.tid != start.pid
    spawn = run.one("THREAD_SPAWN", b=start.b)
    assert spawn.a == line_of(program, "starts") and spawn.tid == start.pid
    enter = run.one("ENTER", aux=Reason.LOCK)
    leave = run.one("LEAVE", aux=Reason.LOCK)
    assert (enter.b, enter.a, enter.tid) == (lock.b, line_of(program, "waits"), start.tid)
    main_took, bob_took = run.of("ACQUIRED", b=lock.b)
    main_gave, _ = run.of("RELEASED", b=lock.b)
    assert main_took.a == line_of(program, "takes")
    assert main_took.t < enter.t < main_gave.t < leave.t <= bob_took.t
    assert leave.c == 1 and (main_took.tid, bob_took.tid) == (start.pid, start.tid)
    joins = run.of("ENTER", aux=Reason.JOIN)
    assert {row.c & 0xFFFFFFFF for row in joins} == {start.tid}
    assert {row.b for row in joins} == {start.b}
    assert [row.c for row in run.of("LEAVE", aux=Reason.JOIN)] == [0, 1]
    end = run.one("THREAD_END")
    assert end.aux == 0
    assert 0 < end.c <= end.t - start.t + 50_000_000  # its CPU time, from its birth on


def test_free_lock_is_no_wait(probed: Probed) -> None:
    run = probed("import threading\nl = threading.RLock()\nwith l:\n    with l: pass\n")
    assert not run.of("ENTER")
    assert [row.kind for row in run.of("ACQUIRED", "RELEASED")] == ["ACQUIRED", "RELEASED"]


def test_deadlock_is_two_enters_without_leave(tmp_path: Path) -> None:
    program = """
import threading
noodles, fork = threading.Lock(), threading.Lock()
barrier = threading.Barrier(2)
def eat(first, second):
    with first:
        barrier.wait()
        with second:
            pass
for pair in ((noodles, fork), (fork, noodles)):
    threading.Thread(target=eat, args=pair).start()
"""

    def stuck(run: Run) -> bool:
        return len(run.of("ENTER", aux=Reason.LOCK)) == 2

    run = run_until(stuck, program, tmp_path)
    assert run.returncode == -9
    locks = {row.b for row in run.of("OBJECT", aux=ObjectKind.LOCK)}
    waits = {row.tid: row.b for row in run.of("ENTER", aux=Reason.LOCK)}
    holds = {row.tid: row.b for row in run.of("ACQUIRED")}
    assert set(waits.values()) == set(holds.values()) == locks and len(waits) == 2
    assert all(waits[tid] != holds[tid] for tid in waits)
    assert not run.of("LEAVE", aux=Reason.LOCK)


def test_condition_wait_gives_up_its_lock(probed: Probed) -> None:
    run = probed("""
import threading
condition = threading.Condition()
def wait():
    with condition:
        condition.wait()
t = threading.Thread(target=wait)
with condition:
    t.start()
while not condition._waiters: pass
with condition:
    condition.notify()
t.join()
""")
    condition = run.one("OBJECT", aux=ObjectKind.CONDITION).b
    lock = run.one("OBJECT", aux=ObjectKind.RLOCK).b
    enter, leave = run.of("ENTER", "LEAVE", aux=Reason.CONDITION, b=condition)
    assert run.one("NOTIFY", b=condition).c == 1
    inside = [row.kind for row in within(run.of("ACQUIRED", "RELEASED", tid=enter.tid, b=lock),
                                         enter, leave)]  # fmt: skip
    assert inside == ["RELEASED", "ACQUIRED"] and leave.c == 1


def test_semaphore_tells_its_value_and_its_wait(probed: Probed) -> None:
    run = probed("""
import threading
s = threading.BoundedSemaphore(2)
s.acquire(); s.acquire()
def release():
    while not s._cond._waiters: pass
    s.release()
threading.Thread(target=release).start()
s.acquire(); s.release(); s.release()
print(s.acquire(timeout=0.1), s.acquire(False))
""")
    ident = run.one("OBJECT", aux=ObjectKind.SEMAPHORE).b
    assert [row.c for row in run.of("VALUE", b=ident)][:4] == [2, 1, 0, 1]
    assert run.of("ENTER", aux=Reason.SEMAPHORE, b=ident)
    assert run.stdout == "True True\n"


def test_event_barrier_and_sleep_name_their_reason(probed: Probed) -> None:
    run = probed("""
import threading, time
event = threading.Event()
barrier = threading.Barrier(2)
t = threading.Thread(target=lambda: (barrier.wait(), time.sleep(0.01), event.set()))
t.start()
barrier.wait()
event.wait()
event.wait(0.001)
time.sleep(0)
t.join()
""")
    event = run.one("OBJECT", aux=ObjectKind.EVENT).b
    barrier = run.one("OBJECT", aux=ObjectKind.BARRIER).b
    assert len(run.of("ENTER", aux=Reason.EVENT, b=event)) == 1  # set: no second wait
    assert run.one("NOTIFY", b=event).c == 1
    assert len(run.of("ENTER", aux=Reason.BARRIER, b=barrier)) == 1  # the last one breaks it
    assert len(run.of("ENTER", aux=Reason.SLEEP)) == 1  # sleep(0) waits for nothing


def test_queue_order_is_the_true_one(probed: Probed) -> None:
    run = probed("""
import queue, threading
items = queue.Queue(2)
def produce(k):
    for n in range(200): items.put((k, n))
threads = [threading.Thread(target=produce, args=(k,)) for k in range(3)]
for t in threads: t.start()
got = [items.get() for _ in range(600)]
for t in threads: t.join()
""")
    ident = run.one("OBJECT", aux=ObjectKind.QUEUE).b
    puts = [row.c for row in run.of("PUT", b=ident)]
    gets = [row.c for row in run.of("GET", b=ident)]
    assert len(puts) == 600 and puts == gets
    sizes = [row.a for row in run.of("PUT", "GET", b=ident, aux=1)]
    assert max(sizes) == 2 and min(sizes) == 0 and sizes[-1] == 0
    assert all(abs(a - b) == 1 for a, b in pairwise(sizes))
    waits = run.of("ENTER", aux=Reason.QUEUE, b=ident)
    assert len(waits) == len(run.of("LEAVE", aux=Reason.QUEUE, b=ident)) > 0


def test_thread_that_raises_tells_the_type(probed: Probed) -> None:
    run = probed("""
import sys, threading
threading.excepthook = lambda args: None
for target in (lambda: 1 / 0, sys.exit):
    t = threading.Thread(target=target); t.start(); t.join()
""")
    ends = [(row.aux, row.text) for row in run.of("THREAD_END")]
    assert ends == [(1, "ZeroDivisionError"), (1, "SystemExit")]


def test_daemon_thread_has_no_end(probed: Probed) -> None:
    run = probed("""
import threading, time
t = threading.Thread(target=time.sleep, args=(60,), daemon=True, name="lives on"); t.start()
""")
    assert run.one("THREAD_START", text="lives on").aux == 1
    assert not run.of("THREAD_END")
    assert run.one("MAIN_END").aux == 0


def test_main_ends_before_its_threads_are_joined(probed: Probed) -> None:
    run = probed("""
import threading
go = threading.Event()
threading.Thread(target=go.wait, name="after").start()
threading.Thread(target=lambda: (threading.main_thread().join(), go.set())).start()
""")
    end = run.one("MAIN_END")
    assert all(row.t > end.t for row in run.of("THREAD_END"))
    wait = [row for row in run.of("ENTER", aux=Reason.JOIN, tid=end.tid) if row.t > end.t]
    assert [row.b for row in wait] == [0]  # for both: none is named


def test_main_that_is_left_with_one_thread_joins_that_one(probed: Probed) -> None:
    run = probed("""
import threading
threading.Thread(target=threading.main_thread().join, name="after").start()
""")
    end, after = run.one("MAIN_END"), run.one("THREAD_START", text="after")
    wait = [row for row in run.of("ENTER", aux=Reason.JOIN, tid=end.tid) if row.t > end.t]
    assert [row.b for row in wait] == [after.b]


def test_main_end_tells_how(probed: Probed) -> None:
    cases = {
        "pass": (0, ""),
        "import threading": (0, ""),
        "import sys\nsys.exit(3)": (2, "SystemExit"),
        "import sys, threading\ndef f(): sys.exit()\nf()": (2, "SystemExit"),
        "import sys\ntry: sys.exit(3)\nexcept SystemExit: pass": (0, ""),
        "raise LookupError": (1, "LookupError"),
        "import threading\n1/0": (1, "ZeroDivisionError"),
    }
    for program, (how, text) in cases.items():
        row = probed(program).one("MAIN_END")
        assert (row.aux, row.text) == (how, text), program


def test_pool_of_threads(probed: Probed) -> None:
    program = """
from concurrent.futures import ThreadPoolExecutor
def work(n): return 1 / n
with ThreadPoolExecutor(2, "crew") as pool:  # pool
    futures = [pool.submit(work, n) for n in (1, 2, 0)]  # submit
    futures[1].result()
"""
    run = probed(program)
    pool = run.one("OBJECT", aux=ObjectKind.POOL)
    assert pool.a == line_of(program, "pool")
    submits = run.of("SUBMIT", c=pool.b)
    assert [(row.a, row.text) for row in submits] == [(line_of(program, "submit"), "work")] * 3
    for submit, end in zip(submits, (0, 0, 1), strict=True):
        began, ended = run.one("FUTURE_RUN", b=submit.b), run.one("FUTURE_DONE", b=submit.b)
        assert submit.t < began.t < ended.t and began.tid == ended.tid != submit.tid
        assert ended.aux == end
    assert {row.text for row in run.of("THREAD_START") if row.tid != row.pid} <= {
        "crew_0", "crew_1",
    }  # fmt: skip
    assert run.of("ENTER", aux=Reason.QUEUE, b=pool.b)  # an idle worker waits for its pool


def test_what_is_submitted_is_named_whatever_it_is(probed: Probed) -> None:
    run = probed("""
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from unittest.mock import Mock
def work(*_): pass
with ThreadPoolExecutor(1) as pool:
    for function in (partial(partial(work, 1), 2), Mock(), Mock(__qualname__=5), "".join):
        pool.submit(function, "x").result()
print("done")
""")
    assert run.stdout == "done\n"
    assert [row.text for row in run.of("SUBMIT")] == ["work", "Mock", "Mock", "str.join"]


def test_internal_locks_are_not_reported(probed: Probed) -> None:
    run = probed("""
import logging, queue, threading
from concurrent.futures import ThreadPoolExecutor
logging.getLogger("x").warning("y")
with ThreadPoolExecutor(1) as pool: pool.submit(int).result()
""")
    assert not run.of("OBJECT", aux=ObjectKind.LOCK) and not run.of("ACQUIRED")


def test_output_is_told_with_its_stream(probed: Probed) -> None:
    run = probed("""
import sys
print("one", "两")
sys.stderr.write("x" * 2000 + "\\n")
""")
    assert run.stdout == "one 两\n" and run.stderr == "x" * 2000 + "\n"
    assert "".join(row.text for row in run.of("OUTPUT", aux=1)) == run.stdout
    assert "".join(row.text for row in run.of("OUTPUT", aux=2)) == run.stderr


LOOP = """
import sys, threading
lock = threading.Lock()
def work():
    for _ in range(int(sys.argv[1])):
        with lock: pass
t = threading.Thread(target=work, name="busy"); t.start(); t.join()
"""


def test_busy_thread_gets_bigger_rings_and_loses_nothing(probed: Probed) -> None:
    run = probed(LOOP, "50000")
    rings = [ring for ring in run.rings if ring.tid != ring.pid]
    assert len(rings) > 2
    assert len({ring.number for ring in rings}) == 1
    assert not any(ring.lost for ring in rings)
    thread = run.one("THREAD_START", text="busy").tid
    kinds = [row.kind for row in run.of("ACQUIRED", "RELEASED", tid=thread)]
    assert kinds == ["ACQUIRED", "RELEASED"] * 50_000
    main = [ring for ring in run.rings if ring.tid == ring.pid]
    assert [ring.capacity for ring in main] == [8, min(ring.capacity for ring in rings)]


def test_overflow_keeps_the_newest_and_tells_how_many_were_lost(probed: Probed) -> None:
    run = probed(LOOP, "200000")
    rings = [ring for ring in run.rings if ring.tid != ring.pid]
    ring = max(rings, key=lambda ring: ring.capacity)
    assert ring.lost > 0 and ring.rows[-1].kind == "THREAD_END"
    assert len(ring.rows) == ring.capacity
    assert not any(other.lost for other in rings if other is not ring)


def test_messages_of_sockets_tell_who_gives_and_who_takes(probed: Probed) -> None:
    run = probed(
        """
import socket
mine, theirs = socket.socketpair()
mine.sendall(b"-"); theirs.recv(1)
"""
    )
    gives, takes = run.of("ENTER", aux=Reason.SOCKET)
    assert (gives.c & 0xFFFFFFFF, takes.c & 0xFFFFFFFF) == (wire.SENDS, 0)


def test_socket_is_made_where_no_module_has_a_name(probed: Probed) -> None:
    run = probed(
        "import socket\n"
        "exec('socket.socket().close()', {'__name__': None, 'socket': socket})\n"
        "print('made')\n"
    )
    assert run.stdout == "made\n", run.stderr


def test_switch_interval_is_told_when_it_changes(probed: Probed) -> None:
    run = probed("import sys\nsys.setswitchinterval(0.002)\n")
    assert run.one("INTERVAL").a == 2_000_000


def test_numbers_that_no_record_has_room_for_are_no_failure(probed: Probed) -> None:
    run = probed(
        """
import os, sys
sys.setswitchinterval(10)
for pid, signal in ((2**40, 15), (os.getpid(), 2**20)):
    try:
        os.kill(pid, signal)
    except (OSError, OverflowError):
        print("refused")
"""
    )
    assert run.stdout == "refused\n" * 2, run.stderr
    assert run.one("INTERVAL").a == 2**32 - 1
    assert not run.of("KILL")


def test_lock_of_a_queue_is_no_wait_while_it_is_free_and_one_of_the_queue_else(
    probed: Probed,
) -> None:
    run = probed(
        """
import queue, threading
items = queue.Queue()
items.put(1); items.get(); items.task_done(); items.join(); assert items.empty()
assert type(items.mutex) is not type(threading.Lock()) and not items.mutex.locked()
held = threading.Event()
def asks():
    held.set()
    items.qsize()
with items.mutex:
    assert items.mutex.acquire(False) is False and items.mutex.acquire(timeout=0.01) is False
    thread = threading.Thread(target=asks, daemon=True)
    thread.start()
    held.wait()
    thread.join(0.1)
thread.join()
"""
    )
    assert run.returncode == 0
    (enter,) = run.of("ENTER", aux=Reason.QUEUE)
    assert enter.b == run.one("OBJECT", aux=ObjectKind.QUEUE).b
    assert enter.tid == run.one("THREAD_START", c=enter.pid).tid


def test_who_waits_for_the_lock_of_a_handler_of_logging_is_told(probed: Probed) -> None:
    program = """
import logging, os, sys, threading
logging.basicConfig(stream=sys.stderr, format="%(message)s")
(handler,) = logging.getLogger().handlers
logs = threading.Thread(target=logging.warning, args=("beside",))
logging.warning("alone")
handler.acquire()
handler.acquire()
logs.start()
handler.release()
while not handler.lock._waiting: os.stat(".")
handler.release()  # lets it go
logs.join()
assert not handler.lock._is_owned() and handler.lock.acquire(False)
handler.release()
"""
    run = probed(program)
    assert run.stderr == "alone\nbeside\n"
    lock = run.one("OBJECT", aux=ObjectKind.RLOCK)
    assert lock.text == "StreamHandler.lock"
    enter = run.one("ENTER", aux=Reason.RLOCK, b=lock.b)
    assert run.one("LEAVE", aux=Reason.RLOCK, b=lock.b, c=1).tid == enter.tid != enter.pid
    released = run.one("RELEASED", b=lock.b)
    assert released.tid == released.pid and released.a == line_of(program, "lets it go")
    assert enter.t < released.t


def test_who_prints_while_another_thread_does_may_wait_for_the_stream(probed: Probed) -> None:
    run = probed("""
import os, sys, threading
out = os.dup(1)
r, w = os.pipe()
os.dup2(w, 1)
os.close(w)
cells = [cell.cell_contents for cell in sys.stdout.write.__closure__]
(inside,) = [cell for cell in cells if isinstance(cell, list)]
threads = [threading.Thread(target=print, args=(text,)) for text in ("x" * 300_000, "beside")]
for number, thread in enumerate(threads, 1):
    thread.start()
    while len(inside) < number: os.stat(".")
read = 0
while read < 300_008: read += len(os.read(r, 100_000))
for thread in threads: thread.join()
os.dup2(out, 1)
print("over")
""")
    assert run.stdout == "over\n"
    stream = run.one("OBJECT", aux=ObjectKind.FILE)
    assert stream.text == "sys.stdout"
    entered = run.of("ENTER", aux=Reason.FILE, b=stream.b)
    assert {row.c & 0xFFFFFFFF for row in entered} == {wire.INNER}
    left = run.of("LEAVE", aux=Reason.FILE, b=stream.b, c=1)
    assert len(left) == len(entered)


@pytest.mark.parametrize(
    ("made", "use", "reason"),
    [
        ("threading.Event()", "it.set()", Reason.EVENT),
        ("threading.Semaphore()", "it.release()", Reason.SEMAPHORE),
        ("threading.Barrier(1)", "it.wait()", Reason.BARRIER),
        ("queue.Queue()", "it.put(1)", Reason.QUEUE),
    ],
)
def test_who_waits_for_the_lock_inside_an_object_is_told(
    probed: Probed, made: str, use: str, reason: Reason
) -> None:
    run = probed(f"""
import queue, threading
it = {made}
thread = threading.Thread(target=lambda: {use})
asleep = 0
with getattr(it, "mutex", None) or it._cond:
    thread.start()
    while asleep < 20:  # one that waits for the GIL is not asleep while this one reads
        with open(f"/proc/self/task/{{thread.native_id}}/stat") as file:
            sleeps = file.read().rpartition(")")[2].split()[0] == "S"
        asleep = asleep + 1 if sleeps else 0
thread.join()
""")
    thing = run.one("OBJECT", aux=ObjectKind[reason.name])
    enter = run.one("ENTER", aux=reason, b=thing.b)
    assert enter.c & 0xFFFFFFFF == wire.INNER and enter.tid != enter.pid
