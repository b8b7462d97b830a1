"""How many records a second fusion takes on one core, and what it still holds afterwards.

Run ``python -m benchmarks.fusion_speed``. Two made-up runs: eight threads that hand three locks
round (switches, run-queue readings and probe records mixed), and tasks of one event loop. The
memory columns are what stays allocated after so many records: it may grow
with the number of tasks, and not with the number of records.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable

from app.fusion import Fusion, RunFacts
from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import Record, SchedStat, SwitchIn, SwitchOut, ThreadBorn
from app.timeline.states import Reason

START = 10**12
ROOT = 100
DRAIN = 2_000
TIMES = 5


def say(t: int, tid: int, kind: int, aux: int = 0, a: int = 0, b: int = 0, c: int = 0) -> Record:
    return ProbeRecord(t, ROOT, tid, 0, kind, aux, a, b, c, "")


def locks(count: int) -> list[Record]:
    """Eight threads, three locks: wait, take, release, be preempted."""
    t = START
    log: list[Record] = [SwitchIn(t, ROOT, ROOT, 0), say(t, ROOT, wire.HELLO)]
    slices = [1] * 8
    for number in range(8):
        log.append(ThreadBorn(t + 1, ROOT, 101 + number, ROOT, ROOT))
        log.append(SwitchIn(t + 2, ROOT, 101 + number, number))
        log.append(say(t + 3, 101 + number, wire.THREAD_START, b=ROOT << 32 | 50 + number))
    turn = 0
    while len(log) < count:
        number, lock = turn % 8, ROOT << 32 | turn % 3 + 1
        tid, cpu = 101 + number, number
        turn += 1
        t += 500
        slices[number] += 1
        log += [
            say(t, tid, wire.ENTER, Reason.LOCK, 5, lock),
            SwitchOut(t + 100, ROOT, tid, cpu, False),
            SwitchIn(t + 300, ROOT, tid, cpu),
            SchedStat(t + 310, ROOT, tid, 0, 0, slices[number]),
            say(t + 320, tid, wire.LEAVE, Reason.LOCK, 0, lock, 1),
            say(t + 330, tid, wire.ACQUIRED, 0, 5, lock),
            say(t + 400, tid, wire.RELEASED, 0, 6, lock),
            SwitchOut(t + 410, ROOT, tid, cpu, True),
            SwitchIn(t + 450, ROOT, tid, cpu),
        ]
        slices[number] += 1
    return log


def tasks(count: int) -> list[Record]:
    """Tasks of one loop, each of three awaits."""
    t, task = START, ROOT << 32
    log: list[Record] = [SwitchIn(t, ROOT, ROOT, 0), say(t, ROOT, wire.HELLO)]
    while len(log) < count:
        t, task = t + 100, task + 1
        log.append(ProbeRecord(t, ROOT, ROOT, 0, wire.TASK_NEW, 0, 3, task, 0, "Task-1\0fetch"))
        for step in range(4):
            at = t + 1 + 10 * step
            log.append(say(at, ROOT, wire.TASK_READY, b=task))
            log.append(say(at + 1, ROOT, wire.TASK_RUN, b=task))
            if step < 3:
                log.append(say(at + 5, ROOT, wire.TASK_PAUSE, Reason.SLEEP, 7, task))
            else:
                log.append(say(at + 5, ROOT, wire.TASK_DONE, b=task))
    return log


def fuse(log: list[Record]) -> Fusion:
    fusion = Fusion(RunFacts(START, ROOT))
    for begin in range(0, len(log), DRAIN):
        drain = log[begin : begin + DRAIN]
        fusion.feed(drain)
        fusion.advance(drain[-1].t)
    return fusion


def rate(make: Callable[[int], list[Record]], count: int) -> float:
    """Records a second of processor time, the median of ``TIMES``."""
    rates = []
    for _ in range(TIMES):
        log = make(count)
        gc.collect()
        began = time.process_time()
        fuse(log)
        rates.append(len(log) / (time.process_time() - began))
    return sorted(rates)[TIMES // 2]


def held(make: Callable[[int], list[Record]], count: int) -> int:
    """Bytes still allocated by fusion after ``count`` records."""
    log = make(count)
    tracemalloc.start()
    fusion = fuse(log)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del fusion
    return size


def main() -> None:
    print(f"{'run':8}{'records/s':>12}{'held, 50 k':>14}{'held, 200 k':>14}")
    for make in (locks, tasks):
        few, many = held(make, 50_000), held(make, 200_000)
        name = make.__name__
        print(f"{name:8}{rate(make, 200_000):>12,.0f}{few >> 10:>10} KiB{many >> 10:>10} KiB")


if __name__ == "__main__":
    main()
