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
import asyncio
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.table import Table

from app.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.worker.spec import RunSpec
from benchmarks.truth import programs
from benchmarks.truth.calls import CALLS

Class = Literal["holding", "waiting", "neither"]
CLASSES: tuple[Class, ...] = ("holding", "waiting", "neither")

PROGRAMS = {
    "computing threads": programs.PROGRAMS["computing threads"],
    "lock convoy": programs.PROGRAMS["lock convoy"],
    "I/O mix": """
import os, socket, threading, time
def computes():
    n = 0
    for k in range(3_000_000): n += k % 7
def sleeps():
    for _ in range(60): time.sleep(0.01)
def writes(name):
    with open(name, "w") as file:
        for k in range(300):
            file.write("line\\n" * 400); file.flush()
def answers(end):
    while (ball := end.recv(100)): end.sendall(ball)
def asks(end):
    for _ in range(300):
        end.sendall(b"ball"); end.recv(100)
    end.close()
mine, theirs = socket.socketpair()
threads = [threading.Thread(target=computes), threading.Thread(target=computes),
           threading.Thread(target=sleeps), threading.Thread(target=writes, args=("lines.txt",)),
           threading.Thread(target=answers, args=(theirs,)),
           threading.Thread(target=asks, args=(mine,))]
for t in threads: t.start()
for t in threads: t.join()
""",
}

#: What a thread does from the event on. One that drops the lock because another asked for it is
#: inside ``drop_gil`` until that one has it (FORCE_SWITCHING), to ask again at once. Of one that
#: drops it to block (``PyEval_SaveThread``) see ``Span.drops``.
_FROM_EVENT: dict[str, Class] = {
    "take": "waiting",
    "taken": "holding",
    "drop": "waiting",
    "dropped": "neither",
}
#: From entry to return of ``take_gil`` or ``drop_gil`` if there is nothing to wait for: that takes
#: a tenth of a microsecond, so the rest is the judge's own traps.
TRAPS_NS = 2_000
_TRACEFS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_LINE = re.compile(r"\s*(?P<tid>\d+)\s+(?P<s>\d+)\.(?P<ns>\d{9}):\s+\w+:(?P<event>[a-z]+)_\d+\w*:")


class Span(NamedTuple):
    """``drops``: it is inside ``drop_gil`` on its way to block, or to its end. It doesn't hold
    the lock any more and may have to wait until another one has it: uprobes don't tell.
    ``off_cpu``: the timeline has the thread in state ``gil``; ``told``: its state and reason there.
    """

    start_ns: int
    end_ns: int
    what: Class
    drops: bool = False
    off_cpu: bool = False
    told: str = ""


#: A state and a reason of the timeline, its class, and the judge's.
Kind = tuple[str, Class, Class]


class Difference(NamedTuple):
    """The longest instant at which the two disagree, in ns since the run's start."""

    length_ns: int
    start_ns: int
    ours: Class
    judge: Class


class Agreement(NamedTuple):
    """``untrue_ns``: the timeline shows a wait, the judge a thread that does not want the lock.

    ``traps_ns``: they differ between two traps of the judge that follow one another at once.
    """

    judged_ns: int
    told_ns: int
    same_ns: int
    untrue_ns: int
    traps_ns: int
    kinds: Counter[Kind]  # ns of disagreement of each kind
    totals: dict[Class, tuple[int, int]]  # the timeline's, the judge's
    worst: Difference | None

    @property
    def share(self) -> float:
        return self.same_ns / self.told_ns if self.told_ns else 1.0


