"""CPython's own tests of threads, processes and coroutines, bare and under the probe, compared.

    python -m tools.cpython_tests PYTHON [--only test_queue …] [--tests FOLDER] [--keep FOLDER]

Runs ``PYTHON -m test -v`` for each file twice, in a temporary folder and without writing beside the
interpreter, and compares the outcome of every test by its name. A difference counts when it
stays in both of two repetitions of that test alone; one in ``EXPLAINED`` is told and forgiven.
Exits 1 when one is left, when a hook of the probe failed, or when the probe was not loaded.

A test that doesn't end, which is seen by a silence, is named and left out of another try: some
hang without the probe too where a machine lacks what they need. A file that is not finished
at its limit is ended, and what was completed both ways is compared.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from app.probe.launch import environment

FILES = (
    "test_threading", "test_thread", "test_queue", "test_subprocess", "test_asyncio",
    "test_concurrent_futures", "test_multiprocessing_fork", "test_multiprocessing_spawn",
    "test_multiprocessing_forkserver",
)  # fmt: skip

#: Test (a regular expression of its whole name) → why it differs. docs/coroutines.md has each.
EXPLAINED: dict[str, str] = {
    r"test\.test_generators\.SignalAndYieldFromTest\.\w+": (
        "it runs in the next Python code there is, which is the probe's"
    ),
}

WAYS = ("bare", "probe")
#: Seconds without a word after which a test is taken for one that never ends.
SILENCE = 150
MOST_LEFT_OUT = 8

_LINE = re.compile(r"^(?:\d+:\d\d:\d\d .*?)?(\w+) \(([\w.]+)\)")
_OUTCOME = re.compile(r"\.\.\. (ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$")


class Interpreter(NamedTuple):
    """An interpreter, and the folder that holds its package ``test`` where it has none itself."""

    path: str
    tests: str


class Result(NamedTuple):
    """What one run of a test file gave: outcomes by name, and the test that never ended."""

    outcomes: dict[str, str]
    stuck: str
    seconds: float
    faults: str


def run(python: Interpreter, way: str, arguments: list[str], limit: float, folder: Path) -> Result:
    """Run ``PYTHON -m test`` with these arguments, ``bare`` or under the ``probe``."""
    folder.mkdir(parents=True)
    rings = folder / "rings"
    rings.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    if python.tests:
        env["PYTHONPATH"] = python.tests
    if way == "probe":
        env = environment(env, str(rings), _test_folder(python.path, env))
    report, output = folder / "report.xml", folder / "output.txt"
    began = time.monotonic()
    with output.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [python.path, "-m", "test", "-v", "--junit-xml", str(report), *arguments],
            cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(process, output, began + limit)
        finally:
            _end(process)
    seconds = time.monotonic() - began
    printed = output.read_text("utf-8", "replace")
    outcomes = {} if not report.exists() else _reported(report)
    stuck = ""
    if not outcomes:
        outcomes, stuck = _printed(printed)
    faults = "".join(path.read_text() for path in rings.glob("probe-error-*"))
    if way == "probe" and not any(rings.glob("ring-*")):
        faults += "the probe was not loaded\n"
    shutil.rmtree(rings)
    return Result(outcomes, stuck, seconds, faults)


def _wait(process: subprocess.Popen[bytes], output: Path, deadline: float) -> None:
    """Return when the tests have ended, say nothing any more, or have had their time."""
    size, since = 0, time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if output.stat().st_size != size:
            size, since = output.stat().st_size, now
        if now > deadline or now - since > SILENCE:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the session that the tests had to themselves; nothing of it stays."""
    with contextlib.suppress(ProcessLookupError):  # all of it has ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _test_folder(python: str, env: dict[str, str]) -> str:
    """Where the tests' files lie: their lines are to be reported, as a program's are."""
    code = "import test; print(test.__path__[0])"
    done = subprocess.run([python, "-c", code], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{python} has no package test: install it with its tests.")
    return done.stdout.strip()


def _reported(report: Path) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("error", "failure", "skipped")]
        name = case.get("name", "")
        # A name may come several times: a class's failed setUp, a test in several modules.
        outcomes[name] = max(outcomes.get(name, ""), kinds[0] if kinds else "ok")
    return outcomes


