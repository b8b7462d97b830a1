"""The probe in every process of a program: fork, spawn, forkserver, subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.probe.launch import environment
from app.timeline.states import ObjectKind, Reason
from tests.probe.decoding import Run, run, run_until

pytestmark = pytest.mark.real

RETURNED, RAISED, EXIT = 0, 1, 2
METHODS = ("fork", "spawn", "forkserver")


@pytest.fixture
def probed(tmp_path: Path) -> Callable[..., Run]:
    def start(program: str, *arguments: str, python: str = sys.executable) -> Run:
        done = run(program, tmp_path, *arguments, python=python)
        assert done.faults == ""
        return done

    return start


Probed = Callable[..., Run]

FAMILY = """
import multiprocessing, sys
def child(lock, queue, pipe, event):
    with lock:
        pass
    pipe.send(pipe.recv())
    queue.put("item")
    event.wait()
def broken():
    raise LookupError
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    lock, queue, event = context.Lock(), context.Queue(), context.Event()
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(lock, queue, theirs, event), name="kid")
    with lock:
        process.start()
        ours.send("ping")
    ours.recv(), queue.get()
    event.set()
    process.join()
    process = context.Process(target=broken, name="broken")
    process.start(); process.join()
    print(process.exitcode)
"""


@pytest.mark.parametrize("method", METHODS)
def test_family_shares_the_ids_of_its_objects(probed: Probed, method: str) -> None:
    run = probed(FAMILY, method)
    assert run.stdout == "1\n"
    root = min(run.of("HELLO")).pid
    kid = run.one("PROCESS_NAME", text="kid")
    spawn = run.one("PROCESS_SPAWN", text="kid")
    spawned = run.one("PROCESS_SPAWNED", b=spawn.b)
    assert kid.b == spawn.b and spawned.a == kid.pid and spawn.pid == root
    assert run.one("PROCESS_END", b=kid.b, pid=kid.pid).aux == 0
    assert run.one("HELLO", pid=kid.pid).t < kid.t

    made = {ObjectKind(row.aux): row.b for row in run.of("OBJECT", pid=root)}
    assert run.one("ACQUIRED", pid=kid.pid, b=made[ObjectKind.LOCK])
    assert run.of("ACQUIRED", pid=root, b=made[ObjectKind.LOCK])
    event = run.of("ENTER", "LEAVE", pid=kid.pid, aux=Reason.EVENT, b=made[ObjectKind.EVENT])
    if event:  # it came before the event was set
        assert run.one("NOTIFY", pid=root, b=made[ObjectKind.EVENT]).t < event[1].t

    queue = made[ObjectKind.QUEUE]
    put, send = run.one("PUT", b=queue, pid=kid.pid), run.one("SEND", b=queue)
    received, got = run.one("RECV", b=queue), run.one("GET", b=queue)
    assert send.pid == kid.pid and send.tid != put.tid  # the feeder is a thread of its own
    assert send.t < received.t < got.t and send.c == received.c
    assert run.one("THREAD_START", pid=kid.pid, text="QueueFeederThread").tid == send.tid

    pipes = [row.b for row in run.of("OBJECT", aux=ObjectKind.PIPE, pid=root)]
    assert len(pipes) == 2
    for stream, sender in zip(reversed(pipes), (root, kid.pid), strict=True):
        send, received = run.one("SEND", b=stream), run.one("RECV", b=stream)
        assert send.t < received.t and send.pid == sender != received.pid

    broken = run.one("PROCESS_NAME", text="broken")
    end = run.one("PROCESS_END", pid=broken.pid)
    assert (end.aux, end.text) == (1, "LookupError")
    reaped = {row.a: row.b for row in run.of("REAPED")}
    if method != "forkserver":  # there the server reaps them, and it is killed at the end
        assert reaped[kid.pid] == 0 and reaped[broken.pid] == 1 << 8
    joins = run.of("ENTER", aux=Reason.JOIN, pid=root)
    assert {row.c & 0xFFFFFFFF for row in joins} <= {kid.pid, broken.pid}
    assert len(run.of("MAIN_END", pid=root)) == 1
    assert not run.of("MAIN_END", pid=kid.pid)


TWINS = """
import multiprocessing, sys
def child(locks, queues, simple, conditions, events):
    for lock in locks:
        with lock: pass
    for queue in queues: queue.put("item")
    simple.put("item")
    for condition in conditions:
        with condition: condition.notify()
    for event in events: event.set()
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    locks = [context.Lock(), context.Lock(), context.RLock(), context.Semaphore(2)]
    queues = [context.Queue(), context.Queue(), context.JoinableQueue()]
    simple = context.SimpleQueue()
    conditions = [context.Condition(), context.Condition()]
    events = [context.Event(), context.Event()]
    process = context.Process(target=child, args=(locks, queues, simple, conditions, events))
    process.start()
    for queue in [*queues, simple]: queue.get()
    process.join()
