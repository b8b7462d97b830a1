"""How well the GIL's picture agrees with a judge that shares no code with it: uprobes.

Runs programs under a worker while ``perf record`` notes, by uprobes in the interpreter's library,
each entry to and return from ``take_gil`` and ``drop_gil`` (Python/ceval_gil.c). From these the
judge knows for each thread when it held the GIL, when it waited for it, and when it did neither;
the table says in which share of thread-time the timeline says the same. Time of which the
timeline doesn't say whether the thread held the lock is left out, and told. Needs root and the
perf command, because uprobes do.

    python -m benchmarks.gil_truth [--python PATH]... [--witness tracepoints|perf] [--only NAME]
        [--calls] [--differences N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.gil_truth.agreement import CLASSES, Agreement, together
from benchmarks.gil_truth.judge import missing
from benchmarks.gil_truth.measure import measure, steal_of, tell_inner
from benchmarks.gil_truth.programs import PROGRAMS
from benchmarks.truth.calls import CALLS
from benchmarks.truth.steal import shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", help="an interpreter; may be repeated")
    parser.add_argument("--witness", choices=("tracepoints", "perf"), default="tracepoints")
    parser.add_argument("--calls", action="store_true", help="the programs of truth/calls.py")
    parser.add_argument("--differences", type=int, default=0, help="print so many kinds of each")
    parser.add_argument("--only", help="only programs whose name holds this")
    parser.add_argument("--keep", type=Path, help="a folder for the judge's and our own data")
    parser.add_argument("--inner", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    pythons = options.python or [sys.executable]
    if options.inner:
        program, out = options.inner
        tell_inner(program, out, pythons[0], options.witness)
        return
    if lacks := missing():
        sys.exit(lacks)
    table = Table("python", "program", "threads", "lost", "agree", "told", "untrue", "traps",
                  "stolen", "differ there", "differ else",
                  *CLASSES, "worst thread", "worst instant")  # fmt: skip
    kinds = Table("python", "program", "timeline", "says", "judge", "share")
    for python in pythons:
        for name, text in (CALLS if options.calls else PROGRAMS).items():
            if (options.only or "") in name:
                timeline, by_track = measure(text, python, options.witness, options.keep)
                table.add_row(*_row(python, name, timeline, by_track))
                for row in _kinds(list(by_track.values()), options.differences):
                    kinds.add_row(version_of(python), name, *row)
    Console(width=200).print(table)
    if options.differences:
        Console().print(kinds)
    print(
        "Agree: of the thread-time that both tell of. Untrue: shown as a wait for the lock by a "
        "thread that wanted none. Traps: what they differ in while the judge's own traps follow "
        "one another at once. Stolen: what the hypervisor took of all CPUs; differ there, else: "
        "the share that differs of the time in the intervals in which it took some, and of the "
        "rest. "
        "Totals are the timeline's / the judge's."
    )


def version_of(python: str) -> str:
    return subprocess.check_output([python, "-V"], text=True).split()[1]


def _kinds(items: list[Agreement], most: int) -> list[list[str]]:
    """The kinds of disagreement that last longest in sum."""
    whole = together(items)
    return [
        [told, ours, judge, f"{100 * length / max(whole.told_ns, 1):.3f} %"]
        for (told, ours, judge), length in whole.kinds.most_common(most)
    ]


def _row(
    python: str, name: str, timeline: dict[str, Any], by_track: dict[str, Agreement]
) -> list[str]:
    whole = together(list(by_track.values()))
    worst = min(by_track, key=lambda track: by_track[track].share)
    gap = whole.worst
    return [
        version_of(python),
        name,
        str(len(by_track)),
        str(timeline["run"]["dropped"]),
        f"{100 * whole.share:.2f} %",
        f"{100 * whole.told_ns / max(whole.judged_ns, 1):.1f} %",
        f"{100 * whole.untrue_ns / max(whole.judged_ns, 1):.1f} %",
        f"{100 * whole.traps_ns / max(whole.told_ns, 1):.2f} %",
        str(steal_of(timeline)),
        *shares((whole.told_ns, whole.told_ns - whole.same_ns), whole.stolen_from),
        *(f"{a / 1e6:.1f} / {b / 1e6:.1f} ms" for a, b in whole.totals.values()),
        f"{worst}: {100 * by_track[worst].share:.2f} %",
        f"{gap.length_ns / 1e6:.2f} ms at {gap.start_ns / 1e6:.1f} ms: "
        f"{gap.ours}, judge {gap.judge}"
        if gap
        else "",
    ]


if __name__ == "__main__":
    main()
