"""Why a thread is blocked where no probe can tell: in C, and in programs that are no Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_run import timeslice
from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

#: Each thread waits in C, without the probe's knowledge, for what never comes while main looks on:
#: main ends as soon as the kernel has every one of them in its call, and has been seen there.
PROGRAM = """
import ctypes, fcntl, os, select, socket, sys, threading, time
libc = ctypes.CDLL(None)
folder = sys.argv[1]
buffer = ctypes.create_string_buffer(10)
r, w = os.pipe()
full_r, full_w = os.pipe()
os.set_blocking(full_w, False)
try:
    while True: os.write(full_w, bytes(65536))
except BlockingIOError:
    os.set_blocking(full_w, True)
a, b = socket.socketpair()
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
served, _ = server.accept()
print(server.getsockname()[1], flush=True)
unix = socket.socket(socket.AF_UNIX); unix.bind(folder + "/unix"); unix.listen()
locked, again = (open(folder + "/locked", "w") for _ in range(2))
fcntl.flock(locked, fcntl.LOCK_EX)
record, shut = open(folder + "/record", "w+"), open(folder + "/shut", "w+")
if (holder := os.fork()) == 0:
    # Only its parent's end ends it. Record locks are of a process: this one holds it.
    fcntl.lockf(record, fcntl.LOCK_EX)
    own = open(folder + "/shut", "w"); fcntl.flock(own, fcntl.LOCK_EX); own.write("-"); own.flush()
    os.close(r); os.write(w, b"-")
    libc.pause()
    os._exit(0)
os.close(w)
os.read(r, 1)
while not shut.tell(): shut.seek(0, os.SEEK_END)
one = (ctypes.c_int * 2)(r, select.POLLIN)
two = (ctypes.c_int * 4)(r, select.POLLIN, a.fileno(), select.POLLIN)
fds = (ctypes.c_long * 16)(); fds[full_w // 64] |= 1 << full_w % 64
mutex = ctypes.create_string_buffer(64)
libc.pthread_mutex_lock(mutex)
event = libc.eventfd(0, 0)
lock_whole = ctypes.create_string_buffer(32)
ctypes.cast(lock_whole, ctypes.POINTER(ctypes.c_short))[0] = fcntl.F_WRLCK
poll, loop = libc.epoll_create1(0), select.epoll()
loop.register(a.fileno(), select.EPOLLIN)
CALLS = {
    "sleep": (libc.sleep, 1000), "usleep": (libc.poll, None, 0, -1),
    "pipe": (libc.read, r, buffer, 1), "full": (libc.write, full_w, buffer, 10),
    "pair": (libc.recv, a.fileno(), buffer, 1, 0),
    "client": (libc.read, client.fileno(), buffer, 1),
    "accept": (libc.accept, server.fileno(), None, None),
    "unix": (libc.accept, unix.fileno(), None, None),
    "child": (libc.waitpid, holder, None, 0), "flock": (libc.flock, again.fileno(), fcntl.LOCK_EX),
    "record": (libc.fcntl, record.fileno(), fcntl.F_SETLKW, lock_whole),
    "mutex": (libc.pthread_mutex_lock, mutex), "event": (libc.read, event, buffer, 8),
    "epoll": (libc.epoll_wait, poll, buffer, 1, -1),
    "select": (libc.select, 0, None, None, None, None),
    "shut": (libc.flock, shut.fileno(), fcntl.LOCK_EX),
    "one": (libc.poll, one, 1, -1), "two": (libc.poll, two, 2, -1),
    "writes": (libc.select, full_w + 1, None, fds, None, None),
    "loop": (libc.epoll_wait, loop.fileno(), buffer, 1, -1),
}
libc.waitid.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
CALLS["waitid"] = (libc.waitid, os.P_PID, holder, ctypes.create_string_buffer(128), os.WEXITED)
for name, (call, *arguments) in CALLS.items():
    threading.Thread(target=call, args=arguments, name=name, daemon=True).start()
print("all wait", flush=True)
threading.Event().wait()
"""

#: thread → reason, kind of its object, its name ("" for any), who is waited for
EXPECTED = {
    "sleep": ("sleep", "syscall", "clock_nanosleep", None),
    "usleep": ("poll", "syscall", "poll", None),
    "pipe": ("pipe", "pipe", "r", "child"),
    "full": ("pipe", "pipe", "full_r", None),
    "pair": ("socket", "socket", "Socket 1", None),
    "client": ("socket", "socket", "tcp 127.0.0.1:{port}", None),
    "accept": ("socket", "socket", "tcp 127.0.0.1:{port}", None),
    "unix": ("socket", "socket", "unix {folder}/unix", None),
    "child": ("wait-child", "syscall", "wait4", "child"),
    "waitid": ("wait-child", "syscall", "waitid", "child"),
    "flock": ("file", "file", "{folder}/locked", None),
    "record": ("file", "file", "{folder}/record", "child"),
    "shut": ("file", "file", "{folder}/shut", "child"),
    "one": ("pipe", "pipe", "r", "child"),
    "two": ("poll", "syscall", "poll", None),
    "writes": ("pipe", "pipe", "full_r", None),
    "loop": ("poll", "socket", "Socket 1", None),
    "mutex": ("other", "syscall", "futex 0x", None),
    "event": ("other", "syscall", "eventfd", None),
    "epoll": ("poll", "syscall", "epoll_", None),
    "select": ("poll", "syscall", "pselect6", None),
}


def waits(timeline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The last wait of each thread whose reason a sample told, by the thread's name."""
    names = {track["id"]: track["name"] for track in timeline["tracks"]}
    kinds = {item["name"]: item["kind"] for item in timeline["objects"]}
    return {
        names[row["track"]]: {
            **row, "holder": names.get(row["holder"]), "kind": kinds.get(row["object"]),
        }
        for row in timeline["slices"]
        if row["state"] == "blocked" and row["reason_evidence"] == "sampled"
    }  # fmt: skip


@pytest.fixture(scope="module", params=["auto", "procfs"])
def in_c(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, dict[str, Any]], dict[str, str]]]:
    """The waits of the program's threads, and what the names of their objects are made of."""
    folder = tmp_path_factory.mktemp("files")
    wanted = spec(PROGRAM, args=[str(folder)], witness=request.param)
    with Driver(wanted) as worker:

        def all_told(driver: Driver) -> bool:
            if not driver.printed("all wait"):
                return False
            return EXPECTED.keys() <= waits(driver.timeline.to_json()).keys()

        worker.read(all_told)
        timeline = worker.timeline
    port = timeline.text_of("stdout").split()[0]
    child = next(t.name for t in timeline.tracks.values() if t.pid != timeline.root().pid)
    yield waits(timeline.to_json()), {"port": port, "folder": str(folder), "child": child}