"""


@pytest.mark.parametrize("method", METHODS)
def test_objects_that_processes_share_have_an_id_each(probed: Probed, method: str) -> None:
    run = probed(TWINS, method)
    root = min(run.of("HELLO")).pid
    made: dict[ObjectKind, list[int]] = {}
    for row in run.of("OBJECT", pid=root):
        made.setdefault(ObjectKind(row.aux), []).append(row.b)
    every = [ident for idents in made.values() for ident in idents]
    assert len(set(every)) == len(every)
    for kind, count in {"LOCK": 2, "SEMAPHORE": 1, "QUEUE": 4, "CONDITION": 2, "EVENT": 2}.items():
        assert len(made[ObjectKind[kind]]) == count
    child = run.one("PROCESS_SPAWNED").a
    locks = made[ObjectKind.LOCK] + made[ObjectKind.RLOCK][:1] + made[ObjectKind.SEMAPHORE]
    taken = [row.b for row in run.of("ACQUIRED", pid=child) if row.b in locks]
    assert taken == locks
    assert [row.b for row in run.of("PUT", pid=child)] == made[ObjectKind.QUEUE]
    assert [row.b for row in run.of("GET", pid=root)] == made[ObjectKind.QUEUE]
    told = [row.b for row in run.of("NOTIFY", pid=child)]
    woken = made[ObjectKind.CONDITION] + made[ObjectKind.EVENT]
    assert [ident for ident in told if ident in woken] == woken


ENDINGS = """
import multiprocessing, sys
class Own(multiprocessing.get_context(sys.argv[1]).Process):
    def run(self):
        print(sorted(key for key in self.__dict__ if key == "run"), flush=True)
def fails(): raise LookupError("in vain")
def leaves(): sys.exit(3)
def leaves_well(): sys.exit(0)
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    for process in [
        *(context.Process(target=it, name=it.__name__) for it in (fails, leaves, leaves_well)),
        Own(name="returns"),
    ]:
        process.start(); process.join()
        print(process.exitcode, flush=True)
"""


@pytest.mark.parametrize("method", METHODS)
def test_process_ends_as_its_function_did(probed: Probed, method: str, python: str) -> None:
    run = probed(ENDINGS, method, python=python)
    assert run.stdout.split() == ["1", "3", "0", "[]", "0"]
    assert "LookupError: in vain" in run.stderr
    assert f"{os.sep}probe{os.sep}" not in run.stderr, "no entry of ours in the traceback"
    ends = {}
    for row in run.of("PROCESS_END"):
        ends[run.one("PROCESS_NAME", pid=row.pid, b=row.b).text] = (row.aux, row.text)
    assert ends == {
        "fails": (RAISED, "LookupError"),
        "leaves": (EXIT, "SystemExit"),
        "leaves_well": (EXIT, "SystemExit"),
        "returns": (RETURNED, ""),
    }


NARROW = """
import multiprocessing, sys
def produce(queue):
    for n in range(200): queue.put(n)
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    queue = getattr(context, sys.argv[2])(1)
    process = context.Process(target=produce, args=(queue,), name="producer")
    process.start()
    assert [queue.get() if n % 2 else queue.get(timeout=60) for n in range(200)] == [*range(200)]
    process.join()
