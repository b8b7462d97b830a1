"""What reading the lines of running threads costs the program, and whoever reads.

    python -m benchmarks.lines_cost [--rounds 7] [--python PATH]

A program is run with nobody looking and with the lines witness at work beside it, in turn, round
by round. It prints the medians of the CPU time and of the time that the program measured itself,
their ratios, and the part of one core that the witness took. Exits 1 when the program's CPU time
is above 1.01 of that without, or the witness above its share.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import ThreadBorn
from app.witness import proc
from app.witness.lines import SHARE, LinesSampler
from app.witness.threads import ThreadTable

BOUND = 1.01
PROGRAMS = {
    "4 threads that compute": """
def work():
    x = 1
    for _ in range(4_000_000): x = x * 3 % 65537
""",
    "4 threads that call": """
def step(x): return x * 3 % 65537
def work():
    x = 1
    for _ in range(2_000_000): x = step(x)
""",
}
_RUN = """
import sys, threading, time
threads = [threading.Thread(target=work) for _ in range(4)]
print("begin", flush=True)
cpu, wall = time.process_time(), time.perf_counter()
for thread in threads: thread.start()
for thread in threads: thread.join()
print(time.process_time() - cpu, time.perf_counter() - wall, flush=True)
"""


def measure(program: Path, python: str, looking: bool) -> tuple[float, float, float, int]:
    """CPU and elapsed seconds of the program, the witness's part of a core, and lines seen."""
    ask = [python, "-c", "import sys; print(sys.version_info[0] << 8 | sys.version_info[1])"]
    version = int(subprocess.run(ask, capture_output=True, check=True).stdout)
    with subprocess.Popen([python, str(program)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        pid, table = process.pid, ThreadTable(process.pid)
        witness = LinesSampler(table, [str(program.parent)])
        witness.note([ProbeRecord(1, pid, pid, 0, wire.HELLO, version, 0, 0, 0, "")])
        seen, spent = 0, 0
        began, gone = time.monotonic_ns(), False
        while not gone:
            if looking:
                table.note([ThreadBorn(1, pid, tid, 1, 1) for tid in proc.tids(pid)])
                at = time.thread_time_ns()
                seen += len(witness.poll())
                spent += time.thread_time_ns() - at
            time.sleep(0.01)
            gone = (stat := proc.stat(pid)) is None or stat.state == "Z"
        share = spent / (time.monotonic_ns() - began)
        witness.close()
        cpu, wall = map(float, process.stdout.read().split())
        return cpu, wall, share, seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    worst = 0.0
    print(f"{'program':26} {'CPU s':>14} {'ratio':>7} {'elapsed':>8} {'core':>7} {'lines/s':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in PROGRAMS.items():
            program = Path(folder) / "program.py"
            program.write_text(text + _RUN)
            rows: dict[bool, list[tuple[float, float, float, int]]] = {False: [], True: []}
            for number in range(arguments.rounds):
                for looking in (False, True) if number % 2 else (True, False):
                    rows[looking].append(measure(program, arguments.python, looking))
            without, beside = (statistics.median(row[0] for row in rows[way]) for way in rows)
            elapsed = [statistics.median(row[1] for row in rows[way]) for way in rows]
            share = max(row[2] for row in rows[True])
            rate = statistics.median(row[3] / row[1] for row in rows[True])
            worst = max(worst, beside / without / BOUND, share / SHARE)
            print(
                f"{name:26} {without:6.3f} {beside:7.3f} {beside / without:7.4f}"
                f" {elapsed[1] / elapsed[0]:8.4f} {share:7.2%} {rate:8.0f}"
            )
    return 1 if worst > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
