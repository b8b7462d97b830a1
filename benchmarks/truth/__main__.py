"""How well the timeline agrees with a judge that shares no code with it: the kernel's events.

Runs five programs, each under a worker and, beside it, under the judge: ``sched:*`` events of all
CPUs in an ftrace instance of its own, or by ``perf record``. Both need root. From the judge's
events it builds for each thread when it ran, was ready, or was off the CPU, and prints the share
of thread-time in which the timeline says the same, with the worst thread and instant.

``--both`` runs both judges beside the timeline and prints how far they agree with one another:
a witness can't agree better with one of them than they do.

    python -m benchmarks.truth [--witness tracepoints perf procfs] [--only NAME] [--both]
        [--judge perf]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.model import Track
from app.timeline.states import Evidence, TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec
from benchmarks.truth.agreement import Difference, between, class_of, compare, together
from benchmarks.truth.ftrace import TRACEFS, Ftrace
from benchmarks.truth.judge import Life, PerfRecord, lives
from benchmarks.truth.programs import PROGRAMS
from benchmarks.truth.steal import Steal, shares

Witness = Literal["tracepoints", "perf", "procfs"]
WITNESSES: tuple[Witness, ...] = ("tracepoints", "perf", "procfs")


class Verdict:
    """One run and what the judge says of it."""

    def __init__(self, text: str, witness: Witness, judge: str, both: bool) -> None:
        self.witness = witness
        with contextlib.ExitStack() as closing:
            folder = Path(tempfile.mkdtemp(prefix="timeslice-truth-"))
            closing.callback(shutil.rmtree, folder)
            judges: dict[str, Ftrace | PerfRecord] = {
                "ftrace": Ftrace(),
                "perf": PerfRecord(folder),
            }
            heard = judges.pop(judge)
            with contextlib.ExitStack() as listening:
                for listener in (heard, *(judges.values() if both else ())):
                    listening.enter_context(listener)
                spec = RunSpec(run_id=new_id(), program=text, witness=witness)
                self.timeline = asyncio.run(run(LocalLauncher(), spec)).timeline
        self.lost = heard.lost
        self.tracks = self.timeline.of_kind(TrackKind.PROCESS, TrackKind.THREAD)
        tids = {track.tid for track in self.tracks}
        self.lives = lives(heard.events, tids)
        (other,) = judges.values()
        self.others = lives(other.events, tids) if both else {}
        self.steal = Steal(
            (item.start_ns, item.end_ns, item.stolen_ns) for item in self.timeline.stolen
        )
        self.by_track = {
            track.id: compare(self.timeline, track, self._life(track).spans, self.steal)
            for track in self.tracks
        }
        self.whole = together(self.by_track.values())

    def _life(self, track: Track) -> Life:
        return self.lives.get(track.tid) or Life()

    def judges(self) -> str:
        """How far the two judges agree with one another, strictly and but for edges."""
        pairs = [
            between((life.spans, self.others[tid].spans))
            for tid, life in self.lives.items()
            if tid in self.others
        ]
        both, same, edges = (sum(column) for column in zip(*pairs, strict=True))
        return f"{100 * same / both:.2f} % ({100 * (same + edges) / both:.2f})"

    def row(self, name: str) -> list[str]:
        whole, timeline = self.whole, self.timeline
        life_ns = whole.both_ns + whole.unsaid_ns
        judged = f"{100 * whole.unsaid_ns / life_ns:.2f} %" if life_ns else "-"
        start_ns = timeline.run["start_monotonic_ns"]
        kernel_ns = sum(life.run_ns(start_ns) for life in self.lives.values())
        found = timeline.run["witnesses"]["scheduler"]
        return [
            name,
            found if found == self.witness else f"{found} ({self.witness} was refused)",
            str(len(self.tracks)),
            str(timeline.dropped),
            f"{100 * whole.share:.2f} %",
            f"{100 * whole.share_but_edges:.2f} %",
            judged,
            self.judges() if self.others else "-",
            str(self.steal),
            *shares((whole.both_ns, whole.both_ns - whole.same_ns), whole.stolen_from),
            *(f"{a / 1e6:.1f} / {b / 1e6:.1f}" for a, b in list(whole.totals.values())[:3]),
            f"{stats_ns(timeline, self.tracks) / 1e6:.1f} / {kernel_ns / 1e6:.1f}",
            self.worst(),
        ]

    def worst(self) -> str:
        """The thread that agrees least, and its longest difference, explained."""
        track = min(self.tracks, key=lambda item: self.by_track[item.id].share)
        agreement = self.by_track[track.id]
        said = f"{track.name} {track.tid}: {100 * agreement.share:.2f} %"
        gap = agreement.worst
        if gap is None:
            return said
        at_ns = gap.start_ns - self.timeline.run["start_monotonic_ns"]
        life = self._life(track)
        if life.lost_switches or life.lost_wakeups:
            said += f" (of its {life.switches} switches the judge lacks {life.lost_switches}, of "
            said += f"its wake-ups {life.lost_wakeups})"
        return (
            f"{said}; at {at_ns / 1e6:.3f} ms for {gap.length_ns / 1e6:.3f} ms "
            f"{gap.ours.state.word} ({gap.ours.evidence.word}), judge {gap.judge}: "
            + why(gap, self.timeline.run["witnesses"]["scheduler"])
        )


def why(gap: Difference, witness: str) -> str:
    """What is known to make such a difference under this witness."""
    ours = class_of(gap.ours)
    if ours == "unsaid":
        return "no witness told, and the picture shows a gap"
    if witness == "procfs":
        return "between two looks only the sums are known"
    if ours != "running" and gap.judge != "running" and gap.ours.evidence is Evidence.INFERRED:
        return "the wake-up was not told; how long it was ready comes from the run queue's account"
    if ours == "off" and gap.judge == "ready" and witness == "perf":
        return "switch records have no wake-ups, and the account did not tell this wait's part"
    if gap.later:
        return f"the {gap.later} makes the same change so much later: {_LATER[witness]}"
    return "not explained"


#: Why one of two readings of the clock for the same event may come late.
_LATER = {
    "tracepoints": "an interrupt or the hypervisor came between their two readings of the clock, "
    "or an idle CPU lost an event and a later record tells it",
    "perf": "perf's record of a switch comes after it",
}


def stats_ns(timeline: Timeline, tracks: list[Track]) -> int:
    return sum(
        timeline.stats[track.id].running_ns for track in tracks if track.id in timeline.stats
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--witness", nargs="+", choices=WITNESSES, default=WITNESSES)
    parser.add_argument("--only", nargs="+", choices=tuple(PROGRAMS), default=tuple(PROGRAMS))
    parser.add_argument("--judge", choices=("ftrace", "perf"), default="ftrace")
    parser.add_argument("--both", action="store_true", help="both judges, and how far they agree")
    options = parser.parse_args()
    if os.geteuid() != 0 or not os.access(TRACEFS / "instances", os.W_OK):
        sys.exit("The judge needs root and tracefs at /sys/kernel/tracing, mounted writable.")
    table = Table(
        "program", "witness", "threads", "lost", "agree", "± 1 µs", "unsaid", "judges",
        "stolen", "differ there", "differ else",
        "running", "ready", "off", "CPU", "worst thread, worst instant",
        title=f"The timeline and the judge ({options.judge})",
    )  # fmt: skip
    for name in options.only:
        for witness in options.witness:
            verdict = Verdict(PROGRAMS[name], witness, options.judge, options.both)
            table.add_row(*verdict.row(name))
            if verdict.lost:
                print(f"{name}: the judge's own buffer lost {verdict.lost} events")
    Console(width=200).print(table)
    print(
        "Milliseconds, the timeline's / the judge's, over the time that both speak of. unsaid: the "
        "judge's own events are\nincomplete there, so it doesn't judge. judges: how far both agree "
        "with one another (± 1 µs). stolen: what the hypervisor took of all CPUs; differ there, "
        "else: the share that differs\nof the time in the intervals in which it took some, and of "
        "the rest. CPU: the totals of the "
        "timeline's statistics / the kernel's account (sched_stat_runtime)."
    )


if __name__ == "__main__":
    main()