def _printed(text: str) -> tuple[dict[str, str], str]:
    """Outcomes, and the test under way at the end, from what unfinished tests printed."""
    outcomes: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        started = _LINE.match(line)
        if started:
            function, place = started.groups()
            name = place if place.endswith("." + function) else f"{place}.{function}"
        ended = _OUTCOME.search(line)
        if ended and name:
            word = ended.group(1).split()[0]
            outcomes[name] = {"FAIL": "failure", "ERROR": "error"}.get(word, word)
            name = ""
    return outcomes, name


def differences(bare: Result, probe: Result) -> dict[str, tuple[str, str]]:
    """Tests that ended in another way, by name; of an unfinished run only what it completed."""
    found = {}
    for name in sorted(bare.outcomes.keys() | probe.outcomes.keys()):
        pair = bare.outcomes.get(name, "absent"), probe.outcomes.get(name, "absent")
        unfinished = (pair[0] == "absent" and bare.stuck) or (pair[1] == "absent" and probe.stuck)
        if pair[0] != pair[1] and not unfinished:
            found[name] = pair
    if probe.stuck and probe.stuck != bare.stuck and probe.stuck in bare.outcomes:
        found[probe.stuck] = bare.outcomes[probe.stuck], "never ended"
    return found


def run_all(
    python: Interpreter, way: str, arguments: list[str], limit: float, folder: Path
) -> tuple[Result, list[str]]:
    """``run``, again without the tests that never ended; the result and those tests."""
    left_out: list[str] = []
    while True:
        ignored = [word for name in left_out for word in ("-i", name)]
        where = folder / str(len(left_out))
        result = run(python, way, arguments + ignored, limit, where)
        if not result.stuck or result.seconds >= limit or len(left_out) == MOST_LEFT_OUT:
            return result, left_out
        left_out.append(result.stuck)


def explanation(name: str) -> str:
    """Why this test differs, or nothing."""
    return next((why for what, why in EXPLAINED.items() if re.fullmatch(what, name)), "")


def compare(python: Interpreter, file: str, limit: float, scratch: Path) -> tuple[list[str], str]:
    """What is wrong after running one file both ways, and a line about it."""
    (bare, hung), (probe, hung_too) = (
        run_all(python, way, [file], limit, scratch / file / way) for way in WAYS
    )
    line = (
        f"{file:34}{len(bare.outcomes):6} tests  bare {bare.seconds:6.1f} s"
        f"  probe {probe.seconds:6.1f} s"
    )
    for way, result, names in (("bare", bare, hung), ("probe", probe, hung_too)):
        line += "".join(f"\n    {way}: never ended: {name}" for name in names)
        if result.stuck:
            line += f"\n    {way}: not finished in {limit:.0f} s, at {result.stuck}"
    wrong = [f"{name}: never ended under the probe" for name in hung_too if name not in hung]
    wrong += [f"{file}: {text}" for text in probe.faults.splitlines()]
    if not bare.outcomes or not probe.outcomes:
        wrong.append(f"{file}: no test completed; see its output with --keep")
    for name, (before, after) in differences(bare, probe).items():
        if name in hung or name in hung_too:
            continue
        again_in = scratch / file / name
        for number in (1, 2):
            again = [
                run(python, way, [file, "-m", name], limit, again_in / f"{way}-{number}")
                for way in WAYS
            ]
            if not differences(*again):
                line += f"\n    {name}: {before} → {after}, but the same when repeated"
                break
        else:
            why = explanation(name)
            line += f"\n    {name}: {before} → {after}" + (f" ({why})" if why else "")
            if not why:
                wrong.append(f"{name}: {before} bare, {after} under the probe")
    return wrong, line


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("python", help="a CPython that was installed with its package test")
    parser.add_argument("--only", nargs="+", default=FILES, metavar="FILE", help="these files")
    parser.add_argument("--limit", type=float, default=900, help="seconds a file may take (900)")
    parser.add_argument("--keep", type=Path, help="a new folder in which to leave all output")
    parser.add_argument("--tests", help="what holds the package test, if the interpreter has none")
    options = parser.parse_args()
    python = Interpreter(options.python, os.path.abspath(options.tests) if options.tests else "")
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        scratch = options.keep or Path(name)
        for file in options.only:
            found, line = compare(python, file, options.limit, scratch)
            print(line, flush=True)
            wrong += found
    for text in wrong:
        print(text)
    print("The probe changes no test's outcome." if not wrong else f"{len(wrong)} differences.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
