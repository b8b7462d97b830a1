"""What the probe costs: each program bare, under the probe and under viztracer, side by side.

    python benchmarks/probe_cost.py [--rounds 5] [--only NAME] [--json FILE]

The three run in turn, round by round, so that a noisy machine is noisy for all; the table shows
the medians of the seconds that each program measured itself, and their ratio to the bare one's.
Programs that only compute measure CPU time, which other programs' load hardly changes; those that
wait for each other or for processes measure elapsed time.
Exits 1 when the probe's ratio is above the bound of a case that has one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from app.probe.launch import environment


class Case(NamedTuple):
    """A program that prints the seconds it measured; ``bound`` is the highest lawful ratio."""

    name: str
    bound: float | None
    program: str


_THREADS = """
import threading, time
def run(work):
    threads = [threading.Thread(target=work) for _ in range(4)]
    began = time.process_time()
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(time.process_time() - began)
"""

CASES = [
    Case("4 threads, pure computation", 1.03, _THREADS + """
def work():
    x = 1
    for _ in range(3_000_000): x = x * 3 % 65537
run(work)
"""),
    Case("4 threads, Python calls", 1.05, _THREADS + """
def step(x): return x * 3 % 65537
def work():
    x = 1
    for _ in range(1_500_000): x = step(x)
run(work)
"""),
    Case("20 000 asyncio tasks, one sleep each", 1.5, """
import asyncio, time
async def task(): await asyncio.sleep(0.001)
async def main(): await asyncio.gather(*(task() for _ in range(20_000)))
began = time.process_time()
asyncio.run(main())
print(time.process_time() - began)
"""),
    Case("20 000 asyncio tasks, 5 bare yields each", None, """
import asyncio, time
async def task():
    for _ in range(5): await asyncio.sleep(0)
async def main(): await asyncio.gather(*(task() for _ in range(20_000)))
began = time.process_time()
asyncio.run(main())
print(time.process_time() - began)
"""),
    Case("2 generators driven by hand, 100 000 steps", None, """
import time
def work():
    while True: yield
def run():
    one, other = work(), work()
    for _ in range(50_000): next(one); next(other)
began = time.process_time()
run()
print(time.process_time() - began)
"""),
    Case("free lock, 200 000 times", None, """
import threading, time
lock = threading.Lock()
def run():
    for _ in range(200_000):
        with lock: pass
began = time.process_time()
run()
print(time.process_time() - began)
"""),
    Case("lock handed over between 2 threads, 5 000 times", 1.3, """
import threading, time
first, second = threading.Lock(), threading.Lock()
second.acquire()
def other():
    for _ in range(5_000):
        second.acquire(); first.release()
thread = threading.Thread(target=other)
began = time.perf_counter()
thread.start()
for _ in range(5_000):
    first.acquire(); second.release()
thread.join()
print(time.perf_counter() - began)
"""),
    Case("queue.Queue, 20 000 items", 1.3, """
import queue, threading, time
items = queue.Queue(10)
def produce():
    for n in range(20_000): items.put(n)
thread = threading.Thread(target=produce)
began = time.perf_counter()
thread.start()
for _ in range(20_000): items.get()
thread.join()
print(time.perf_counter() - began)
"""),
    Case("20 forked processes", 1.1, """
import multiprocessing, time
context = multiprocessing.get_context("fork")
began = time.perf_counter()
for _ in range(20):
    process = context.Process(target=int); process.start(); process.join()
print(time.perf_counter() - began)
"""),
    Case("10 starts of the interpreter", 1.1, """
import subprocess, sys, time
began = time.perf_counter()
for _ in range(10): subprocess.run([sys.executable, "-c", "pass"], check=True)
print(time.perf_counter() - began)
"""),
]  # fmt: skip


#: Where the worker has rings, too, when there is room: in memory.
RINGS = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


def measure(way: str, program: Path, folder: Path) -> float:
    """The seconds that the program prints when it is run this way; NaN when viztracer fails."""
    env = dict(os.environ)
    command = [sys.executable, str(program)]
    if way == "viztracer":
        out = str(folder / "trace.json")
        command[1:1] = ["-m", "viztracer", "--quiet", "-o", out, "--"]
    with tempfile.TemporaryDirectory(dir=RINGS) as name:
        rings = Path(name)
        if way == "probe":
            env = environment(env, str(rings), str(program.parent))
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=300, check=False
        )
        faults = "".join(path.read_text() for path in rings.glob("probe-error-*"))
    if faults:
        raise SystemExit(f"A hook of the probe failed in {program.name}:\n{faults}")
    if done.returncode != 0 and way == "viztracer":
        print(f"viztracer failed: {done.stderr.strip().splitlines()[-1:]}")
        return float("nan")
    done.check_returncode()
    return float(done.stdout.split()[0])


def compare(case: Case, ways: list[str], rounds: int) -> dict[str, float]:
    """Medians by way; every round runs each way once, in another order than the round before."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "program.py"
        program.write_text(case.program, encoding="utf-8")
        for number in range(rounds):
            turn = number % len(ways)
            for way in ways[turn:] + ways[:turn]:
                seconds[way].append(measure(way, program, folder))
    return {way: statistics.median(values) for way, values in seconds.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="at least 5 (default: 5)")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    parser.add_argument("--json", type=Path, help="also write the medians to this file")
    options = parser.parse_args()
    ways = ["bare", "probe"]
    if importlib.util.find_spec("viztracer") is not None:
        ways.append("viztracer")
    else:
        print("viztracer is not installed (the extra bench): it is left out.")
    print(f"{'':50}" + "".join(f"{way:>11}" for way in ways) + "    ratios")
    results, failed = {}, []
    for case in CASES:
        if options.only not in case.name:
            continue
        medians = results[case.name] = compare(case, ways, max(5, options.rounds))
        ratios = {way: medians[way] / medians["bare"] for way in ways[1:]}
        times = "".join(f"{medians[way]:9.3f} s" for way in ways)
        shown = "  ".join(f"{way} {ratio:.2f}" for way, ratio in ratios.items())
        bound = ""
        if case.bound is not None:
            passed = ratios["probe"] <= case.bound
            bound = f"  (bound {case.bound:.2f}: {'pass' if passed else 'FAIL'})"
            failed += [] if passed else [case.name]
        print(f"{case.name:50}{times}    {shown}{bound}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name in failed:
        print(f"The probe costs more than its bound: {name}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
