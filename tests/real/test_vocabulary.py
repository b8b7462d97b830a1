"""Every reason, ending, state and arrow of the vocabulary comes of a real program.

Each program makes what it is listed under happen by the order of its own steps, and main waits
long enough for the sampler where a thread must be seen while it waits.
"""

from __future__ import annotations

from functools import cache

import pytest

from app.timeline.states import Cause, FlowKind, Reason, State
from app.timeline.timeline import Timeline
from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

#: What all programs begin with. ``blocked`` returns when the kernel has the thread asleep.
PREAMBLE = """
import asyncio, ctypes, fcntl, multiprocessing, os, queue, select, signal, socket, subprocess
import sys, tempfile, threading, time
from concurrent.futures import Future, ThreadPoolExecutor

READER = "import sys; sys.stdin.read()"

def blocked(thread):
    # Twice at the same stop, and the GIL was free in between: it doesn't wait for that.
    folder, before = f"/proc/self/task/{thread.native_id}", None
    while True:
        with open(folder + "/stat") as file:
            state = file.read().rpartition(")")[2].split()[0]
        with open(folder + "/schedstat") as file:
            slices = file.read().split()[2] if state == "S" else None
        if slices is not None and slices == before:
            return
        before = slices
        time.sleep(0.01)

def waits(work, *args, name="waiter"):
    thread = threading.Thread(target=work, args=args, name=name)
    thread.start()
    blocked(thread)
    return thread
"""

LOCKS = """
for make in (threading.Lock, threading.RLock, lambda: threading.Semaphore(1)):
    lock = make()
    lock.acquire()
    def work():
        lock.acquire()
        lock.release()
    thread = waits(work)
    lock.release()
    thread.join()
"""
CONDITION = """
condition, go = threading.Condition(), []
def work():
    with condition:
        condition.wait_for(lambda: go)
thread = waits(work)
with condition:
    go.append(1)
    condition.notify()
thread.join()
"""
EVENT_AND_BARRIER = """
event, barrier = threading.Event(), threading.Barrier(2)
thread = waits(event.wait)
event.set()
thread.join()
thread = waits(barrier.wait)
barrier.wait()
thread.join()
"""
QUEUE = """
items = queue.Queue()
thread = waits(items.get)
items.put("x")
thread.join()
"""
DESCRIPTORS = """
r, w = os.pipe()
thread = waits(os.read, r, 1)
os.write(w, b"-")
thread.join()
a, b = socket.socketpair()
thread = waits(a.recv, 1)
b.send(b"-")
thread.join()
thread = waits(select.select, [a], [], [])
b.send(b"-")
thread.join()
os.dup2(r, 0)
sys.stdin = open(0)
thread = waits(input)
os.write(w, b"a line\\n")
thread.join()
"""
#: The probe has no hook for these: only a sample can tell.
IN_C = """
libc = ctypes.CDLL(None)
one, other = (open("locked", "w") for _ in range(2))
fcntl.flock(one, fcntl.LOCK_EX)
waits(lambda: fcntl.flock(other, fcntl.LOCK_EX))
mutex = ctypes.create_string_buffer(64)
libc.pthread_mutex_lock(mutex)
waits(libc.pthread_mutex_lock, mutex)
time.sleep(1)
os._exit(0)
"""
FUTURES = """
with ThreadPoolExecutor(1) as pool:
    release = threading.Event()
    future = pool.submit(release.wait)
    thread = waits(future.result)
    release.set()
    thread.join()
"""
CHILDREN = """
r, w = os.pipe()
def work():
    os.read(r, 1)
    sys.exit(5)
process = multiprocessing.get_context("fork").Process(target=work, name="child")
process.start()
thread = waits(process.join)
os.write(w, b"-")
thread.join()
child = subprocess.Popen([sys.executable, "-c", READER], stdin=subprocess.PIPE)
thread = waits(child.wait)
child.stdin.close()
thread.join()
"""
MESSAGES = """
here, there = multiprocessing.Pipe()
thread = waits(here.recv)
there.send("hello")
thread.join()
"""
STOPPED = """
child = subprocess.Popen([sys.executable, "-c", READER], stdin=subprocess.PIPE)
os.kill(child.pid, signal.SIGSTOP)
os.waitid(os.P_PID, child.pid, os.WSTOPPED)
time.sleep(1)
os.kill(child.pid, signal.SIGCONT)
os.waitpid(child.pid, os.WCONTINUED)
child.stdin.close()
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
time.sleep(0.2)
child.wait()
"""
GIL = """
def burn():
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass
threads = [threading.Thread(target=burn) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
COROUTINES = """
async def forever():
    await asyncio.Event().wait()
async def main():
    cancelled = asyncio.create_task(forever(), name="cancelled")
    awaited = asyncio.create_task(asyncio.sleep(0.05), name="awaited")
    await awaited
    cancelled.cancel()
    await asyncio.wait([cancelled])
    forever()
asyncio.run(main())
"""
GENERATORS = """
def work():
    while True:
        yield
one = work()
for _ in range(3):
    next(one)
