"""Does the time grow with the work, and no faster? Each primitive's records, ever twice as many.

Each pattern of ``benchmarks.patterns`` goes through what comes after the witnesses: fusion,
backlog, frames, their encoding; and then, as in the server and at a reader, the fold of all frames
into one and into a timeline. Printed are microseconds of CPU time for each record, what fusion
still holds at the end in bytes for each record, and how many times the time of half as many it
took. A doubling that costs more than ``MOST`` times is measured again, and then fails.

    python -m benchmarks.growth [--quick] [--only NAME …] [--most-records 1000000]
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import sys
import time
import traceback
from typing import NamedTuple

from app.fusion import Fusion, RunFacts
from app.timeline import frames, heads
from app.timeline.merge import merge_encoded
from app.timeline.model import Batch
from app.timeline.timeline import Timeline
from app.worker.backlog import Backlog
from benchmarks.patterns import PATTERNS
from benchmarks.patterns.tape import ROOT, START, Pattern, Tape

#: A doubling of the records may take so many times the time.
MOST = 2.3
#: The least time of so many runs counts, where the first was too long.
TRIES = 4
#: Numbers of records by which a test finds what grows with the square: sixteen times as long, four
#: times for each doubling. So few fit into a CPU's cache in part, so a doubling may take more.
QUICK = (10_000, 40_000)
QUICK_MOST = 3.0
#: Records that are drained together.
DRAIN = 5_000


class Cost(NamedTuple):
    """Of ``records``: ns of CPU time to fuse them, and to fold their frames; bytes then held."""

    records: int
    fuse_ns: int
    fold_ns: int
    held: int

    @property
    def whole_ns(self) -> int:
        return self.fuse_ns + self.fold_ns


def measure(pattern: Pattern, count: int) -> Cost:
    """In a process of its own: what it holds is then its own, too."""
    there, back = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(there)
            os.write(back, json.dumps(_cost(pattern, count)).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)
    os.close(back)
    with open(there, "rb") as file:
        told = file.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError(f"The measurement ended with status {status}.")
    return Cost(*json.loads(told))


def _cost(pattern: Pattern, count: int) -> Cost:
    gc.freeze()
    gc.disable()  # as in the worker
    fusion = Fusion(
        RunFacts(START, ROOT, pattern.program, scheduler=pattern.scheduler, path="/srv/program.py")
    )
    backlog, tape, encoded = Backlog(), Tape(), list[bytes]()
    spent = 0

    def drain() -> None:
        nonlocal spent
        records = tape.take()
        began = time.process_time_ns()
        fusion.feed(records)
        backlog.add(fusion.advance(records[-1].t), tape.t)
        _send(backlog, encoded)
        spent += time.process_time_ns() - began

    before = _own_bytes()
    for _ in pattern.write(tape, count):
        if len(tape.records) >= DRAIN:
            drain()
    if tape.records:
        drain()
    held = _own_bytes() - before - sum(map(len, encoded))
    began = time.process_time_ns()
    backlog.add(fusion.finish(tape.t), tape.t)
    _send(backlog, encoded)
    spent += time.process_time_ns() - began
    began = time.process_time_ns()
    merge_encoded(encoded)
    Timeline(map(frames.decode, encoded))
    return Cost(tape.written, spent, time.process_time_ns() - began, max(0, held))


def _send(backlog: Backlog, encoded: list[bytes]) -> None:
    while backlog:
        batch: Batch
        batch, now_ns = backlog.take()
        frame = heads.frame_of(batch, len(encoded), now_ns - START)
        encoded.append(frames.encode(frame))


def _own_bytes() -> int:
    """What this process has for itself (proc_pid_status(5))."""
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["RssAnon"].split()[0]) << 10


def ratio(small: Cost, large: Cost) -> float:
    """How many times the time each doubling from ``small`` to ``large`` took."""
    doublings = math.log2(large.records / small.records)
    return float((large.whole_ns / small.whole_ns) ** (1 / doublings))


def growth(name: str, counts: list[int], most: float = MOST) -> bool:
    """Measures and prints one pattern; False if a doubling took more than ``most``, each time."""
    pattern, costs, lawful, before = PATTERNS[name], list[Cost](), True, 0
    for count in counts:
        cost, step = measure(pattern, count), 0.0
        if costs:
            step = ratio(costs[-1], cost)
            for _ in range(TRIES - 1):
                if step <= most:
                    break
                costs[-1] = min(costs[-1], measure(pattern, before), key=_whole)
                cost = min(cost, measure(pattern, count), key=_whole)
                step = ratio(costs[-1], cost)
            lawful = lawful and step <= most
        each = cost.records * 1e3
        print(
            f"{name:28}{cost.records:>10,} {cost.fuse_ns / each:>8.2f} µs fused "
            f"{cost.fold_ns / each:>7.2f} µs folded {cost.held / cost.records:>7.0f} bytes held"
            + (f"   × {step:.2f}" if costs else "")
            + ("   TOO MUCH" if costs and step > most else ""),
            flush=True,
        )
        costs.append(cost)
        before = count
    return lawful


def _whole(cost: Cost) -> int:
    return cost.whole_ns


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few records: some seconds")
    parser.add_argument("--most-records", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", choices=tuple(PATTERNS), default=tuple(PATTERNS))
    options = parser.parse_args()
    counts = [options.most_records >> step for step in (3, 2, 1, 0)]
    if options.quick:
        counts = list(QUICK)
    most = QUICK_MOST if options.quick else MOST
    failed = [name for name in options.only if not growth(name, counts, most)]
    if failed:
        print(f"Time grew faster than the work: {', '.join(failed)}.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