@pytest.mark.parametrize("name", EXPECTED)
def test_thread_that_waits_in_c_has_its_reason(
    name: str, in_c: tuple[dict[str, dict[str, Any]], dict[str, str]]
) -> None:
    found, facts = in_c
    reason, kind, title, holder = EXPECTED[name]
    row = found[name]
    assert (row["reason"], row["kind"]) == (reason, kind), row
    assert row["object"].startswith(title.format(**facts)), row
    assert row["holder"] == (facts["child"] if holder else None), row


def test_programs_that_are_no_python_have_their_reasons(tmp_path: Path) -> None:
    """A shell whose child sleeps, and one that waits for that child's output."""
    script, out = tmp_path / "pipeline", tmp_path / "run.json"
    script.write_text("sleep 1.5 | cat\n")
    done = timeslice("run", str(script), "--python", "sh", "--json", str(out))
    assert done.returncode == 0, done.stderr
    found = waits(json.loads(out.read_text()))
    assert found["sleep"]["reason"] == "sleep"
    assert (found["cat"]["reason"], found["cat"]["kind"]) == ("pipe", "pipe")
    assert found["cat"]["holder"] == "sleep"
    assert found["pipeline"]["reason"] == "wait-child"


def test_python_without_the_probe_tells_of_its_threads_by_their_calls() -> None:
    program = "import threading, time\nt = threading.Thread(target=time.sleep, args=(1,))\n"
    with Driver(spec(program + "t.start(); t.join()\n", probe=False)) as worker:
        found = waits(worker.end().to_json())
    assert {row["reason"] for row in found.values()} == {"sleep", "other"}
    assert any(row["object"].startswith("futex 0x") for row in found.values())
