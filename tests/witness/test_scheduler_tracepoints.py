"""Wake-ups of real programs, by the kernel's tracepoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.timeline.records import Dropped, Record, SwitchIn, SwitchOut, Wakeup, Waking
from app.witness import scheduler_tracepoints
from app.witness.perf_records import WOKEN_OFFSET
from app.witness.scheduler_tracepoints import TracepointScheduler
from app.witness.threads import ThreadTable
from app.witness.witness import Refused
from tests.witness.program import Held, held

pytestmark = pytest.mark.real

PING_PONG = """
import os, threading
a, b = os.pipe(), os.pipe()
def answer():
    print(threading.get_native_id(), flush=True)
    for _ in range(50):
        os.read(a[0], 1)
        os.write(b[1], b"x")
thread = threading.Thread(target=answer)
thread.start()
for _ in range(50):
    os.write(a[1], b"x")
    os.read(b[0], 1)
thread.join()
"""


def watch(code: str) -> tuple[Held, list[Record]]:
    with held(code) as program:
        try:
            witness = TracepointScheduler(program.pid, ThreadTable(program.pid))
        except Refused as refusal:
            pytest.skip(f"wake-up tracepoints are refused here: {refusal}")
        try:
            return program, program.run_under(witness.poll)
        finally:
            witness.close()


def test_a_stopped_thread_is_woken_once_before_it_runs() -> None:
    program, records = watch("import time\nfor _ in range(20): time.sleep(0.001)")
    assert not [record for record in records if isinstance(record, Dropped)]
    # One that is about to stop may be woken before it has left its CPU, and then does not leave.
    wakeups = stops = 0
    of_stop = 0
    stopped = False
    for record in records:
        if isinstance(record, SwitchOut) and record.tid == program.pid:
            stopped, of_stop = not record.preempted, 0
            stops += stopped
        elif isinstance(record, Wakeup) and record.tid == program.pid and stopped:
            of_stop += 1
            assert of_stop == 1, record
            wakeups += 1
        elif isinstance(record, SwitchIn) and record.tid == program.pid:
            stopped = False
    assert wakeups <= stops
    if not wakeups:
        pytest.skip("this machine's idle CPUs lose the samples of their wake-ups")
    foreign = [r for r in records if isinstance(r, Wakeup | Waking) and r.tid != program.pid]
    assert not foreign


def test_each_end_of_a_pipe_is_woken_by_the_other() -> None:
    program, records = watch(PING_PONG)
    answer = int(program.lines[0])
    wakings = [record for record in records if isinstance(record, Waking)]
    pairs = {(record.waker_tid, record.tid) for record in wakings}
    assert {(program.pid, answer), (answer, program.pid)} <= pairs


def test_new_thread_is_woken_before_it_first_runs() -> None:
    program, records = watch(PING_PONG)
    answer = int(program.lines[0])
    mine = [
        record
        for record in records
        if isinstance(record, Wakeup | SwitchIn) and record.tid == answer
    ]
    assert isinstance(mine[0], Wakeup)


def test_refusal_says_what_to_do_where_tracefs_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler_tracepoints, "_TRACEFS", ("/nowhere",))
    with pytest.raises(Refused, match="tracefs is not mounted") as refused:
        scheduler_tracepoints.numbers()
    assert "Mount tracefs" in refused.value.remedy


def test_tracepoint_with_other_fields_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("sched_waking", "sched_wakeup", "sched_wakeup_new", "sched_switch"):
        folder = tmp_path / "events" / "sched" / name
        folder.mkdir(parents=True)
        (folder / "id").write_text("7\n")
        (folder / "format").write_text(
            f"\tfield:pid_t pid;\toffset:{WOKEN_OFFSET + 4};\tsize:4;\tsigned:1;\n"
        )
    monkeypatch.setattr(scheduler_tracepoints, "_TRACEFS", (str(tmp_path),))
    with pytest.raises(Refused, match="can't read"):
        scheduler_tracepoints.numbers()
