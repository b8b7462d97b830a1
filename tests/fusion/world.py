"""A small hand-made world: records are written as short lines, and come back as a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.fusion import Fusion, RunFacts
from app.fusion.facts import Scheduler
from app.timeline import wire
from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.model import Slice, Track
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import (
    ProcessReaped,
    Record,
    SchedStat,
    SwitchIn,
    SwitchOut,
    SyscallSample,
    ThreadBorn,
    ThreadGone,
)
from app.timeline.states import ObjectKind, Reason
from app.timeline.timeline import Timeline

ROOT = 100
MS = 1_000_000
START = 1_000_000_000_000


class World:
    """Times are ms since the run's start; ``log`` collects what the witnesses said."""

    def __init__(
        self, scheduler: Scheduler = "perf", program: str = "", probe: bool = True
    ) -> None:
        self.facts = RunFacts(START, ROOT, program, "program.py", scheduler, probe)
        self.log: list[Record] = []

    def add(self, *records: Record) -> None:
        self.log += records

    # --- the kernel ----------------------------------------------------------------------------

    def on(self, ms: float, tid: int, cpu: int = 0, pid: int = ROOT) -> None:
        self.add(SwitchIn(at(ms), pid, tid, cpu))

    def off(
        self,
        ms: float,
        tid: int,
        cpu: int = 0,
        pid: int = ROOT,
        preempted: bool = False,
        stopped: bool = False,
    ) -> None:
        self.add(SwitchOut(at(ms), pid, tid, cpu, preempted, stopped))

    def new(self, ms: float, tid: int, pid: int = ROOT, by: int = ROOT, of: int = ROOT) -> None:
        self.add(ThreadBorn(at(ms), pid, tid, of, by))

    def exit(self, ms: float, tid: int, pid: int = ROOT) -> None:
        self.add(ThreadGone(at(ms), pid, tid))

    def reaped(self, ms: float, pid: int = ROOT, status: int | None = 0) -> None:
        self.add(ProcessReaped(at(ms), pid, status, status is None))

    def account(
        self, ms: float, tid: int, wait: float, slices: int, run: float = 0, pid: int = ROOT
    ) -> None:
        self.add(SchedStat(at(ms), pid, tid, int(run * MS), int(wait * MS), slices))

    def syscall(self, ms: float, tid: int, name: str, site: str = "", pid: int = ROOT) -> None:
        self.add(SyscallSample(at(ms), pid, tid, name, 0, site))

    # --- the probe -----------------------------------------------------------------------------

    def say(
        self,
        ms: float,
        tid: int,
        kind: int,
        aux: int = 0,
        a: int = 0,
        b: int = 0,
        c: int = 0,
        text: str = "",
        pid: int = ROOT,
    ) -> None:
        self.add(ProbeRecord(at(ms), pid, tid, 0, kind, aux, a, b, c, text))

    def hello(self, ms: float, tid: int = ROOT, pid: int = ROOT, parent: int = 0) -> None:
        self.say(ms, tid, wire.HELLO, 3 << 8 | 11, a=parent, pid=pid, text="CPython")

    def thread(self, ms: float, tid: int, name: str, obj: int = 0, daemon: bool = False) -> None:
        self.say(ms, tid, wire.THREAD_START, int(daemon), b=obj, text=name)

    def enter(
        self,
        ms: float,
        tid: int,
        reason: Reason,
        obj: int = 0,
        line: int = 0,
        target: int = 0,
        pid: int = ROOT,
    ) -> None:
        self.say(ms, tid, wire.ENTER, reason, line, obj, target, pid=pid)

    def leave(
        self, ms: float, tid: int, reason: Reason, obj: int = 0, got: int = 1, pid: int = ROOT
    ) -> None:
        self.say(ms, tid, wire.LEAVE, reason, b=obj, c=got, pid=pid)

    def acquired(self, ms: float, tid: int, obj: int, line: int = 0, pid: int = ROOT) -> None:
        self.say(ms, tid, wire.ACQUIRED, a=line, b=obj, pid=pid)

    def released(self, ms: float, tid: int, obj: int, pid: int = ROOT) -> None:
        self.say(ms, tid, wire.RELEASED, b=obj, pid=pid)

    def object(
        self, ms: float, tid: int, kind: ObjectKind, obj: int, line: int = 0, name: str = ""
    ) -> None:
        self.say(ms, tid, wire.OBJECT, kind, line, obj, text=name)

    # --- what came of it -----------------------------------------------------------------------

    def timeline(self, end: float, steps: Sequence[float] = ()) -> Timeline:
        """The timeline after a run of ``end`` ms, watched at ``steps`` (ms)."""
        return play(self.facts, self.log, end, steps)


def at(ms: float) -> int:
    return START + round(ms * MS)


def play(
    facts: RunFacts, log: Iterable[Record], end: float, steps: Sequence[float] = ()
) -> Timeline:
    """Replays the log in drains that end at ``steps``, through encoded frames as a viewer would."""
    fusion = Fusion(facts)
    timeline = Timeline()
    waiting = list(log)
    seq = 0
    for step in steps:
        watermark = at(step)
        fusion.feed([record for record in waiting if record.t <= watermark])
        waiting = [record for record in waiting if record.t > watermark]
        batch = fusion.advance(watermark)
        timeline.apply(decode(encode(frame_of(batch, seq, watermark - START))))
        seq += 1
    fusion.feed(waiting)
    timeline.apply(decode(encode(frame_of(fusion.finish(at(end)), seq, round(end * MS)))))
    return timeline


def rows(timeline: Timeline, track: Track | int) -> list[tuple[str, float, float]]:
    """(state, start ms, end ms) of a track's slices."""
    ident = track if isinstance(track, int) else track.id
    return [
        (row.state.word, row.start_ns / MS, row.end_ns / MS)
        for row in timeline.slices.get(ident, ())
    ]


def row_at(timeline: Timeline, track: Track | int, ms: float) -> Slice:
    ident = track if isinstance(track, int) else track.id
    for row in timeline.slices[ident]:
        if row.start_ns <= ms * MS < row.end_ns:
            return row
    raise AssertionError(f"no slice at {ms} ms")


def track_of(timeline: Timeline, tid: int) -> Track:
    found = [track for track in timeline.tracks.values() if track.tid == tid]
    assert len(found) == 1, found
    return found[0]


def assert_whole(timeline: Timeline) -> None:
    """Every track's slices cover its life, one after the other."""
    for track in timeline.tracks.values():
        reached = track.start_ns
        for row in timeline.slices.get(track.id, ()):
            assert row.start_ns == reached, (track, row)
            assert row.end_ns > row.start_ns, (track, row)
            reached = row.end_ns
        assert track.end_ns == reached, (track, reached)