"""


@pytest.mark.parametrize("kind", ["Queue", "JoinableQueue"])
@pytest.mark.parametrize("method", METHODS)
def test_put_follows_the_get_that_made_room(probed: Probed, method: str, kind: str) -> None:
    run = probed(NARROW, method, kind)
    moves = [row.kind for row in run.of("PUT", "GET")]
    assert moves == ["PUT", "GET"] * 200
    sends = [row.kind for row in run.of("PUT", "SEND", "RECV") if row.b == run.of("PUT")[0].b]
    assert sends == ["PUT", "SEND", "RECV"] * 200


@pytest.mark.parametrize("method", METHODS)
def test_item_of_a_simple_queue_is_put_before_it_is_sent(probed: Probed, method: str) -> None:
    run = probed(NARROW.replace("(1)\n", "()\n").replace("timeout=60", ""), method, "SimpleQueue")
    ident = run.of("PUT")[0].b
    writer = run.one("PROCESS_NAME", text="producer").pid
    assert [row.kind for row in run.of("PUT", "SEND", pid=writer, b=ident)] == ["PUT", "SEND"] * 200
    taken = [row.kind for row in run.of("RECV", "GET", b=ident) if row.pid != writer]
    assert taken == ["RECV", "GET"] * 200
    for put, got in zip(run.of("PUT"), run.of("GET"), strict=True):
        assert put.t < got.t


@pytest.mark.parametrize("method", METHODS)
def test_first_put_waits_for_its_feeder_not_for_the_queue(probed: Probed, method: str) -> None:
    run = probed(NARROW, method, "Queue")
    writer = run.one("PROCESS_NAME", text="producer").pid
    feeder = run.one("THREAD_START", text="QueueFeederThread")
    spawn = run.one("THREAD_SPAWN", b=feeder.b)
    own = [row for row in run.rows if row.pid == row.tid == writer]
    before = [row for row in own if row.t < spawn.t and row.kind in ("ENTER", "LEAVE")]
    assert [(row.kind, row.aux) for row in before[-2:]] == [
        ("ENTER", Reason.QUEUE),
        ("LEAVE", Reason.QUEUE),
    ]
    after = [row for row in own if row.t > spawn.t and row.kind in ("ENTER", "LEAVE", "PUT")]
    waits = after[: next(n for n, row in enumerate(after) if row.kind == "PUT")]
    assert waits[-1].kind == "ENTER" and waits[-1].aux == Reason.QUEUE
    for row in waits[:-1]:
        assert (row.aux, row.b) == (Reason.EVENT, feeder.b)
    assert {row.a for row in before[-2:-1] + waits if row.kind == "ENTER"} == {4}


def test_helper_processes_tell_what_they_are(probed: Probed) -> None:
    run = probed(TWINS, "forkserver")
    names = {row.text: row.pid for row in run.of("PROCESS_NAME")}
    assert set(names) == {"forkserver", "resource tracker", "ForkServerProcess-1"}
    assert run.one("HELLO", pid=names["ForkServerProcess-1"]).a == names["forkserver"]
    root = min(run.of("HELLO")).pid
    assert {run.one("HELLO", pid=names[n]).a for n in ("forkserver", "resource tracker")} == {root}


@pytest.mark.parametrize("method", METHODS)
def test_daemon_is_killed_when_main_code_ends(probed: Probed, method: str) -> None:
    run = probed(
        """
import multiprocessing, sys, time
def daemon(): time.sleep(60)
def sibling(go): go.recv()
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    go, end = context.Pipe()
    context.Process(target=sibling, args=(end,), name="sibling").start()
    context.Process(target=daemon, name="daemon", daemon=True).start()
    go.send(1)
""",
        method,
    )
    root = min(run.of("HELLO")).pid
    spawn = run.one("PROCESS_SPAWN", text="daemon")
    assert spawn.aux == 1
    victim = run.one("PROCESS_SPAWNED", b=spawn.b).a
    kill, end = run.one("KILL", a=victim), run.one("MAIN_END", pid=root)
    assert (kill.aux, kill.b, kill.pid) == (15, 1, root)
    assert kill.t > end.t
    if method == "fork":
        assert run.one("REAPED", a=victim).b == 15


def test_terminate_is_a_kill_but_not_of_a_daemon(probed: Probed) -> None:
    run = probed("""
import multiprocessing, time
p = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
p.start(); p.terminate(); p.join()
print(p.exitcode)
""")
    assert run.stdout == "-15\n"
    kill = run.one("KILL")
    assert (kill.aux, kill.b) == (15, 0)
    assert run.one("REAPED", a=kill.a).t > kill.t


def test_ring_of_a_killed_process_is_read_up_to_its_death(tmp_path: Path) -> None:
    program = """
import multiprocessing, threading
lock = threading.Lock()
def child():
    with lock:
        print("last words")
        threading.Event().wait()
