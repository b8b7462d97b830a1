"""Nothing outlives a run: kills of every party, escapees, limits, stop."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from app.timeline.states import Cause, State
from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

#: A tree with all that could escape: a child, one in a session of its own, and an orphan twice
#: forked away; none of them ends by itself, and none by SIGTERM.
TREE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def stay(name):
    print(f'{name} is here', flush=True)
    while True: time.sleep(60)
if os.fork() == 0: stay('child')
if os.fork() == 0: os.setsid(); stay('own-session')
pid = os.fork()
if pid == 0:
    os.setsid()
    if os.fork() == 0: stay('orphan')
    os._exit(0)
os.waitpid(pid, 0)
stay('main')
"""


#: Named semaphores and shared memory, which the resource tracker would remove at the end.
NAMED = """
import multiprocessing, time
from multiprocessing import shared_memory
def child(lock, queue):
    queue.put('here')
    time.sleep(600)
if __name__ == '__main__':
    spawn = multiprocessing.get_context('spawn')
    gone, lock, queue = spawn.Lock(), spawn.Lock(), spawn.Queue()
    print('sem.' + gone._semlock.name[1:], flush=True)
    del gone
    memory = shared_memory.SharedMemory(create=True, size=10)
    process = spawn.Process(target=child, args=(lock, queue))
    process.start()
    queue.get()
    print('sem.' + lock._semlock.name[1:], memory.name, 'are there', flush=True)
    process.join()
"""


def all_here(worker: Driver) -> bool:
    names = ("child", "own-session", "orphan", "main")
    return all(worker.printed(f"{name} is here") for name in names)


def tree_of(worker: Driver) -> list[int]:
    worker.read(until=all_here)
    pids = worker.survivors()
    assert len(pids) == 6  # the worker, the guard, and four of the program
    return pids


def test_worker_killed_leaves_nothing() -> None:
    with Driver(spec(TREE)) as worker:
        tree_of(worker)
        worker.kill()
        worker.wait_until_none_survives(2)


@pytest.mark.parametrize("how", ["stopped", "worker killed"])
def test_names_of_a_run_that_is_ended_are_gone(how: str) -> None:
    with Driver(spec(NAMED)) as worker:
        worker.read(until=lambda driver: driver.printed("are there"))
        told = " ".join(
            each["text"] for frame in worker.frames for each in frame.head.get("output", ())
        )
        gone, *there = [word for word in told.split() if word.startswith(("sem.", "psm_"))]
        assert len(there) == 2 and all(os.path.exists(f"/dev/shm/{name}") for name in there)
        assert not os.path.exists(f"/dev/shm/{gone}")
        if how == "stopped":
            worker.say(b"stop")
            worker.end()
        else:
            worker.kill()
        worker.wait_until_none_survives(5)
    assert not any(os.path.exists(f"/dev/shm/{name}") for name in there)


def test_guard_killed_ends_the_run_with_a_sentence() -> None:
    with Driver(spec(TREE)) as worker:
        tree_of(worker)
        os.kill(worker.guard_pid, signal.SIGKILL)
        timeline = worker.end()
        worker.wait_until_none_survives(2)
    assert timeline.state == "ended"
    assert "guard" in worker.last["failure"]


def test_program_killed_lets_its_children_go_on_until_stopped() -> None:
    with Driver(spec(TREE)) as worker:
        tree_of(worker)
        os.kill(worker.program_pid, signal.SIGKILL)
        seen = len(worker.frames)
        worker.read(until=lambda driver: len(driver.frames) > seen + 3)
        assert worker.timeline.state == "running"
        worker.say(b"stop")
        timeline = worker.end()
        worker.wait_until_none_survives(2)
    assert worker.last["run"]["exit"] == {"cause": "signal", "code": None, "signal": "SIGKILL"}
    assert timeline.run["limit"]["name"] == "stopped"


def test_server_gone_kills_the_tree_and_says_nothing_more() -> None:
    with Driver(spec(TREE)) as worker:
        tree_of(worker)
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        worker.wait_until_none_survives(2)
        timeline = worker.end()
        assert worker.complaints() == ""
    assert timeline.state == "running"


def test_reader_gone_kills_the_tree() -> None:
    with Driver(spec(TREE)) as worker:
        tree_of(worker)
        assert worker.process.stdout is not None
        worker.process.stdout.close()
        worker.wait_until_none_survives(3)
        assert worker.process.wait(5) == 1


def test_stop_ends_a_program_that_ignores_sigterm() -> None:
    with Driver(spec(TREE)) as worker:
        tree_of(worker)
        worker.say(b"stop")
        timeline = worker.end()
        worker.wait_until_none_survives(2)
    assert worker.process.returncode == 0
    assert timeline.run["limit"] == {"name": "stopped", "value": 0}
    # All are there that the stop killed, and say so; the signal is how.
    assert timeline.run["exit"] == {"cause": "stopped", "code": None, "signal": "SIGKILL"}
    causes = [track.end.cause for track in timeline.tracks.values() if track.end]
    assert causes.count(Cause.STOPPED) > 1
    assert Cause.SIGNAL not in causes
    assert timeline.run["sentence"] == "The run was stopped on request."
    # The timeline up to the stop is whole: every track has ended, and so have its rows.
    assert all(track.end_ns >= 0 for track in timeline.tracks.values())
    assert all(row.end_ns >= 0 for row in timeline.rows())


