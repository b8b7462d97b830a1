"""Runs scenarios while other programs compute, and counts the claims that fail or aren't seen.

``python -m tools.crowded`` runs each scenario with its default settings once beside four programs
that compute; ``--times 5`` five times, ``--variants`` with every choice of its settings too.
Names of scenarios choose some of them. The exit status is 1 where a claim failed: on a machine
that gives a run too few CPUs a claim may be *not seen*, and must never be refuted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.catalogue import Scenario, load

ROOT = Path(__file__).resolve().parent.parent
#: Each run is given this long; its own limit of wall time is far below.
PATIENCE_S = 240.0
#: A program that computes until its standard input, our pipe, is closed: it can't outlive us.
BUSY = """
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
while True:
    sum(range(1000))
"""
CANNOT = "can't run here"


@dataclass(slots=True)
class Tally:
    """What the runs of one scenario with one set of values said, by verdict and claim."""

    fails: Counter[str] = field(default_factory=Counter)
    not_seen: Counter[str] = field(default_factory=Counter)
    why: list[str] = field(default_factory=list)
    runs: int = 0

    def add(self, claims: Sequence[dict[str, Any]]) -> None:
        self.runs += 1
        for claim in claims:
            if claim["verdict"] == "fails":
                self.fails[claim["id"]] += 1
                self.why.append(f"fails: {claim['id']}: {claim['why']}")
            elif claim["verdict"] == "not-seen":
                self.not_seen[claim["id"]] += 1
                self.why.append(f"not seen: {claim['id']}: {claim['why']}")


@contextmanager
def computing(count: int) -> Iterator[None]:
    """``count`` programs compute meanwhile."""
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(
                subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE)
            )
            stack.callback(process.kill)
        yield


def settings(scenario: Scenario[Any], variants: bool) -> Iterator[list[str]]:
    """``name=value`` for the default, and for each other choice of each setting."""
    yield []
    for item in scenario.fields() if variants else ():
        values = [choice.value for choice in item.choices]
        if isinstance(item.default, bool):
            values = ["false" if item.default else "true"]
        yield from ([f"{item.name}={value}"] for value in values if value != str(item.default))


def run(slug: str, values: Sequence[str], python: str) -> list[dict[str, Any]]:
    """The claims of one run. Raises RuntimeError, with what was said, for a run without any."""
    command = [sys.executable, "-m", "app", "run", slug, "--json", "-"]
    for value in values:
        command += ["-p", value]
    if python:
        command += ["--python", python]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"exit status {done.returncode}")
    claims: list[dict[str, Any]] = json.loads(done.stdout)["claims"]
    return claims


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tools.crowded")
    parser.add_argument("slugs", nargs="*", metavar="SCENARIO", help="all where none is named")
    parser.add_argument("--times", type=int, default=1, help="runs of each (1)")
    parser.add_argument("--load", type=int, default=4, help="programs that compute beside it (4)")
    parser.add_argument("--variants", action="store_true", help="each choice of each setting, too")
    parser.add_argument("--python", default="", help="the interpreter that runs them")
    options = parser.parse_args(arguments)
    catalogue = load()
    if unknown := [slug for slug in options.slugs if slug not in catalogue]:
        parser.error(f"no scenario is named {', '.join(unknown)}")
    failed = 0
    with computing(options.load):
        for slug in options.slugs or sorted(catalogue):
            for values in settings(catalogue[slug], options.variants):
                tally = Tally()
                try:
                    for _ in range(options.times):
                        tally.add(run(slug, values, options.python))
                except RuntimeError as error:
                    say(f"{CANNOT}: {slug} {' '.join(values)}: {error}")
                    continue
                failed += tally.fails.total()
                tell(slug, values, tally)
    say(f"{failed} answers were: fails.")
    return 1 if failed else 0


def tell(slug: str, values: Sequence[str], tally: Tally) -> None:
    name = " ".join([slug, *values])
    fails, not_seen = tally.fails.total(), tally.not_seen.total()
    say(f"{name:48} runs {tally.runs:2}  fails {fails:2}  not seen {not_seen:2}")
    for line in tally.why:
        say(f"    {line}")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