class Uprobes:
    """Uprobes in ``binary`` while the ``with`` block lasts."""

    def __init__(self, binary: Path) -> None:
        self.group = f"gil_truth_{os.getpid()}"
        self._binary = binary

    def __enter__(self) -> Uprobes:
        # perf wants an event's name to be unique over all groups.
        points = [
            f"{name}_{os.getpid()}={place}"
            for name, place in (
                ("take", "take_gil"),
                ("taken", "take_gil%return"),
                ("drop", "drop_gil"),
                ("dropped", "drop_gil%return"),
                ("save", "PyEval_SaveThread"),
            )
        ]
        try:
            for point in points:
                done = subprocess.run(
                    ["perf", "probe", "-x", str(self._binary), f"{self.group}:{point}"],
                    capture_output=True,
                    text=True,
                )
                if done.returncode:
                    raise SystemExit(f"No uprobe on {point} of {self._binary}: {done.stderr}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["perf", "probe", "-q", "-d", f"{self.group}:*"], capture_output=True)


def library_of(python: str) -> Path:
    """The file that holds the interpreter's code: libpython, or the executable itself."""
    code = (
        "import os, sys\n"
        "paths = {line.split(maxsplit=5)[5].strip() for line in open('/proc/self/maps')"
        " if '/libpython' in line}\n"
        "print(min(paths) if paths else os.path.realpath(sys.executable))"
    )
    return Path(subprocess.check_output([python, "-c", code], text=True).strip())


def judged(data: Path) -> dict[int, list[Span]]:
    """Each thread's spans by the judge, in absolute CLOCK_MONOTONIC ns."""
    text = subprocess.run(
        ["perf", "script", "-i", str(data), "--ns", "-F", "tid,time,event"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return spans_of(text)


def spans_of(text: str) -> dict[int, list[Span]]:
    """The same of what ``perf script`` prints."""
    spans: dict[int, list[Span]] = defaultdict(list)
    since: dict[int, tuple[int, Class, bool]] = {}
    saving: set[int] = set()
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        tid, t = int(found["tid"]), int(found["s"]) * 1_000_000_000 + int(found["ns"])
        event = found["event"]
        if event == "save":
            saving.add(tid)
            continue
        if tid in since:
            begin, what, drops = since[tid]
            spans[tid].append(Span(begin, t, what, drops))
        blocks = event == "drop" and tid in saving
        since[tid] = (t, "neither" if blocks else _FROM_EVENT[event], blocks)
        if event != "drop":
            saving.discard(tid)
    for tid, (_, what, _) in since.items():
        if what == "neither" and spans[tid]:
            spans[tid][-1] = spans[tid][-1]._replace(drops=True)  # it ends: it wants nothing
    return spans


def ours(timeline: dict[str, Any], track: int) -> list[Span]:
    """The track by the timeline's public JSON, where it tells; in absolute ns.

    Of a thread on a CPU or a run queue whose slice doesn't mention the lock, that slice alone
    says nothing; where another thread is said to hold the lock meanwhile, it is said that this
    one neither holds it nor waits for it.
    """
    start = timeline["run"]["start_monotonic_ns"]
    locks = {thing["name"] for thing in timeline["objects"] if thing["kind"] == "gil"}
    rows = sorted(timeline["slices"], key=lambda row: row["start_ns"])
    (pid,) = (item["pid"] for item in timeline["tracks"] if item["id"] == track)
    mates = {item["id"] for item in timeline["tracks"] if item["pid"] == pid} - {track}
    held = [
        (row["start_ns"], row["end_ns"])
        for row in rows
        if row["track"] in mates and row["object"] in locks and row["holder"] == row["track"]
    ]
    spans: list[Span] = []
    before, place = "", 0
    for row in rows:
        if row["track"] != track:
            continue
        begin, end = row["start_ns"], row["end_ns"]
        what: Class = "neither"
        if row["state"] == "gil":
            what = "waiting"
        elif row["state"] in ("running", "ready") and row["object"] in locks:
            what = "holding" if row["holder"] == track else "waiting"
        elif row["state"] == "ready" and before not in ("", "other"):
            pass  # woken in an operation, and not yet on a CPU to ask for anything
        elif row["state"] != "blocked":
            before = ""
            while place < len(held) and held[place][1] <= begin:
                place += 1
            for since, until in itertools.islice(held, place, None):
                if since >= end:
                    break
                first, last = max(begin, since), min(end, until)
                spans.append(Span(start + first, start + last, "neither", told=row["state"]))
            continue
        before = row["reason"] or ""
        off_cpu = row["state"] == "gil"
        told = f"{row['state']} {row['reason'] or ''}".strip()
        spans.append(Span(start + begin, start + end, what, off_cpu=off_cpu, told=told))
    return spans


def compare(mine: list[Span], judge: list[Span], start_ns: int) -> Agreement:
    told = same = untrue = traps = 0
    kinds: Counter[Kind] = Counter()
    totals = {name: [0, 0] for name in CLASSES}
    worst: Difference | None = None
    i = j = 0
    while i < len(mine) and j < len(judge):
        start = max(mine[i].start_ns, judge[j].start_ns)
        length = min(mine[i].end_ns, judge[j].end_ns) - start
        if length > 0:
            told += length
            totals[mine[i].what][0] += length
            totals[judge[j].what][1] += length
            agree = mine[i].what == judge[j].what
            agree = agree or (judge[j].drops and mine[i].what != "holding")
            if agree:
                same += length
            else:
                kinds[mine[i].told, mine[i].what, judge[j].what] += length
                within = judge[j].drops or judge[j].what == "waiting"
                traps += length * (within and judge[j].end_ns - judge[j].start_ns <= TRAPS_NS)
                untrue += length * (mine[i].off_cpu and judge[j].what == "neither")
            if not agree and (worst is None or length > worst.length_ns):
                worst = Difference(length, start - start_ns, mine[i].what, judge[j].what)
        if mine[i].end_ns < judge[j].end_ns:
            i += 1
        else:
            j += 1
    lengths = sum(span.end_ns - span.start_ns for span in judge)
    pairs = {name: (a, b) for name, (a, b) in totals.items()}
    return Agreement(lengths, told, same, untrue, traps, kinds, pairs, worst)


def together(items: list[Agreement]) -> Agreement:
    totals: dict[Class, tuple[int, int]] = {}
    for name in CLASSES:
        pairs = [item.totals[name] for item in items]
        totals[name] = (sum(a for a, _ in pairs), sum(b for _, b in pairs))
    return Agreement(
        sum(item.judged_ns for item in items),
        sum(item.told_ns for item in items),
        sum(item.same_ns for item in items),
        sum(item.untrue_ns for item in items),
        sum(item.traps_ns for item in items),
        sum((item.kinds for item in items), Counter()),
        totals,
        max((item.worst for item in items if item.worst), default=None),
    )


def measure(
    text: str, python: str, witness: str, keep: Path | None = None
) -> tuple[dict[str, Any], dict[str, Agreement]]:
    """The program's timeline JSON, and the agreement of each of its threads."""
    with tempfile.TemporaryDirectory(prefix="timeslice-gil-truth-") as name:
        folder = keep or Path(name)
        program, told, data = folder / "program.py", folder / "told.json", folder / "judge.data"
        program.write_text(text)
        inner = [sys.executable, "-m", "benchmarks.gil_truth", "--inner", str(program), str(told)]
        with Uprobes(library_of(python)) as probes:
            # Events inherited by children, so that no other Python of this machine is slowed.
            subprocess.run(
                [
                    *("perf", "record", "-q", "-m", "2048", "-k", "CLOCK_MONOTONIC"),
                    *("-e", f"{probes.group}:*", "-o", str(data), "--"),
                    *(*inner, "--python", python, "--witness", witness),
                ],
                check=True,
            )
            spans = judged(data)
        timeline = json.loads(told.read_text())
    start = timeline["run"]["start_monotonic_ns"]
    since = start + first_told(timeline)
    return timeline, {
        f"{track['name']} {track['tid']}": compare(
            ours(timeline, track["id"]), after(since, spans[track["tid"]]), start
        )
        for track in timeline["tracks"]
        if track["tid"] in spans
    }


def first_told(timeline: dict[str, Any]) -> int:
    """When the timeline begins to speak of the lock: when a thread first waits for it."""
    locks = {thing["name"] for thing in timeline["objects"] if thing["kind"] == "gil"}
    told = [row["start_ns"] for row in timeline["slices"] if row["object"] in locks]
    return int(min(told, default=timeline["run"]["duration_ns"]))


def after(since_ns: int, spans: list[Span]) -> list[Span]:
    return [
        span._replace(start_ns=max(since_ns, span.start_ns))
        for span in spans
        if span.end_ns > since_ns
    ]


def tell_inner(program: Path, out: Path, python: str, witness: Any) -> None:
    """What runs under ``perf record``: one run, its timeline written as JSON."""
    spec = RunSpec(run_id=new_id(), program=program.read_text(), python=python, witness=witness)
    outcome = asyncio.run(run(LocalLauncher(), spec))
    out.write_text(json.dumps(outcome.timeline.to_json()))


def missing() -> str:
    """A sentence that names what the judge lacks here; empty where it lacks nothing."""
    if shutil.which("perf") is None:
        return "The judge is missing: install linux-perf."
    if os.geteuid() != 0:
        return "The judge sets uprobes, which only root may: run this as root."
    if not any(os.access(f"{root}/uprobe_events", os.W_OK) for root in _TRACEFS):
        return "The judge sets uprobes: mount tracefs at /sys/kernel/tracing, writable."
    return ""


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
        "one another at once. Totals are the timeline's / the judge's."
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
        *(f"{a / 1e6:.1f} / {b / 1e6:.1f} ms" for a, b in whole.totals.values()),
        f"{worst}: {100 * by_track[worst].share:.2f} %",
        f"{gap.length_ns / 1e6:.2f} ms at {gap.start_ns / 1e6:.1f} ms: "
        f"{gap.ours}, judge {gap.judge}"
        if gap
        else "",
    ]


if __name__ == "__main__":
    main()
