"""Sampling /proc, on real programs."""

from __future__ import annotations

import os
import time

import pytest

from app.timeline.records import (
    ProcessReaped,
    Record,
    SchedStat,
    StatSample,
    ThreadBorn,
    ThreadGone,
)
from app.witness.scheduler_procfs import MAX_SHARE, MIN_INTERVAL_NS, ProcfsScheduler
from app.witness.threads import ThreadTable
from tests.witness.program import Held, held

pytestmark = pytest.mark.real


def watch(code: str) -> tuple[Held, list[Record]]:
    with held(code) as program:
        table = ThreadTable(program.pid)
        witness = ProcfsScheduler(program.pid, program.pid, table)
        try:
            return program, program.run_under(witness.poll)
        finally:
            witness.close()


def test_procfs_samples_states_and_run_queue_times() -> None:
    _, records = watch("import time\ntime.sleep(0.15)\nsum(range(9_000_000))")
    states = [r.state for r in records if isinstance(r, StatSample)]
    assert "S" in states and "R" in states
    stats = [r for r in records if isinstance(r, SchedStat)]
    assert stats[-1].run_ns > stats[0].run_ns
    times = [r.t for r in records if isinstance(r, StatSample)]
    assert times == sorted(times)


def test_procfs_finds_threads_and_processes_and_their_ends() -> None:
    """Each stays as it is until the witness has looked: sampling misses what is shorter."""
    code = (
        "import os, threading\n"
        "def go(): assert os.read(0, 3) == b'go\\n'\n"
        "def f():\n"
        "    print('thread', threading.get_native_id(), flush=True); go()\n"
        "t = threading.Thread(target=f); t.start(); t.join()\n"
        "go()\n"  # its end was seen
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    go(); os._exit(0)\n"
        "print('child', pid, flush=True)\n"
        "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)\n"
        "go()\n"  # it was seen as a zombie, and is one for some looks more
        "os.waitpid(pid, 0)\n"
        "go()\n"
    )
    #: What is waited for before each step, and how many looks more it then stays.
    steps: list[tuple[type[Record], int]] = [
        (ThreadBorn, 0), (ThreadGone, 0), (ThreadBorn, 0), (ThreadGone, 10), (ProcessReaped, 0),
    ]  # fmt: skip
    told: list[Record] = []
    with held(code) as program:
        witness = ProcfsScheduler(program.pid, program.pid, ThreadTable(program.pid))

        def poll() -> list[Record]:
            found = witness.poll()
            told.extend(found)
            if steps and any(isinstance(record, steps[0][0]) for record in told):
                kind, looks = steps[0]
                if looks:
                    steps[0] = (kind, looks - bool(found))
                else:
                    steps.pop(0)
                    told.clear()
                    program.go()
            return found

        try:
            records = program.run_under(poll)
        finally:
            witness.close()
    assert not steps
    ids = {line.split()[0]: int(line.split()[1]) for line in program.lines}
    root, thread, child = program.pid, ids["thread"], ids["child"]
    births = {(r.pid, r.tid, r.ppid): r for r in records if isinstance(r, ThreadBorn)}
    assert set(births) == {(root, thread, root), (child, child, root)}
    ends = {r.tid: r for r in records if isinstance(r, ThreadGone)}
    assert {thread, child} <= set(ends)
    assert all(r.sampled for r in births.values())
    assert all(r.sampled for r in ends.values())
    reaped = {r.pid: r for r in records if isinstance(r, ProcessReaped)}
    assert reaped[child].sampled and reaped[child].status is None
    # It was seen dead well before it was seen gone: the zombie time is there.
    assert reaped[child].t - ends[child].t > 9 * MIN_INTERVAL_NS
    # A zombie's account tells what it did to its end.
    last = [r for r in records if isinstance(r, SchedStat) and r.tid == child][-1]
    assert last.t == ends[child].t


def test_state_is_not_read_again_while_the_account_stands_still() -> None:
    """One thread sleeps while another computes, for so many looks."""
    code = (
        "import threading\n"
        "t = threading.Thread(target=input); t.start()\n"
        "while t.is_alive(): sum(range(1_000))\n"
    )
    computing = 0
    with held(code) as program:
        witness = ProcfsScheduler(program.pid, program.pid, ThreadTable(program.pid))

        def poll() -> list[Record]:
            nonlocal computing
            found = witness.poll()
            computing += any(isinstance(r, StatSample) and r.tid == program.pid for r in found)
            if computing == 40:
                computing += 1
                program.go()
            return found

        try:
            records = program.run_under(poll)
        finally:
            witness.close()
    root = program.pid
    sleeper = next(r.tid for r in records if isinstance(r, ThreadBorn) and r.pid == root)
    looks = {tid: [r for r in records if isinstance(r, StatSample) and r.tid == tid]
             for tid in (root, sleeper)}  # fmt: skip
    asleep = [r for r in looks[sleeper] if r.state == "S"]
    assert 0 < len(asleep) < len(looks[root]) / 2
    assert "R" in {r.state for r in looks[root]}


def test_procfs_costs_at_most_its_share_with_many_threads() -> None:
    code = (
        "import threading\n"
        "stop = threading.Event()\n"
        "threads = [threading.Thread(target=stop.wait) for _ in range(100)]\n"
        "for t in threads: t.start()\n"
        "print('ready', flush=True)\n"
        "input(); stop.set()\n"
        "for t in threads: t.join()\n"
    )
    with held(code) as program:
        table = ThreadTable(program.pid)
        witness = ProcfsScheduler(program.pid, program.pid, table)
        program.go()
        assert program.process.stdout is not None
        assert program.process.stdout.readline() == b"ready\n"
        looks, cpu, wall = 0, time.thread_time_ns(), time.monotonic_ns()
        while looks < 8 or time.monotonic_ns() - wall < 300_000_000:
            looks += bool(witness.poll())
            time.sleep(MIN_INTERVAL_NS / 1e9)
        share = (time.thread_time_ns() - cpu) / (time.monotonic_ns() - wall)
        assert table.alive == 101
        assert witness.share <= MAX_SHARE * 1.01
        # The loop around it costs a little, too.
        assert share < 2 * MAX_SHARE
        witness.close()


def test_procfs_close_leaves_no_file_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    watch("import threading\nthreading.Thread(target=print).start()")
    assert len(os.listdir("/proc/self/fd")) == before
