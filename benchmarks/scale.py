"""Big programs under the worker: is anything dropped, does it keep up, does its memory stay?

Runs 1 000 threads, 200 processes, 10 000 tasks; then for ``--seconds`` a steady run of some
thousand switches a second, and pairs of processes and of threads that switch as often as the
machine lets them. For each it prints what was seen, the records dropped, how late the last frame
came after the program's end, and the worker's own memory (without the rings, which it shares with
the kernel and the program) at a quarter of the run and at its end: what it holds may not grow with
the run's length.

With ``--beside`` so many programs compute meanwhile, each as much as it may.

    python -m benchmarks.scale [--seconds 10] [--witness auto] [--only NAME] [--beside 2]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from app.timeline.frames import FrameReader, decode
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import Limits, RunSpec

PROGRAMS = {
    "1 000 threads": """
import threading, time
gate = threading.Event()
def work():
    gate.wait()
    for _ in range(20): time.sleep(0.05)
threads = [threading.Thread(target=work) for _ in range(1_000)]
for t in threads: t.start()
gate.set()
for t in threads: t.join()
""",
    "200 processes": """
import os, time
for _ in range(200):
    if os.fork() == 0:
        for _ in range(10): sum(range(20_000)); time.sleep(0.02)
        os._exit(0)
for _ in range(200): os.wait()
""",
    "10 000 tasks": """
import asyncio
async def work():
    for _ in range(3): await asyncio.sleep(0.1)
async def main():
    await asyncio.gather(*(work() for _ in range(10_000)))
asyncio.run(main())
""",
    "steady": """
import os, time
end = time.monotonic() + {seconds}
for _ in range(5):
    if os.fork() == 0:
        while time.monotonic() < end: time.sleep(0.0005)
        os._exit(0)
for _ in range(5): os.wait()
""",
    "pipes": """
import os, time
end = time.monotonic() + {seconds}
for _ in range(4):
    there, back = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.close(there[1]); os.close(back[0])
        while ball := os.read(there[0], 1): os.write(back[1], ball)
        os._exit(0)
    if os.fork() == 0:
        os.close(there[0]); os.close(back[1])
        while time.monotonic() < end: os.write(there[1], b"x"); os.read(back[0], 1)
        os._exit(0)
    for fd in (*there, *back): os.close(fd)
for _ in range(8): os.wait()
""",
    "threads' pipes": """
import os, threading, time
end = time.monotonic() + {seconds}
def answer(take, give):
    while ball := os.read(take, 1): os.write(give, ball)
def ask(give, take):
    while time.monotonic() < end: os.write(give, b"x"); os.read(take, 1)
    os.close(give)
threads = []
for _ in range(4):
    there, back = os.pipe(), os.pipe()
    threads.append(threading.Thread(target=answer, args=(there[0], back[1])))
    threads.append(threading.Thread(target=ask, args=(there[1], back[0])))
for t in threads: t.start()
for t in threads: t.join()
""",
    "messages": """
import time
from multiprocessing import Pipe, Process
def answer(end):
    while ball := end.recv_bytes(): end.send_bytes(ball)
def ask(end, until):
    while time.monotonic() < until: end.send_bytes(b"x"); end.recv_bytes()
    end.send_bytes(b"")
if __name__ == "__main__":
    until = time.monotonic() + {seconds}
    players = []
    for _ in range(4):
        ends = Pipe()
        players.append(Process(target=ask, args=(ends[0], until)))
        players.append(Process(target=answer, args=(ends[1],)))
    for player in players: player.start()
    for player in players: player.join()
""",
}


class Seen(NamedTuple):
    timeline: Timeline
    late_s: float  # from the program's end to the last frame
    quarter_kib: int  # the worker's memory at a quarter of the run
    last_kib: int
    most_kib: int
    share: float  # of one core, that the worker took

    @property
    def switches(self) -> int:
        return sum(item.voluntary + item.involuntary for item in self.timeline.stats.values())


def measure(name: str, seconds: float, witness: str) -> Seen:
    limits = Limits(wall_s=120, cpu_s=240, processes=1_500, memory_bytes=4 << 30)
    spec = RunSpec.model_validate(
        {
            "run_id": f"scale-{os.getpid()}",
            "program": PROGRAMS[name].replace("{seconds}", str(seconds)),
            "witness": witness,
            "limits": limits.model_dump(),
        }
    )
    frames: list[bytes] = []
    memory: list[tuple[float, int]] = []
    with subprocess.Popen(
        [sys.executable, "-m", "app.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(spec.model_dump_json().encode() + b"\n")
        worker.stdin.flush()
        reader, poll = FrameReader(), select.poll()
        poll.register(worker.stdout, select.POLLIN)
        cpu_ns = 0
        while poll.poll(180_000):
            data = os.read(worker.stdout.fileno(), 1 << 20)
            if not data:
                break
            frames += reader.feed(data)
            last = time.monotonic()
            if worker.poll() is None:
                memory.append((last, _own_kib(worker.pid)))
                cpu_ns = _on_cpu_ns(worker.pid)
    # Decoded only now: a reader that works meanwhile would be measured, too.
    timeline = Timeline(map(decode, frames))
    run = timeline.run
    ended = (run["start_monotonic_ns"] + run["duration_ns"]) / 1e9
    begun, over = memory[0][0], memory[-1][0]
    quarter = next(kib for at, kib in memory if at >= begun + (over - begun) / 4)
    share = cpu_ns / 1e9 / (over - begun)
    most = max(kib for _, kib in memory)
    return Seen(timeline, last - ended, quarter, memory[-1][1], most, share)


def _own_kib(pid: int) -> int:
    """What the process has for itself (proc_pid_status(5)); 0 when it is over."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields.get("RssAnon", "0 kB").split()[0])


def _on_cpu_ns(pid: int) -> int:
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


def since(timeline: Timeline) -> str:
    """When the first record was lost, as the page says it."""
    ns = timeline.run.get("dropped_since_ns")
    return "" if ns is None else f" from {ns / 1e9:.1f} s on"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--witness", default="auto")
    parser.add_argument("--beside", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=tuple(PROGRAMS), default=tuple(PROGRAMS))
    options = parser.parse_args()
    with computing(options.beside):
        show(options)


@contextlib.contextmanager
def computing(count: int) -> Iterator[None]:
    """So many other programs want a CPU all the time."""
    command = (sys.executable, "-c", "while True: pass")
    others = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def show(options: argparse.Namespace) -> None:
    for name in options.only:
        seen = measure(name, options.seconds, options.witness)
        timeline = seen.timeline
        seconds = timeline.run["duration_ns"] / 1e9
        unknown = sum(timeline.total_ns(track, State.UNKNOWN) for track in timeline.tracks.values())
        kinds = {kind.word: len(timeline.of_kind(kind)) for kind in TrackKind}
        tracks = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
        print(
            f"{timeline.run['witnesses']['scheduler']:11} {name:14} {seconds:5.1f} s   {tracks}   "
            f"{seen.switches / seconds:7.0f} switches/s   "
            f"{timeline.dropped} dropped{since(timeline)}   "
            f"{unknown / 1e6:.1f} ms unknown   last frame {seen.late_s:.2f} s after the end   "
            f"{seen.quarter_kib >> 10} → {seen.last_kib >> 10} MiB, "
            f"at most {seen.most_kib >> 10}   "
            f"{100 * seen.share:.0f} % of a core",
            flush=True,
        )
        if "sentence" in timeline.run:
            print(f"  {timeline.run['sentence']}")


if __name__ == "__main__":
    main()