def test_sigterm_to_the_worker_is_a_stop() -> None:
    with Driver(spec("import time\nprint('on', flush=True)\ntime.sleep(60)")) as worker:
        worker.read(until=lambda driver: driver.printed("on"))
        worker.process.terminate()
        timeline = worker.end()
    assert timeline.run["limit"]["name"] == "stopped"


MIB = 1 << 20
LIMITED = {
    "wall": ({"wall_s": 0.4}, "import time\ntime.sleep(60)", 400),
    "cpu": (
        {"cpu_s": 0.5},
        "import os\nfor _ in range(2): os.fork()\nwhile True: pass",
        500,
    ),
    "memory": (
        {"memory_bytes": 64 * MIB},
        "import time\nkept = []\n"
        "while True:\n    kept.append(bytearray(1 << 20)); time.sleep(0.001)",
        64 * MIB,
    ),
    "processes": (
        {"processes": 12},
        # The kernel refuses one more, and the program goes on: it is the limit that ends it.
        "import threading\n"
        "while True:\n"
        "    try: threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "    except RuntimeError: pass",
        12,
    ),
    "output": ({"output_bytes": 5000}, "while True: print('x' * 99)", 5000),
}


@pytest.mark.parametrize("name", list(LIMITED))
def test_limit_stops_the_run_with_a_sentence(name: str) -> None:
    limits, program, value = LIMITED[name]
    with Driver(spec(program, limits=limits)) as worker:
        timeline = worker.end()
        worker.wait_until_none_survives(2)
    assert timeline.run["limit"] == {"name": name, "value": value}
    assert timeline.run["sentence"].startswith("The run reached its limit of ")
    exit = {"cause": "limit", "code": None, "signal": "SIGKILL", "limit": name}
    assert timeline.run["exit"] == exit
    (finding,) = [f for f in timeline.findings.values() if f.kind == "limit"]
    assert finding.facts == {"name": name, "value": value}
    assert timeline.state == "ended"
    assert timeline.rows() and all(row.end_ns >= 0 for row in timeline.rows())
    assert len(timeline.text_of().encode()) <= 5000


#: Every CPU is taken in real time by a process that never waits, and that ignores what it may.
HOGS = """
import os, signal
hogs = []
for cpu in os.sched_getaffinity(0):
    hogs.append(os.fork())
    if not hogs[-1]:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN if cpu % 2 else signal.SIG_DFL)
        os.sched_setaffinity(0, {cpu})
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        except PermissionError:
            os._exit(77)
        while True: pass
ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in hogs]
print('refused' if 77 in ends else 'ended by ' + ' '.join(str(-end) for end in ends))
"""


def test_no_run_keeps_the_server_from_every_cpu_by_real_time() -> None:
    with Driver(spec(HOGS, limits={"real_time_s": 0.3})) as worker:
        timeline = worker.end()
        worker.wait_until_none_survives(2)
    said = timeline.text_of()
    if "refused" in said:
        pytest.skip("real time is refused here, so nobody can take a CPU by it")
    ends = said.removeprefix("ended by ").split()
    assert len(ends) == len(os.sched_getaffinity(0))
    assert {int(end) for end in ends} <= {signal.SIGXCPU, signal.SIGKILL}
    assert "limit" not in timeline.run


def test_fork_bomb_is_bounded() -> None:
    program = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
    with Driver(spec(program, limits={"processes": 30})) as worker:
        timeline = worker.end()
        worker.wait_until_none_survives(3)
    assert timeline.run["limit"]["name"] == "processes"


def test_output_flood_on_both_streams_is_kept_to_the_limit() -> None:
    program = "import os\ndata = b'y' * 60000\nwhile True: os.write(1, data); os.write(2, data)\n"
    with Driver(spec(program, limits={"output_bytes": 200_000})) as worker:
        timeline = worker.end()
    assert timeline.run["limit"]["name"] == "output"
    assert 0 < len(timeline.text_of()) <= 200_000


def test_survivor_that_holds_the_pipes_does_not_delay_the_end() -> None:
    """The run is over when its processes are, not when its pipes close."""
    program = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid(); time.sleep(0.4); os._exit(0)\n"
        "print('main ends', flush=True)\n"
    )
    with Driver(spec(program)) as worker:
        timeline = worker.end()
    assert timeline.text_of() == "main ends\n"
    root = timeline.root()
    # The orphan lived on, and its whole life is in the picture.
    (orphan,) = [track for track in timeline.tracks.values() if track.id != root.id]
    assert orphan.end_ns > root.end_ns + 100_000_000
    assert timeline.total_ns(orphan, State.BLOCKED) > 100_000_000


SERVER = """
import asyncio, os, sys
from app.runs.launcher import LocalLauncher
from app.worker.spec import RunSpec
async def serve():
    worker = await LocalLauncher().start(RunSpec.model_validate_json(sys.stdin.readline()))
    async for frame in worker.frames():
        sys.stdout.buffer.write(frame); sys.stdout.buffer.flush()
asyncio.run(serve())
"""


def test_server_killed_leaves_nothing() -> None:
    with Driver(spec(TREE), command=[sys.executable, "-c", SERVER]) as server:
        server.read(until=all_here)
        assert len(server.survivors()) == 7  # the server, and the six of a run
        server.kill()
        server.wait_until_none_survives(2)
