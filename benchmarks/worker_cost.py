"""What the worker costs, and how old the news is when its frames come out.

Starts real workers on programs that sleep, compute in threads, compute in processes, and switch
often. For each it prints the worker's own share of one core (from its schedstat), and the time
from the kernel's timestamp of a slice's start to the arrival of the first frame that tells it.

    python benchmarks/worker_cost.py [--seconds 4] [--witness auto perf procfs]
"""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator

from app.timeline.frames import Frame, FrameReader, decode
from app.worker.spec import RunSpec

PROGRAMS = {
    "a program that sleeps": "import time\ntime.sleep({seconds})\n",
    "four threads that compute": (
        "import threading, time\n"
        "end = time.monotonic() + {seconds}\n"
        "def work():\n"
        "    while time.monotonic() < end: sum(range(20_000))\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
    ),
    "three processes that compute": (
        "import os, time\n"
        "end = time.monotonic() + {seconds}\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        while time.monotonic() < end: sum(range(20_000))\n"
        "        os._exit(0)\n"
        "for _ in range(3): os.wait()\n"
    ),
    "four processes that sleep and compute in turn": (
        "import os, time\n"
        "end = time.monotonic() + {seconds}\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        while time.monotonic() < end: sum(range(20_000)); time.sleep(0.001)\n"
        "        os._exit(0)\n"
        "for _ in range(4): os.wait()\n"
    ),
}


def frames_of(process: subprocess.Popen[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each encoded frame with the time it came, in ns of CLOCK_MONOTONIC."""
    assert process.stdout is not None
    reader = FrameReader()
    poll = select.poll()
    poll.register(process.stdout, select.POLLIN)
    while True:
        if not poll.poll(60_000):
            raise TimeoutError("the worker has said nothing for a minute")
        data = os.read(process.stdout.fileno(), 1 << 20)
        if not data:
            return
        now_ns = time.monotonic_ns()
        for frame in reader.feed(data):
            yield now_ns, frame


def on_cpu_ns(pid: int) -> int:
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


def measure(program: str, witness: str) -> str:
    spec = RunSpec.model_validate(
        {"run_id": f"bench-{os.getpid()}", "program": program, "witness": witness}
    )
    came: list[tuple[int, bytes]] = []
    usage: list[tuple[int, int]] = []
    command = [sys.executable, "-m", "app.worker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write(spec.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        for now_ns, frame in frames_of(process):
            came.append((now_ns, frame))
            if process.poll() is None:
                usage.append((now_ns, on_cpu_ns(process.pid)))
    # Decoded only now: a reader that works while the program runs would be measured, too.
    ages = sorted(news_ages([(now_ns, decode(frame)) for now_ns, frame in came]))
    (t0, cpu0), (t1, cpu1) = usage[1], usage[-2]
    share = 100 * (cpu1 - cpu0) / (t1 - t0)
    picks = [ages[len(ages) * part // 100] / 1e6 for part in (50, 95, 99)]
    return (
        f"worker {share:5.2f} % of a core   news p50 {picks[0]:5.1f}  p95 {picks[1]:5.1f}  "
        f"p99 {picks[2]:5.1f} ms   {len(ages)} slices in {len(came)} frames"
    )


def news_ages(frames: list[tuple[int, Frame]]) -> Iterator[int]:
    """For each slice the time from its start to the frame that first told it; not the last's."""
    start_ns = int(frames[0][1].head["run"]["start_monotonic_ns"])
    seen: set[tuple[int, int]] = set()
    for now_ns, frame in frames[:-1]:
        for row in frame.slices:
            key = row.track, row.start_ns
            if key not in seen:
                seen.add(key)
                yield now_ns - start_ns - row.start_ns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--witness", nargs="+", default=["auto", "procfs"])
    options = parser.parse_args()
    for witness in options.witness:
        for name, program in PROGRAMS.items():
            text = program.replace("{seconds}", str(options.seconds))
            print(f"{witness:7} {name:46} {measure(text, witness)}", flush=True)


if __name__ == "__main__":
    main()
