"""How well the timeline agrees with a judge that shares no code with it: ``perf record``.

Runs five programs, each under a worker and, beside it, under ``perf record`` of the kernel's
``sched:*`` tracepoints on all CPUs (this needs root, or CAP_PERFMON, and Debian's linux-perf).
From the judge's records it builds for each thread when it ran, was ready, or was off the CPU,
and prints the share of thread-time in which the timeline says the same, with the worst thread.

    python -m benchmarks.truth [--witness tracepoints|perf|procfs] [--only NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console
from rich.table import Table

from app.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

Class = Literal["running", "ready", "off"]

PROGRAMS = {
    "computing threads": """
import threading
def work():
    n = 0
    for k in range(6_000_000): n += k % 7
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
""",
    "processes on one CPU": """
import os
from multiprocessing import Process
def work():
    n = 0
    for k in range(6_000_000): n += k % 7
if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    children = [Process(target=work) for _ in range(3)]
    for c in children: c.start()
    for c in children: c.join()
""",
    "lock convoy": """
import threading
lock = threading.Lock()
def work():
    for _ in range(300):
        with lock:
            n = 0
            for k in range(3_000): n += k
threads = [threading.Thread(target=work) for _ in range(6)]
for t in threads: t.start()
for t in threads: t.join()
""",
    "pipe ping-pong": """
from multiprocessing import Pipe, Process
def answer(end):
    while (ball := end.recv()) is not None: end.send(ball)
if __name__ == "__main__":
    mine, theirs = Pipe()
    child = Process(target=answer, args=(theirs,)); child.start()
    for n in range(8_000):
        mine.send(n); mine.recv()
    mine.send(None); child.join()
""",
    "200 mixed threads": """
import threading, time
def sleeps():
    for _ in range(30): time.sleep(0.02)
def computes():
    n = 0
    for k in range(150_000): n += k % 7
