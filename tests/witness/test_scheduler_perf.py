"""Perf against programs that know their own truth: the kernel's counters and CPU clocks."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import pytest

from app.timeline.records import (
    Dropped,
    Record,
    SchedStat,
    SwitchIn,
    SwitchOut,
    ThreadBorn,
    ThreadGone,
    ThreadNamed,
)
from app.witness import perf_event
from app.witness.perf_event import Ring
from app.witness.scheduler_perf import ACCOUNT_NS, PerfScheduler
from app.witness.threads import ThreadTable
from app.witness.witness import Refused
from tests.witness.program import Held, held

pytestmark = pytest.mark.real

#: A program's own account: lines "label voluntary involuntary cpu_ns before_ns after_ns".
ACCOUNT = """
import os, time
def account(label):
    before = time.monotonic_ns()
    counts = [line.split()[1] for line in open('/proc/thread-self/status')
              if 'ctxt_switches' in line]
    cpu = time.thread_time_ns()
    print(label, *counts, cpu, before, time.monotonic_ns(), flush=True)
"""


def open_perf(program: Held, pages: tuple[int, ...] = ()) -> PerfScheduler:
    try:
        return PerfScheduler(program.pid, ThreadTable(program.pid), pages)
    except Refused as refusal:
        pytest.skip(f"perf is refused here: {refusal}")


def watch(code: str) -> tuple[Held, list[Record]]:
    with held(code) as program:
        perf = open_perf(program)
        try:
            return program, program.run_under(perf.poll)
        finally:
            perf.close()


def switches(records: list[Record], tid: int) -> list[SwitchIn | SwitchOut]:
    return [r for r in records if isinstance(r, SwitchIn | SwitchOut) and r.tid == tid]


def accounts(program: Held) -> Iterator[tuple[int, int, int, int, int]]:
    for line in program.lines:
        voluntary, involuntary, cpu, before, after = map(int, line.split()[1:])
        yield voluntary, involuntary, cpu, before, after


def test_perf_counts_the_same_switches_as_the_kernel() -> None:
    program, records = watch(
        ACCOUNT
        + "account('a')\nfor _ in range(25): time.sleep(0.002)\n"
        + "sum(range(2_000_000))\naccount('b')"
    )
    (v0, i0, _, t0, t1), (v1, i1, _, t2, t3) = accounts(program)
    rows = switches(records, program.pid)

    def count(preempted: bool, start: int, end: int) -> int:
        return sum(
            isinstance(row, SwitchOut) and row.preempted is preempted and start <= row.t <= end
            for row in rows
        )

    assert v1 - v0 >= 25
    assert count(False, t1, t2) <= v1 - v0 <= count(False, t0, t3)
    assert count(True, t1, t2) <= i1 - i0 <= count(True, t0, t3)


def test_perf_in_and_out_alternate_and_add_up_to_the_cpu_time() -> None:
    """In each of many windows of one run, but for those in which a hypervisor had the CPU.

    While it has it, the account stands still, and by its switches the thread goes on running: the
    account never has more than the switches, and as much in the window in the middle.
    """
    program, records = watch(
        ACCOUNT
        + "account('a')\n"
        + "for _ in range(25): sum(range(300_000)); time.sleep(0.001); account('b')\n"
    )
    rows = switches(records, program.pid)
    kinds = [type(row) for row in rows]
    assert len(kinds) >= 10
    assert all(a is not b for a, b in pairwise(kinds))

    def running(start: int, end: int) -> int:
        """On CPU within the window; the thread was on CPU at both its ends."""
        total, since = 0, start
        for row in rows:
            if start < row.t < end:
                if isinstance(row, SwitchIn):
                    since = row.t
                else:
                    total += row.t - since
        return total + end - since

    shares = []
    for (_, _, cpu0, t0, t1), (_, _, cpu1, t2, t3) in pairwise(accounts(program)):
        assert cpu1 - cpu0 <= running(t0, t3) * 1.01
        shares.append((cpu1 - cpu0) / running(t1, t2))
    assert len(shares) == 25
    assert median(shares) >= 0.99, sorted(shares)


def test_perf_tells_births_names_and_ends_of_the_whole_tree() -> None:
    program, records = watch(
        "import os, threading\n"
        "def f():\n"
        "    print('thread', threading.get_native_id(), flush=True)\n"
        "t = threading.Thread(target=f); t.start(); t.join()\n"
        # join() returns before the kernel's thread is gone.
        "while os.path.exists(f'/proc/self/task/{t.native_id}'): pass\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    print('child', os.getpid(), flush=True)\n"
        "    os.execv('/bin/sh', ['sh', '-c', 'exit 3'])\n"
        "os.waitpid(pid, 0)\n"
    )
    ids = {line.split()[0]: int(line.split()[1]) for line in program.lines}
    root, thread, child = program.pid, ids["thread"], ids["child"]
    births = [r for r in records if isinstance(r, ThreadBorn)]
    assert {(r.pid, r.tid, r.ppid, r.ptid) for r in births} == {
        (root, thread, root, root),
        (child, child, root, root),
    }
    assert [r.tid for r in records if isinstance(r, ThreadGone)] == [thread, child, root]
    execs = [r for r in records if isinstance(r, ThreadNamed) and r.exec]
    assert [(r.pid, r.comm) for r in execs] == [(child, "sh")]
    assert not any(isinstance(r, Dropped) for r in records)


def test_perf_reads_run_queue_waits_of_threads_that_came_on() -> None:
    program, records = watch("import time\nfor _ in range(20): time.sleep(0.01)")
    stats = [r for r in records if isinstance(r, SchedStat)]
    if not stats and not os.path.exists("/proc/self/schedstat"):
        pytest.skip("this kernel has no schedstat")
    assert {r.tid for r in stats} == {program.pid}
    for earlier, later in pairwise(stats):
        assert earlier.t < later.t
        assert earlier[3:] <= later[3:]


def test_perf_reads_accounts_in_between_when_they_changed_and_are_due() -> None:
    with held("import time\nfor _ in range(60): time.sleep(0.005)") as program:
        perf = open_perf(program)
        looked: list[tuple[int, list[Record]]] = []

        def poll() -> list[Record]:
            due, now = perf.due_ns, time.monotonic_ns()
            records = perf.look()
            # One that is due a moment after the clock was read may look as well.
            if perf.due_ns > due:
                assert perf.due_ns - now >= ACCOUNT_NS
                looked.append((now, records))
            else:
                assert now < due and not records
            return [*records, *perf.poll()]

        try:
            told = [r for r in program.run_under(poll) if isinstance(r, SchedStat)]
        finally:
            perf.close()
    assert any(records for _, records in looked)
    assert len({(r.tid, *r[3:]) for r in told}) == len(told), "none is told twice"


def test_perf_ring_that_overflows_tells_how_much_was_lost() -> None:
    # On one CPU: a ring tells its loss with its next record, and an idle CPU has none.
    code = (
        "import os, threading\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "a, b = os.pipe(); c, d = os.pipe()\n"
        "def f():\n"
        "    for _ in range(4000): os.read(a, 1); os.write(d, b'x')\n"
        "t = threading.Thread(target=f); t.start()\n"
        "for _ in range(4000): os.write(b, b'x'); os.read(c, 1)\n"
        "print('done', flush=True)\n"
        "input()\n"
        "import time\n"
        "for _ in range(50): time.sleep(0.001)\n"
    )
    with held(code) as program:
        perf = open_perf(program, pages=(1,))
        try:
            program.go()
            assert program.process.stdout is not None
            assert program.process.stdout.readline() == b"done\n"
            records = perf.poll()
            records += program.run_under(perf.poll)
        finally:
            perf.close()
    kept = Counter(type(r).__name__ for r in records)
    lost = sum(r.lost for r in records if isinstance(r, Dropped))
    assert lost > 1000
    assert kept["SwitchIn"] + kept["SwitchOut"] + lost >= 8000


def test_perf_reads_switches_about_as_fast_as_a_program_makes_them() -> None:
    """CPU time of the reader, time of the program. How fast exactly is for benchmarks to say."""
    code = (
        "import os, threading\n"
        "a, b = os.pipe(); c, d = os.pipe()\n"
        "def f():\n"
        "    for _ in range(12000): os.read(a, 1); os.write(d, b'x')\n"
        "t = threading.Thread(target=f); t.start()\n"
        "for _ in range(12000): os.write(b, b'x'); os.read(c, 1)\n"
    )
    cost = 0

    def poll() -> list[Record]:
        nonlocal cost
        began = time.thread_time_ns()
        records = perf.poll()
        cost += time.thread_time_ns() - began
        return records

    with held(code) as program:
        perf = open_perf(program)
        gc.freeze()  # what other tests left behind is no work of the reader
        try:
            records = program.run_under(poll)
        finally:
            gc.unfreeze()
            perf.close()
    count = sum(isinstance(r, SwitchIn | SwitchOut) for r in records)
    assert count > 20_000
    assert cost < 3 * (records[-1].t - records[0].t)


def test_perf_rings_get_smaller_until_the_kernel_grants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Grudging(Ring):
        def __init__(self, fd: int, pages: int) -> None:
            if pages > 32:
                raise PermissionError(1, "Operation not permitted")
            super().__init__(fd, pages)

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(perf_event, "Ring", Grudging)
    with held("") as program:
        perf = open_perf(program)
        assert perf.ring_bytes == 32 * os.sysconf("SC_PAGE_SIZE")
        perf.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_perf_without_any_ring_says_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, pages: int) -> Ring:
        raise PermissionError(1, "Operation not permitted")

    before = len(os.listdir("/proc/self/fd"))
    with held("") as program:
        open_perf(program).close()
        monkeypatch.setattr(perf_event, "Ring", refuse)
        with pytest.raises(Refused, match="no more memory") as caught:
            PerfScheduler(program.pid, ThreadTable(program.pid))
    assert "perf_event_mlock_kb" in caught.value.remedy
    assert len(os.listdir("/proc/self/fd")) == before