"""
ENDINGS = """
fork = multiprocessing.get_context("fork")
def fail(): raise KeyError("x")
def leave(): sys.exit(3)
def stay(): time.sleep(1000)
threading.excepthook = lambda args: None
thread = threading.Thread(target=fail, name="raised")
thread.start()
thread.join()
for name, work in (("exit", leave), ("signal", stay)):
    process = fork.Process(target=work, name=name)
    process.start()
    if work is stay:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
fork.Process(target=stay, name="daemon", daemon=True).start()
threading.Thread(target=stay, name="with-process", daemon=True).start()
# Nobody learns the status of a child that its parent does not want.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os._exit(0)
try:
    os.waitpid(pid, 0)  # returns when it has ended, to say that it is no child
except ChildProcessError:
    pass
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
"""

UNTIL_STOPPED = "print('on', flush=True)\ntime.sleep(60)\n"
TOO_LONG = "time.sleep(60)\n"

REASONS = {
    Reason.LOCK: LOCKS, Reason.RLOCK: LOCKS, Reason.SEMAPHORE: LOCKS, Reason.CONDITION: CONDITION,
    Reason.EVENT: EVENT_AND_BARRIER, Reason.BARRIER: EVENT_AND_BARRIER, Reason.QUEUE: QUEUE,
    Reason.PIPE: DESCRIPTORS, Reason.SOCKET: DESCRIPTORS, Reason.POLL: DESCRIPTORS,
    Reason.INPUT: DESCRIPTORS, Reason.FILE: IN_C, Reason.OTHER: IN_C, Reason.SLEEP: STOPPED,
    Reason.JOIN: CHILDREN, Reason.WAIT_CHILD: CHILDREN, Reason.FUTURE: FUTURES,
    Reason.TASK: COROUTINES, Reason.YIELD: GENERATORS,
}  # fmt: skip
STATES = {
    State.NEW: QUEUE, State.READY: GIL, State.RUNNING: QUEUE, State.BLOCKED: QUEUE,
    State.GIL: GIL, State.STOPPED: STOPPED, State.ZOMBIE: STOPPED, State.AWAITING: COROUTINES,
}  # fmt: skip
CAUSES = {
    Cause.RETURNED: QUEUE, Cause.RAISED: ENDINGS, Cause.EXIT: ENDINGS, Cause.SIGNAL: ENDINGS,
    Cause.DAEMON: ENDINGS, Cause.WITH_PROCESS: ENDINGS, Cause.UNKNOWN: ENDINGS,
    Cause.CANCELLED: COROUTINES, Cause.NEVER_AWAITED: COROUTINES,
    Cause.STOPPED: UNTIL_STOPPED, Cause.LIMIT: TOO_LONG,
}  # fmt: skip
FLOWS = {
    FlowKind.SPAWN: QUEUE, FlowKind.WAKE: QUEUE, FlowKind.RELEASE: LOCKS, FlowKind.PUT_GET: QUEUE,
    FlowKind.SEND_RECV: MESSAGES, FlowKind.JOIN: CHILDREN, FlowKind.SIGNAL: ENDINGS,
}  # fmt: skip


@cache
def of(program: str) -> Timeline:
    limits = {"wall_s": 0.5} if program == TOO_LONG else {}
    with Driver(spec(PREAMBLE + program, limits=limits)) as worker:
        if program == UNTIL_STOPPED:
            worker.read(until=lambda driver: driver.printed("on"))
            worker.say(b"stop")
        timeline = worker.end()
        assert worker.complaints() == ""
    return timeline


def test_table_is_whole() -> None:
    assert set(REASONS) == set(Reason) - {Reason.NONE}
    # Not seen is UNKNOWN; what ended has no slices.
    assert set(STATES) == set(State) - {State.UNKNOWN, State.EXITED, State.DONE}
    assert set(CAUSES) == set(Cause)
    assert set(FLOWS) == set(FlowKind)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.word)
def test_reason_comes_of_a_real_program(reason: Reason) -> None:
    rows = [row for row in of(REASONS[reason]).rows() if row.reason is reason]
    assert any(row.state in (State.BLOCKED, State.AWAITING) for row in rows)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.word)
def test_state_comes_of_a_real_program(state: State) -> None:
    timeline = of(STATES[state])
    if state is State.GIL and not (timeline.root().python or "").startswith("CPython 3.1"):
        pytest.skip("this interpreter may have no GIL")
    assert any(row.state is state for row in timeline.rows())


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.word)
def test_ending_comes_of_a_real_program(cause: Cause) -> None:
    ends = {track.name: track.end for track in of(CAUSES[cause]).tracks.values()}
    found = [name for name, end in ends.items() if end is not None and end.cause is cause]
    assert found, ends
    if cause.word in ends:  # the programs name those that end so by how they end
        assert cause.word in found, ends


@pytest.mark.parametrize("kind", FLOWS, ids=lambda kind: kind.word)
def test_arrow_comes_of_a_real_program(kind: FlowKind) -> None:
    timeline = of(FLOWS[kind])
    if kind is FlowKind.WAKE and timeline.run["witnesses"]["scheduler"] != "tracepoints":
        pytest.skip("who wakes whom is told by tracepoints, which are not permitted here")
    found = [flow for flow in timeline.flows if flow.kind is kind]
    assert found, {flow.kind.word for flow in timeline.flows}
    assert all(flow.from_ns <= flow.to_ns for flow in found)