threads = [threading.Thread(target=sleeps if k % 2 else computes) for k in range(200)]
for t in threads: t.start()
for t in threads: t.join()
""",
}

_LINE = re.compile(
    r"\s*(?P<tid>-?\d+)\s+\[(?P<cpu>\d+)\]\s+(?P<s>\d+)\.(?P<ns>\d{9}):\s+sched:(?P<event>\w+):"
    r"(?P<rest>.*)"
)
_SWITCH = re.compile(r"prev_pid=(\d+) prev_prio=-?\d+ prev_state=(\S+) ==> .*next_pid=(\d+)")
_WOKEN = re.compile(r"pid=(\d+) prio")


class Span(NamedTuple):
    start_ns: int
    end_ns: int
    what: Class


class Agreement(NamedTuple):
    """Nanoseconds both speak of, and of these where they say the same; the same by class."""

    both_ns: int
    same_ns: int
    totals: dict[Class, tuple[int, int]]  # the timeline's, the judge's
    first: tuple[int, Class, Class] | None  # the longest difference: ns, ours, the judge's

    @property
    def share(self) -> float:
        return self.same_ns / self.both_ns if self.both_ns else 1.0


class Judge:
    """``perf record`` on all CPUs while the ``with`` block lasts."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "judge.data"

    def __enter__(self) -> Judge:
        events = ["sched:sched_switch", "sched:sched_wakeup", "sched:sched_wakeup_new"]
        self._process = subprocess.Popen(
            ["perf", "record", "-q", "-a", "-m", "4096", "-k", "CLOCK_MONOTONIC"]
            + [word for event in events for word in ("-e", event)]
            + ["-o", str(self._file)],
            stderr=subprocess.DEVNULL,
        )
        # It has begun once its file holds more than the header that it writes at once.
        deadline = time.monotonic() + 10
        while not self._file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def spans(self, tids: set[int]) -> dict[int, list[Span]]:
        """Each thread's life by the judge, in absolute CLOCK_MONOTONIC ns."""
        text = subprocess.run(
            ["perf", "script", "-i", str(self._file), "--ns", "-F", "tid,cpu,time,event,trace"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        spans: dict[int, list[Span]] = defaultdict(list)
        since: dict[int, tuple[int, Class]] = {}

        def change(tid: int, t: int, what: Class) -> None:
            if tid not in tids:
                return
            if tid in since:
                start, before = since[tid]
                if before == what:
                    return
                spans[tid].append(Span(start, t, before))
            since[tid] = (t, what)

        for line in text.splitlines():
            found = _LINE.match(line)
            if found is None:
                continue
            t = int(found["s"]) * 1_000_000_000 + int(found["ns"])
            if found["event"] == "sched_switch":
                switch = _SWITCH.search(found["rest"])
                assert switch is not None, line
                change(int(switch[1]), t, "ready" if switch[2][0] == "R" else "off")
                change(int(switch[3]), t, "running")
            else:
                woken = _WOKEN.search(found["rest"])
                assert woken is not None, line
                tid = int(woken[1])
                # A wake-up of a thread that is still on its CPU changes nothing.
                if since.get(tid, (0, "off"))[1] == "off":
                    change(tid, t, "ready")
        return spans


def ours(timeline: Timeline, track: Track) -> list[Span]:
    """The track by the timeline, in absolute ns; gaps and zombies are left out."""
    start = timeline.run["start_monotonic_ns"]
    found = []
    for row in timeline.of(track):
        if row.state in (State.UNKNOWN, State.ZOMBIE, State.NEW):
            continue
        what: Class = "off"
        if row.state is State.RUNNING:
            what = "running"
        elif row.state is State.READY:
            what = "ready"
        found.append(Span(start + row.start_ns, start + row.end_ns, what))
    return found


def compare(mine: list[Span], judge: list[Span]) -> Agreement:
    both = same = 0
    totals: dict[Class, list[int]] = {"running": [0, 0], "ready": [0, 0], "off": [0, 0]}
    worst: tuple[int, Class, Class] | None = None
    i = j = 0
    while i < len(mine) and j < len(judge):
        start = max(mine[i].start_ns, judge[j].start_ns)
        end = min(mine[i].end_ns, judge[j].end_ns)
        if start < end:
            both += end - start
            totals[mine[i].what][0] += end - start
            totals[judge[j].what][1] += end - start
            if mine[i].what == judge[j].what:
                same += end - start
            elif worst is None or end - start > worst[0]:
                worst = (end - start, mine[i].what, judge[j].what)
        if mine[i].end_ns < judge[j].end_ns:
            i += 1
        else:
            j += 1
    return Agreement(both, same, {name: (a, b) for name, (a, b) in totals.items()}, worst)


def together(agreements: Iterable[Agreement]) -> Agreement:
    items = list(agreements)
    totals: dict[Class, tuple[int, int]] = {}
    for name in ("running", "ready", "off"):
        pairs = [item.totals[name] for item in items]
        totals[name] = (sum(a for a, _ in pairs), sum(b for _, b in pairs))
    return Agreement(sum(a.both_ns for a in items), sum(a.same_ns for a in items), totals, None)


def measure(
    text: str, witness: Literal["tracepoints", "perf", "procfs"]
) -> tuple[Timeline, dict[str, Agreement]]:
    folder = Path(tempfile.mkdtemp(prefix="timeslice-truth-"))
    try:
        with Judge(folder) as judge:
            spec = RunSpec(run_id=new_id(), program=text, witness=witness)
            timeline = asyncio.run(run(LocalLauncher(), spec)).timeline
        tracks = timeline.of_kind(TrackKind.PROCESS, TrackKind.THREAD)
        spans = judge.spans({track.tid for track in tracks})
    finally:
        shutil.rmtree(folder)
    return timeline, {
        f"{track.name} {track.tid}": compare(ours(timeline, track), spans.get(track.tid, []))
        for track in tracks
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--witness", choices=("tracepoints", "perf", "procfs"), default="tracepoints"
    )
    parser.add_argument("--only", choices=tuple(PROGRAMS))
    options = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("The judge is missing: install linux-perf.")
    table = Table("program", "threads", "lost", "agree", "running", "ready", "off", "worst thread")
    for name, text in PROGRAMS.items():
        if options.only not in (None, name):
            continue
        timeline, by_track = measure(text, options.witness)
        whole = together(by_track.values())
        worst = min(by_track, key=lambda track: by_track[track].share)
        gap = by_track[worst].first
        table.add_row(
            name,
            str(len(by_track)),
            str(timeline.dropped),
            f"{100 * whole.share:.2f} %",
            *(f"{a / 1e6:.1f} / {b / 1e6:.1f} ms" for a, b in whole.totals.values()),
            f"{worst}: {100 * by_track[worst].share:.2f} %"
            + (f", {gap[0] / 1e6:.2f} ms {gap[1]}, judge {gap[2]}" if gap else ""),
        )
    Console(width=150).print(table)
    print("Totals are the timeline's / the judge's.")


if __name__ == "__main__":
    main()
