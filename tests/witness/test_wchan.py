"""The kernel's functions in which real threads sleep, and what is told by them alone."""

from __future__ import annotations

import time

import pytest

from app.timeline.records import SyscallSample
from app.witness import proc, syscalls, wchan
from tests.witness.program import DEADLINE_S, Held, held

pytestmark = pytest.mark.real

PROGRAM = """
import fcntl, os, select, socket, tempfile, threading, time
lock = threading.Lock(); lock.acquire()
r, w = os.pipe(); a, b = socket.socketpair(); server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
file = tempfile.NamedTemporaryFile(); again = open(file.name, "w")
fcntl.flock(file, fcntl.LOCK_EX)
poll = select.poll(); poll.register(r, select.POLLIN)
loop = select.epoll(); loop.register(r, select.POLLIN)
child = os.fork()
if child == 0:
    os.close(w); os.read(r, 1); os._exit(0)  # it ends with its parent
CALLS = {
    "lock": (lock.acquire,), "pipe": (os.read, r, 1), "unix": (a.recv, 1),
    "tcp": (client.recv, 1), "sleep": (time.sleep, 1000), "child": (os.waitpid, child, 0),
    "select": (select.select, [r], [], []), "poll": (poll.poll,), "epoll": (loop.poll,),
    "flock": (fcntl.flock, again, fcntl.LOCK_EX),
}
def run(name, call, *arguments):
    print(f"{name} {threading.get_native_id()}\\n", end="", flush=True)
    call(*arguments)
for name, call in CALLS.items():
    threading.Thread(target=run, args=(name, *call), daemon=True).start()
time.sleep(1000)
"""
EXPECTED = {
    "lock": ("futex", ""),
    "pipe": ("read", "pipe"),
    "unix": ("recvfrom", "socket"),
    "sleep": ("clock_nanosleep", ""),
    "child": ("wait4", ""),
    "epoll": ("epoll_wait", ""),
    "flock": ("flock", "file"),
}


def tids(program: Held) -> dict[str, int]:
    program.go()
    assert program.process.stdout is not None
    lines = [program.process.stdout.readline().split() for _ in range(10)]
    return {name.decode(): int(tid) for name, tid in lines}


def test_function_in_which_a_thread_sleeps_tells_its_call() -> None:
    if not (proc.read("/proc/self/wchan", 8) or b""):
        pytest.skip("this kernel has no wchan (CONFIG_KALLSYMS)")
    with held(PROGRAM) as program:
        threads = tids(program)
        deadline = time.monotonic() + DEADLINE_S
        found: dict[str, tuple[str, str]] = {}
        while not EXPECTED.items() <= found.items():
            missing = EXPECTED.items() - found.items()
            assert time.monotonic() < deadline, (missing, found)
            found = {name: wchan.sleeps_in(program.pid, tid) for name, tid in threads.items()}
        # poll and select sleep in one function; a TCP reader in one that others have, too.
        assert found["poll"][0] == found["select"][0] == "poll"
        assert found["tcp"][0]


def test_thread_whose_call_may_not_be_looked_at_is_told_by_the_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = proc.read

    def refused(path: str, size: int = 4096) -> bytes | None:
        return None if path.endswith("/syscall") else reads(path, size)

    with held(PROGRAM) as program:
        threads = tids(program)
        monkeypatch.setattr(proc, "read", refused)
        reader, deadline = syscalls.SyscallReader(), time.monotonic() + DEADLINE_S
        sample: SyscallSample | None = None
        while sample is None or sample.name != "flock":
            assert time.monotonic() < deadline, sample
            sample = reader.sample(program.pid, threads["flock"])
        assert (sample.site, sample.target) == ("file", "")


def test_running_thread_sleeps_in_nothing() -> None:
    with held("print(flush=True)\nwhile True: pass") as program:
        program.go()
        assert program.process.stdout is not None
        program.process.stdout.readline()
        deadline = time.monotonic() + DEADLINE_S
        while wchan.sleeps_in(program.pid, program.pid) != ("", ""):
            assert time.monotonic() < deadline
