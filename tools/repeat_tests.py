"""Repeats tests beside programs that compute, and tells which of them don't hold on any machine.

    python -m tools.repeat_tests --passes 20 --loads 0,2,6 --out after.json --before before.json

A test that failed once is badly made, or found something: its table has a row for each of them. The
programs that compute end with this one, in whatever way it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

FOLDERS = ("tests/real", "tests/witness", "tests/worker", "tests/browser")
LOADS = (0, 2, 6)
PASSES = 20
#: One pass may take so long; what it has not run by then is counted as a failure of the pass.
PASS_S = 3600.0
_COMPUTE = (
    "import os, sys\n"
    "parent = int(sys.argv[1])\n"
    "while os.getppid() == parent:\n"
    "    for _ in range(1_000_000): pass\n"
)


@dataclass(slots=True)
class Tally:
    """One test under one load. ``why`` has the first line of each failure."""

    runs: int = 0
    failures: int = 0
    why: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Results:
    """``tests[test][load]``, ``passes[load]``, and per load the ticks that were stolen."""

    tests: dict[str, dict[str, Tally]] = field(default_factory=dict)
    passes: dict[str, int] = field(default_factory=dict)
    steal_ticks: dict[str, int] = field(default_factory=dict)

    def add(self, load: int, outcomes: dict[str, str]) -> None:
        """One pass. ``outcomes`` has for each test that ran why it failed, or nothing."""
        self.passes[str(load)] = self.passes.get(str(load), 0) + 1
        for test, why in outcomes.items():
            tally = self.tests.setdefault(test, {}).setdefault(str(load), Tally())
            tally.runs += 1
            if why:
                tally.failures += 1
                tally.why.append(why)

    @property
    def failed(self) -> list[str]:
        return sorted(
            test
            for test, loads in self.tests.items()
            if any(tally.failures for tally in loads.values())
        )

    @classmethod
    def read(cls, path: Path) -> Results:
        values = json.loads(path.read_text("utf-8"))
        tests = {
            test: {load: Tally(**tally) for load, tally in loads.items()}
            for test, loads in values["tests"].items()
        }
        return cls(tests, values["passes"], values["steal_ticks"])

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def table(results: Results, before: Results | None = None) -> str:
    """A row for each test that failed, now or before; a column for each load: failures of runs."""
    loads = sorted({*results.passes, *(before.passes if before else ())}, key=int)
    tests = sorted({*results.failed, *(before.failed if before else ())})
    if not tests:
        return "No test failed."
    width = max(map(len, tests))
    lines = ["".ljust(width) + "".join(f"load {load}".rjust(20) for load in loads)]
    for test in tests:
        cells = [
            (f"{_cell(before, test, load)} -> " if before else "") + _cell(results, test, load)
            for load in loads
        ]
        lines.append(test.ljust(width) + "".join(cell.rjust(20) for cell in cells))
    return "\n".join(lines)


def _cell(results: Results, test: str, load: str) -> str:
    tally = results.tests.get(test, {}).get(load)
    return f"{tally.failures} of {tally.runs}" if tally else "-"


def outcomes(report: str) -> dict[str, str]:
    """Why each test of a JUnit report failed, or nothing. Skipped tests are left out."""
    found: dict[str, str] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        if case.find("skipped") is not None:
            continue
        wrong = case.find("failure")
        wrong = case.find("error") if wrong is None else wrong
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
        why = "" if wrong is None else (wrong.get("message") or "failed").split("\n")[0]
        found[name] = found.get(name) or why
    return found


def stolen_ticks() -> int:
    """Ticks in which the hypervisor ran something else, since the boot, over all CPUs."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8])


@contextmanager
def computing(count: int) -> Iterator[None]:
    """Beside ``count`` programs that only compute."""
    command = [sys.executable, "-S", "-c", _COMPUTE, str(os.getpid())]
    programs = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def one_pass(arguments: Sequence[str]) -> dict[str, str]:
    """What pytest says of each test; a pass that ends otherwise is a failure of its own name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            f"--junitxml={report}", *arguments,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PASS_S,
                check=False,
            )  # fmt: skip
            status = f"pytest ended with status {done.returncode}"
        except subprocess.TimeoutExpired:
            status = f"pytest did not end within {PASS_S:.0f} s"
        if report.exists():
            return outcomes(report.read_text("utf-8"))
    return {"(the pass)": status}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passes", type=int, default=PASSES, help="at each load")
    parser.add_argument("--loads", default=",".join(map(str, LOADS)), help="computing programs")
    parser.add_argument("--minutes", type=float, default=1e9, help="no pass begins later")
    parser.add_argument("--out", type=Path, help="where to write the results, as JSON")
    parser.add_argument("--before", type=Path, help="results to compare with")
    parser.add_argument("tests", nargs="*", default=list(FOLDERS), help="what pytest is to run")
    options = parser.parse_args(arguments)
    before = Results.read(options.before) if options.before else None
    results = Results()
    until = time.monotonic() + options.minutes * 60
    for number in range(options.passes):
        for load in map(int, options.loads.split(",")):
            if time.monotonic() >= until:
                break
            stolen, began = stolen_ticks(), time.monotonic()
            with computing(load):
                found = one_pass(options.tests)
            results.add(load, found)
            stolen = stolen_ticks() - stolen
            results.steal_ticks[str(load)] = results.steal_ticks.get(str(load), 0) + stolen
            failed = sum(map(bool, found.values()))
            print(
                f"pass {number + 1}, load {load}: {len(found)} tests, {failed} failed, "
                f"{time.monotonic() - began:.0f} s, {stolen} ticks stolen",
                flush=True,
            )
            if options.out:
                results.write(options.out)
    print(table(results, before))
    for test in results.failed:
        for name, tally in results.tests[test].items():
            for why in sorted(set(tally.why)):
                print(f"{test} (load {name}): {why}")
    return bool(results.failed)


if __name__ == "__main__":
    sys.exit(main())
