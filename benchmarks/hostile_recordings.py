"""A server whose folder of recordings somebody filled who wants it to fall over.

    python -m benchmarks.hostile_recordings [--count 5000] [--seed 1] [--from FOLDER] [--open N]

Recordings are mutated from real ones (those in FOLDER, else of three scenarios that are run first)
by ``tests/runs/mutations.py``. A server is started over them. It must answer at once. Each of them
must cost no more than 2 s of CPU time and 200 MiB, whatever is asked of it, and all together must
leave no more than that in memory. Nothing is a 5xx, every other page is there before and after, and
the log has no traceback. Exits with 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.runs.mutations import KINDS, NAMES

MOST_CPU_S = 2.0
MOST_MIB = 200
#: Of files that are known to be damaged, so many are asked for in every way.
MOST_DAMAGED = 100
OTHERS = ("/", "/runs", "/api/runs", "/compare", "/scenarios/deadlock", "/scenarios/schedulers",
          "/paths/first-course", "/healthz", "/metrics")  # fmt: skip
SCENARIOS = ("deadlock", "asyncio-basics", "gil")


def record(folder: Path) -> list[Path]:
    """Real recordings of short scenarios."""
    paths = [folder / f"{name}.timeslice" for name in SCENARIOS]
    for name, path in zip(SCENARIOS, paths, strict=True):
        command = [sys.executable, "-m", "app", "run", name, "--out", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return paths


def mutate(sources: list[Path], folder: Path, count: int, seed: int) -> list[str]:
    """Fill ``folder``; the kinds in order. One seed gives the same files from the same sources."""
    rng = random.Random(seed)
    kinds = list(KINDS)
    for number in range(count):
        name = f"{number:05d}-{kinds[number % len(kinds)]}"
        if number < len(NAMES):
            name = NAMES[number]
        path = folder / f"{name}.timeslice"
        shutil.copyfile(rng.choice(sources), path)
        KINDS[kinds[number % len(kinds)]](rng, path)
    return kinds


class Server:
    def __init__(self, data: Path, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        settings = {
            "TIMESLICE_DATA_DIR": str(data),
            "TIMESLICE_RUNS_KEPT": "1000000",
            "TIMESLICE_RECORDINGS_MIB": "1000000",
        }
        self._log = log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", self.address.rpartition(":")[2]],
            env={**os.environ, **settings},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> float:
        """Begin a new peak; what is resident now, in MiB."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self._status("VmRSS")

    def peak(self) -> float:
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(name)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self._log.close()


def addresses(run_id: str) -> Iterator[str]:
    coded = quote(run_id, safe="")
    yield f"/runs/{coded}"
    yield f"/api/runs/{coded}/timeline"
    yield f"/api/runs/{coded}/predictions"
    for name in ("json", "chrome", "csv"):
        yield f"/api/runs/{coded}/export?format={name}"
    yield f"/compare/{coded}/{coded}"


async def watch(address: str, run_id: str, from_seq: int) -> int:
    """The stream to its end: the close code, or the status that refused it."""
    url = f"ws://{address}/api/runs/{quote(run_id, safe='')}/stream?from={from_seq}"
    try:
        async with connect(url, max_size=None, proxy=None) as line:
            while True:
                await line.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
    except InvalidStatus as refused:
        return refused.response.status_code


class Judge:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.wrong: list[str] = []
        self.worst: dict[str, tuple[float, str]] = {"cpu": (0, ""), "mib": (0, "")}
        self.answers: collections.Counter[str] = collections.Counter()

    async def ask(self, client: httpx.AsyncClient, what: str, run_id: str = "") -> None:
        before, resident = self.server.cpu_s(), self.server.forget_peak()
        if what.startswith("stream"):
            status = await watch(self.server.address, run_id, int(what.removeprefix("stream")))
            bad = status not in (1000, 4404, 4409)
        else:
            status = (await client.get(what)).status_code
            bad = status >= 500 or (not run_id and status != 200)
        cpu = self.server.cpu_s() - before
        mib = self.server.peak() - resident
        where = f"{what} {run_id}: {status}, {cpu:.2f} s, {mib:.0f} MiB"
        self.answers[f"{status}"] += 1
        for name, value in (("cpu", cpu), ("mib", mib)):
            self.worst[name] = max(self.worst[name], (value, where))
        if bad or (run_id and (cpu > MOST_CPU_S or mib > MOST_MIB)):
            self.wrong.append(where)
            print("WRONG", where, flush=True)


async def judge(server: Server, count: int, most: int) -> Judge:
    result = Judge(server)
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=f"http://{server.address}", timeout=120) as client:
        while True:
            assert server.process.poll() is None, "the server did not start; see its log"
            try:
                await client.get("/healthz")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.02)
        print(f"first answer {time.monotonic() - began:.2f} s after the start")
        slowest = 0.0
        while "still looking through" in (await client.get("/runs")).text:
            for other in OTHERS:
                asked = time.monotonic()
                await result.ask(client, other)
                slowest = max(slowest, time.monotonic() - asked)
        print(f"all {count} looked at after {time.monotonic() - began:.1f} s; the slowest page "
              f"meanwhile took {slowest:.2f} s")  # fmt: skip
        known = (await client.get("/api/runs")).json()
        states = collections.Counter(run["state"] for run in known)
        print("listed", len(known), dict(states))
        asked_of_damaged, at_first = 0, server.forget_peak()
        for run in random.Random(count).sample(known, min(most, len(known))):
            if run["state"] == "damaged" and asked_of_damaged > MOST_DAMAGED:
                wanted = [next(addresses(run["id"]))]  # no file is opened for their 409
            else:
                wanted = [*addresses(run["id"]), "stream0", "stream3"]
            asked_of_damaged += run["state"] == "damaged"
            for what in wanted:
                await result.ask(client, what, run["id"])
        for other in OTHERS:
            await result.ask(client, other)
        kept = server.forget_peak() - at_first
        print(f"resident {at_first:.0f} MiB before the first was opened, {kept:+.0f} in the end")
        if kept > MOST_MIB:
            result.wrong.append(f"{kept:.0f} MiB are kept of what was opened")
        print("in the end", collections.Counter(
            run["state"] for run in (await client.get("/api/runs")).json()
        ))  # fmt: skip
    return result


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--open", type=int, default=1 << 30, help="open so many, not all")
    parser.add_argument("--from", dest="source", type=Path)
    given = parser.parse_args()
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name)
        sources = sorted(given.source.glob("*.timeslice")) if given.source else record(folder)
        runs = folder / "data" / "runs"
        runs.mkdir(parents=True)
        mutate(sources, runs, given.count, given.seed)
        server = Server(folder / "data", folder / "log")
        try:
            result = asyncio.run(judge(server, given.count, given.open))
        finally:
            server.stop()
        log = (folder / "log").read_text(errors="replace")
    if "Traceback" in log:
        at = log.index("Traceback")
        result.wrong.append("a traceback in the log")
        print(log[max(0, at - 500) : at + 3000])
    print("answers", dict(result.answers))
    for _, where in result.worst.values():
        print("worst:", where)
    print("FAILED" if result.wrong else "passed", len(result.wrong))
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
