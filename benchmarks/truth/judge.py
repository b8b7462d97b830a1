"""What the kernel's ``sched:*`` events say of each thread: running, ready, off the CPU, or unsaid.

Shares no code with the application. Some virtual machines lose events of an idle CPU, also in
ftrace's own buffer, so the judge looks whether its events fit together and says nothing where they
don't: a switch to a thread that is not there is put where the kernel's own account of the
thread's CPU time (``sched_stat_runtime``) has it; a wake-up that is not there leaves unsaid the
time from ``sched_waking`` (or else from the stop) to the CPU.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks.truth.ftrace import FIELDS, Event

Class = Literal["running", "ready", "off", "unsaid"]

#: The states of ``prev_state`` that leave a thread on its run queue: none, and "R+" (preempted).
_STOPPED = 0xFF


class Span(NamedTuple):
    start_ns: int
    end_ns: int
    what: Class


class Life:
    """One thread, as the events tell it."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._ran: list[tuple[int, int]] = []  # by sched_stat_runtime
        self.switches = self.lost_switches = self.lost_wakeups = 0
        self._what: Class | None = None
        self._since = 0
        self._waking = 0
        self._stint_ns = self._accounted_ns = 0

    def waking(self, t: int) -> None:
        if self._what in ("off", None):
            self._waking = t

    def wakeup(self, t: int) -> None:
        # A wake-up of a thread that is still on its CPU changes nothing.
        if self._what in ("off", None):
            self._change(t, "ready")

    def runtime(self, t: int, ran_ns: int) -> None:
        self._ran.append((t, ran_ns))
        self._stint_ns += ran_ns
        self._accounted_ns = t

    def run_ns(self, since_ns: int) -> int:
        """Its CPU time by the kernel's account, from then on."""
        return sum(ran for t, ran in self._ran if t >= since_ns)

    def switch_in(self, t: int) -> None:
        self.switches += 1
        if self._what == "off":
            self._unsaid_wait(t)
        self._change(t, "running")
        self._stint_ns = 0

    def switch_out(self, t: int, runnable: bool) -> None:
        if self._what in ("off", "ready"):
            self.lost_switches += 1
            began = self._accounted_ns - self._stint_ns if self._stint_ns else t
            self.switch_in(min(t, max(began, self._since, self._waking)))
        self._change(t, "ready" if runnable else "off")
        self._stint_ns = self._waking = 0

    def _unsaid_wait(self, t: int) -> None:
        self.lost_wakeups += 1
        if self._waking > self._since:
            self._change(min(self._waking, t), "unsaid")
        else:
            self._what = "unsaid"

    def _change(self, t: int, what: Class) -> None:
        if self._what is not None and t > self._since:
            self.spans.append(Span(self._since, t, self._what))
        self._what, self._since = what, t


def lives(events: Iterable[Event], tids: set[int]) -> dict[int, Life]:
    """The threads ``tids`` from events in order of time, in absolute CLOCK_MONOTONIC ns."""
    found: dict[int, Life] = defaultdict(Life)
    for event in events:
        name, values = event.name, event.values
        if name == "sched_switch":
            before, state, after = values
            if before in tids:
                found[before].switch_out(event.t, not state & _STOPPED)
            if after in tids:
                found[after].switch_in(event.t)
        elif values[0] in tids:
            life = found[values[0]]
            if name == "sched_waking":
                life.waking(event.t)
            elif name == "sched_stat_runtime":
                life.runtime(event.t, values[1])
            else:
                life.wakeup(event.t)
    return found


class PerfRecord:
    """The same events by ``perf record`` on all CPUs while the ``with`` block lasts."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "judge.data"
        self.events: list[Event] = []
        self.lost = 0

    def __enter__(self) -> PerfRecord:
        if shutil.which("perf") is None:
            raise FileNotFoundError("The judge perf is missing: install linux-perf.")
        self._process = subprocess.Popen(
            ["perf", "record", "-q", "-a", "-m", "4096", "-k", "CLOCK_MONOTONIC"]
            + [word for name in FIELDS for word in ("-e", f"sched:{name}")]
            + ["-o", str(self._file)],
            stderr=subprocess.DEVNULL,
        )
        # It has begun once its file holds more than the header that it writes at once.
        deadline = time.monotonic() + 10
        while not self._file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        found = subprocess.run(
            ["perf", "script", "-i", str(self._file), "--ns", "-F", "tid,cpu,time,event,trace"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.events = [event for line in found.stdout.splitlines() if (event := _parse(line))]


_LINE = re.compile(
    r"\s*(?P<tid>-?\d+)\s+\[(?P<cpu>\d+)\]\s+(?P<s>\d+)\.(?P<ns>\d{9}):\s+sched:(?P<event>\w+):"
    r"(?P<rest>.*)"
)
_SWITCH = re.compile(r"prev_pid=(\d+) prev_prio=-?\d+ prev_state=(\S+) ==> .*next_pid=(\d+)")
_WOKEN = re.compile(r"pid=(\d+) prio=-?\d+ target_cpu=(\d+)")
_RUNTIME = re.compile(r"pid=(\d+) runtime=(\d+)")


def _parse(line: str) -> Event | None:
    found = _LINE.match(line)
    if found is None:
        return None
    name, rest = found["event"], found["rest"]
    pattern = {"sched_switch": _SWITCH, "sched_stat_runtime": _RUNTIME}.get(name, _WOKEN)
    values = pattern.search(rest)
    assert values is not None, line
    numbers: tuple[int, ...]
    if name == "sched_switch":
        numbers = int(values[1]), 0 if values[2][0] == "R" else 1, int(values[3])
    else:
        numbers = tuple(map(int, values.groups()))
    t = int(found["s"]) * 1_000_000_000 + int(found["ns"])
    return Event(t, int(found["cpu"]), int(found["tid"]), name, numbers)