if __name__ == "__main__":
    p = multiprocessing.get_context("fork").Process(target=child, name="victim")
    p.start(); p.join()
"""

    def waiting(run: Run) -> bool:
        return bool(run.of("ENTER", aux=Reason.EVENT))

    run = run_until(waiting, program, tmp_path)
    victim = run.one("PROCESS_NAME", text="victim")
    rows = [row.kind for row in run.rows if row.pid == victim.pid and row.t >= victim.t]
    assert rows[0] == "PROCESS_NAME" and rows[-1] == "ENTER"
    assert "ACQUIRED" in rows and "RELEASED" not in rows
    assert not run.of("PROCESS_END")


def test_forked_child_does_not_write_into_its_parents_rings(probed: Probed) -> None:
    run = probed("""
import os, threading
lock = threading.Lock()
def work():
    with lock: pass
threading.Thread(target=work, name="parent's").start()
pid = os.fork()
if pid == 0:
    with lock: pass
    t = threading.Thread(target=work, name="child's"); t.start(); t.join()
else:
    os.waitpid(pid, 0)
""")
    parent, child = sorted(run.of("HELLO"))
    assert child.a == parent.pid
    for ring in run.rings:
        assert {row.pid for row in ring.rows} == {ring.pid}
    assert run.one("THREAD_START", text="child's").pid == child.pid
    shared = run.one("OBJECT", aux=ObjectKind.LOCK).b
    assert {row.pid for row in run.of("ACQUIRED", b=shared)} == {parent.pid, child.pid}
    for process in (parent.pid, child.pid):
        assert run.of("FILE", pid=process) and len(run.of("MAIN_END", pid=process)) == 1
    wait = run.one("ENTER", aux=Reason.WAIT_CHILD)
    assert wait.c & 0xFFFFFFFF == child.pid and run.one("REAPED").a == child.pid


def test_subprocess_and_its_own_python_are_recorded(probed: Probed) -> None:
    run = probed("""
import subprocess, sys
text = "import threading; threading.Thread(target=print, args=('hi',), name='inner').start()"
subprocess.run([sys.executable, "-c", text], check=True)
""")
    assert run.stdout == "hi\n"
    inner = run.one("THREAD_START", text="inner")
    spawned = run.one("PROCESS_SPAWNED")
    assert spawned.a == inner.pid != spawned.pid
    wait = run.one("ENTER", aux=Reason.WAIT_CHILD)
    assert wait.b == spawned.b and wait.c & 0xFFFFFFFF == inner.pid
    assert run.one("REAPED").a == inner.pid


def test_own_sitecustomize_runs_and_the_probe_hides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "site" / "sitecustomize.py"
    own.parent.mkdir()
    own.write_text("import sys; sys.own = True\n")
    monkeypatch.setenv("PYTHONPATH", str(own.parent))
    done = run(
        "import sys, sitecustomize; print(sys.own, sitecustomize.__file__);"
        "print([p for p in sys.path if 'inject' in p])",
        tmp_path,
    )
    assert done.faults == ""
    assert done.stdout == f"True {own}\n[]\n"


def test_program_runs_untouched_where_rings_cannot_be_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import threading; print(threading.Lock().acquire())"],
        env=environment(dict(os.environ), str(tmp_path / "absent"), str(tmp_path)),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_start_imports_nothing_that_the_program_did_not(probed: Probed) -> None:
    text = "import sys; print(sorted(m for m in sys.modules if m.split('.')[0] in {}))"
    names = "('threading', 'asyncio', 'multiprocessing', 'socket', 'queue', 'typing', 'concurrent')"
    assert probed(text.format(names)).stdout == "[]\n"


@pytest.mark.parametrize("method", METHODS)
def test_feeder_waits_for_its_own_buffer_not_for_the_queue(probed: Probed, method: str) -> None:
    run = probed(NARROW, method, "Queue")
    writer = run.one("PROCESS_NAME", text="producer").pid
    feeder = run.one("THREAD_START", text="QueueFeederThread").tid
    (buffer,) = [row for row in run.of("OBJECT", pid=writer) if row.text == "feeder buffer"]
    assert buffer.aux == ObjectKind.OTHER
    waits = [row for row in run.of("ENTER", aux=Reason.QUEUE) if row.tid == feeder]
    assert {row.b for row in waits} <= {buffer.b}
    assert [row for row in run.of("NOTIFY", pid=writer) if row.b == buffer.b]
