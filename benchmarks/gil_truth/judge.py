"""When a thread held the GIL, waited for it, or did neither: by uprobes of the interpreter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Literal, NamedTuple

Class = Literal["holding", "waiting", "neither"]

#: What a thread does from the event on. One that drops the lock because another asked for it is
#: inside ``drop_gil`` until that one has it (FORCE_SWITCHING), to ask again at once. Of one that
#: drops it to block (``PyEval_SaveThread``) see ``Span.drops``.
_FROM_EVENT: dict[str, Class] = {
    "take": "waiting",
    "taken": "holding",
    "drop": "waiting",
    "dropped": "neither",
}
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


def missing() -> str:
    """A sentence that names what the judge lacks here; empty where it lacks nothing."""
    if shutil.which("perf") is None:
        return "The judge is missing: install linux-perf."
    if os.geteuid() != 0:
        return "The judge sets uprobes, which only root may: run this as root."
    if not any(os.access(f"{root}/uprobe_events", os.W_OK) for root in _TRACEFS):
        return "The judge sets uprobes: mount tracefs at /sys/kernel/tracing, writable."
    return ""


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
