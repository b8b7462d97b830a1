"""A term in short: many runs with viewers, and what the server still holds after each few.

    python -m benchmarks.soak --runs 500 --viewers 5

Sampled after every 25 runs, when all is quiet: memory, descriptors and threads of the server, its
children, names of ours in /dev/shm and /tmp, and cgroups. It fails when one of them is higher at
the end than after the first sample: memory by more than 15 %, the others at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.serving import Server, ask, served

EVERY = 25
ORDERS = [
    {"scenario": "deadlock"},
    {"scenario": "gil"},
    {"scenario": "asyncio-basics"},
    {"scenario": "process-states"},
]


@dataclass(frozen=True)
class Held:
    rss_mib: float
    descriptors: int
    threads: int
    children: int
    names: int
    cgroups: int


def held(server: Server) -> Held:
    """What the server has now. Names and cgroups are those of this machine that look like ours."""
    process = psutil.Process(server.pid)
    folders = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    groups = Path("/sys/fs/cgroup")
    return Held(
        round(process.memory_info().rss / (1 << 20), 1),
        process.num_fds(),
        process.num_threads(),
        len(process.children(recursive=True)),
        sum(1 for folder in folders for _ in folder.glob("timeslice-*")),
        sum(1 for path, _, _ in os.walk(groups) if "timeslice" in Path(path).name),
    )


async def _run(server: Server, order: dict[str, str], viewers: int) -> None:
    run = json.loads(await asyncio.to_thread(ask, server, "POST", "/api/runs", order))["id"]
    url = f"ws://127.0.0.1:{server.port}/api/runs/{run}/stream"
    codes = await asyncio.gather(*(_watch(url) for _ in range(viewers)))
    if set(codes) - {1000}:
        raise RuntimeError(f"run {run}: viewers were closed with {codes}")


async def _watch(url: str) -> int | None:
    """The code with which the server closed it."""
    async with connect(url, max_size=None, compression=None, proxy=None) as line:
        try:
            while True:
                await line.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


def _quiet(server: Server) -> None:
    """Until no run runs, no viewer watches and no child is there; at most 30 s."""
    late = time.monotonic() + 30
    while time.monotonic() < late:
        health = json.loads(ask(server, "GET", "/healthz"))
        metrics = ask(server, "GET", "/metrics")
        idle = health["running"] == health["waiting"] == 0 and "timeslice_viewers 0.0" in metrics
        if idle and not psutil.Process(server.pid).children():
            return
        time.sleep(0.2)


def grown(first: Held, last: Held) -> list[str]:
    """What is higher than it was, as a sentence each."""
    found = []
    for item, before, after in zip(fields(Held), astuple(first), astuple(last), strict=True):
        room = before * 0.15 if item.name == "rss_mib" else 0
        if after > before + room:
            found.append(f"{item.name} grew from {before} to {after}")
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--runs", type=int, default=500)
    options.add_argument("--viewers", type=int, default=5)
    given = options.parse_args()
    samples = []
    # As many recordings as are kept from the first sample on: the list itself must not count.
    limits = {"TIMESLICE_RUNS_KEPT": str(EVERY)}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), **limits) as server:
        print("  ".join(f"{item.name:>11}" for item in fields(Held)), flush=True)
        for number in range(1, given.runs + 1):
            asyncio.run(_run(server, ORDERS[number % len(ORDERS)], given.viewers))
            if number % EVERY == 0:
                _quiet(server)
                samples.append(held(server))
                print("  ".join(f"{value:>11}" for value in astuple(samples[-1])), flush=True)
        log = server.log.read_text()
    wrong = grown(samples[0], samples[-1]) if len(samples) > 1 else ["fewer than 50 runs"]
    if "Traceback" in log:
        wrong.append(f"the log has a traceback:\n{log[-3000:]}")
    print("\n".join(wrong) or f"passed: {given.runs} runs with {given.viewers} viewers each")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
