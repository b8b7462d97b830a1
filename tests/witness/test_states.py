"""What blocked threads sit in: real threads, each blocked in its own way."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from app.timeline.records import (
    ProcessReaped,
    Record,
    StatSample,
    SwitchOut,
    SyscallSample,
    ThreadGone,
)
from app.witness import proc, syscalls
from app.witness.runtime import find_symbol
from app.witness.states import AGAIN_NS, INTERVAL_NS, StatesSampler
from app.witness.threads import ThreadTable
from tests.witness.program import DEADLINE_S, held

BLOCKED = """
import os, socket, sys, threading, time
lock = threading.Lock(); lock.acquire()
r, w = os.pipe(); a, b = socket.socketpair()
def named(name, work, *args):
    def run():
        print(f'{name} {threading.get_native_id()}\\n', end='', flush=True)
        work(*args)
    threading.Thread(target=run, daemon=True).start()
named('lock', lock.acquire)
named('pipe', os.read, r, 1)
named('socket', a.recv, 1)
named('sleep', time.sleep, 1000)
def burn():
    while True: pass
named('burn1', burn); named('burn2', burn)
time.sleep(1000)
"""


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not found():
        assert time.monotonic() < deadline, "it never came"


@pytest.mark.real
def test_syscalls_of_blocked_threads_tell_call_and_site() -> None:
    reader = syscalls.SyscallReader()
    with held(BLOCKED) as program:
        program.go()
        assert program.process.stdout is not None
        tids = {}
        for _ in range(6):
            name, tid = program.process.stdout.readline().split()
            tids[name.decode()] = int(tid)
        seen: dict[str, set[tuple[str, str]]] = {name: set() for name in tids}

        def sample() -> None:
            for name, tid in tids.items():
                record = reader.sample(program.pid, tid)
                if record is not None:
                    seen[name].add((record.name, record.site))

        def all_seen() -> bool:
            sample()
            return (
                ("futex", "") in seen["lock"]
                and ("read", "pipe") in seen["pipe"]
                and ("recvfrom", "socket") in seen["socket"]
                and ("clock_nanosleep", "") in seen["sleep"]
                and ("futex", "gil") in seen["burn1"]
                and ("futex", "gil") in seen["burn2"]
            )

        until(all_seen)
        # Once in its own wait, a thread is nowhere else: only those that compute want the lock.
        seen = {name: set() for name in tids}
        for _ in range(50):
            sample()
        assert seen["lock"] == {("futex", "")}
        assert seen["pipe"] == {("read", "pipe")}


@pytest.mark.real
def test_states_stopped_program_is_told() -> None:
    with held("import time\nprint(1, flush=True)\ntime.sleep(1000)") as program:
        program.go()
        assert program.process.stdout is not None
        program.process.stdout.readline()
        table = ThreadTable(program.pid)
        sampler = StatesSampler(table)
        os.kill(program.pid, signal.SIGSTOP)
        until(lambda: (proc.stat(program.pid) or proc.stat(1)).state == "T")  # type: ignore[union-attr]
        table.note([SwitchOut(5, program.pid, program.pid, 0, False)])
        (record,) = sampler.poll(INTERVAL_NS)
        assert isinstance(record, StatSample)
        assert (record.pid, record.state) == (program.pid, "T")


@pytest.mark.real
def test_states_blocking_is_sampled_once_then_seldom() -> None:
    with held("") as program:
        table = ThreadTable(program.pid)
        sampler = StatesSampler(table)
        until(lambda: (proc.stat(program.pid) or proc.stat(1)).state == "S")  # type: ignore[union-attr]
        table.note([SwitchOut(1, program.pid, program.pid, 0, False)])
        now = INTERVAL_NS
        first = sampler.poll(now)
        assert [type(r) for r in first] == [StatSample, SyscallSample]
        assert sampler.poll(now + 1) == []
        assert sampler.poll(now + INTERVAL_NS) == []
        assert len(sampler.poll(now + AGAIN_NS + 1)) == 2
        table.note([SwitchOut(9, program.pid, program.pid, 0, False)])
        assert len(sampler.poll(now + AGAIN_NS + INTERVAL_NS + 1)) == 2


@pytest.mark.real
def test_states_zombie_is_told_when_it_is_gone() -> None:
    with held("") as program:
        table = ThreadTable(program.pid)
        sampler = StatesSampler(table)
        program.go()
        until(lambda: (proc.stat(program.pid) or proc.stat(1)).state == "Z")  # type: ignore[union-attr]
        ended = time.monotonic_ns()
        table.note([ThreadGone(ended, program.pid, program.pid)])
        assert sampler.poll(INTERVAL_NS) == []
        program.process.wait(DEADLINE_S)
        (record,) = sampler.poll(2 * INTERVAL_NS)
        assert isinstance(record, ProcessReaped)
        assert (record.pid, record.status, record.sampled) == (program.pid, None, True)
        assert record.t > ended
        assert sampler.poll(3 * INTERVAL_NS) == []


def test_states_exact_reap_replaces_the_sampled_one() -> None:
    table = ThreadTable(1)
    sampler = StatesSampler(table)
    sampled: list[Record] = [ProcessReaped(1, 999_999_999, None, True)]
    assert sampler.without_told(sampled) == sampled
    sampler.told(999_999_999)
    assert sampler.without_told(sampled) == []
    exact: list[Record] = [ProcessReaped(1, 999_999_999, 0, False)]
    assert sampler.without_told(exact) == exact


def test_syscalls_parse_lines_of_proc() -> None:
    line = b"%d 0x1f 0x2 0x3 0x4 0x5 0x6 0x7ffd 0x7f01\n"
    assert syscalls.parse(b"running\n") is None
    assert syscalls.parse(b"-1 0x7ffd 0x7f01\n") is None
    assert syscalls.parse(line % 100_000) == syscalls.Call("syscall-100000", 31, 2, 3)


def test_runtime_symbol_in_foreign_files_is_none_or_an_error() -> None:
    assert find_symbol("/bin/sh") is None
    with pytest.raises(ValueError, match="no 64-bit"):
        find_symbol(__file__)
