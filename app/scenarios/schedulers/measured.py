"""What a run shows of its jobs: when each came, first ran and ended, and its turns on the CPU."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.catalogue.claims import NotSeen, Span
from app.catalogue.spans import clip, common, exit_of, merged, total
from app.scenarios.schedulers.ideal import Job
from app.timeline.model import Track
from app.timeline.states import FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Life:
    """One job in the run. ``came_ns``: its process was started; ``there_ns``: it had begun, and
    stopped; ``ran`` is its time on a CPU since it was first let go.
    """

    job: Job
    track: Track
    came_ns: int
    there_ns: int
    end_ns: int
    ran: list[Span]

    @property
    def first_ns(self) -> int:
        return self.ran[0].start_ns

    @property
    def turnaround_ns(self) -> int:
        return self.end_ns - self.came_ns

    @property
    def response_ns(self) -> int:
        return self.first_ns - self.came_ns


class Lives:
    """All jobs of a run, in the order of the table. Raises NotSeen where one is not whole."""

    def __init__(self, timeline: Timeline, jobs: Sequence[Job]) -> None:
        self.timeline = timeline
        self.lives = [self._life(job) for job in jobs]
        busy = merged(span for life in self.lives for span in life.ran)
        self._starts = [span.start_ns for span in busy]
        self._busy = busy
        self._before = [0, *accumulate(span.length_ns for span in busy)]

    def _life(self, job: Job) -> Life:
        found = [
            track
            for track in self.timeline.named(job.name)
            if track.kind is TrackKind.PROCESS and track.parent
        ]
        if not found:
            raise NotSeen(
                en=f"The run shows no job {job.name}.", zh=f"本次运行没有出现作业 {job.name}。"
            )
        track = found[0]
        told = [
            flow.to_ns
            for flow in self.timeline.flows
            if flow.kind is FlowKind.SIGNAL and flow.to_track == track.id
        ]
        end_ns = exit_of(self.timeline, track)
        went_ns = min(told, default=end_ns)
        running = self.timeline.of(track, State.RUNNING)
        ran = clip(running, went_ns, end_ns)
        there_ns = max((row.end_ns for row in clip(running, 0, went_ns)), default=track.start_ns)
        if not told or not ran or track.end is None:
            raise NotSeen(
                en=f"The run does not show all of job {job.name}.",
                zh=f"本次运行没有完整显示作业 {job.name}。",
            )
        return Life(job, track, track.start_ns, there_ns, end_ns, ran)

    def by_end(self) -> list[Life]:
        return sorted(self.lives, key=lambda life: life.end_ns)

    def computed(self, start_ns: int, end_ns: int) -> int:
        """CPU time of all jobs together between two instants."""
        return self._until(end_ns) - self._until(start_ns)

    def _until(self, ns: int) -> int:
        n = bisect_right(self._starts, ns)
        inside = min(ns, self._busy[n - 1].end_ns) - self._busy[n - 1].start_ns if n else 0
        return self._before[max(n - 1, 0)] + inside

    def waits_of(self, life: Life) -> list[Span]:
        """Its waits for I/O: for the answer of its device, which comes by a pipe."""
        blocked = self.timeline.of(life.track, State.BLOCKED)
        asked = [row for row in blocked if row.reason in (Reason.PIPE, Reason.SOCKET)]
        return clip(asked, life.first_ns, life.end_ns)

    def waiting_ns(self, life: Life) -> int:
        """How long it was ready in its life: neither computing nor at I/O."""
        return life.turnaround_ns - total(life.ran) - total(self.waits_of(life))

    def uncomputed_ns(self) -> int:
        """How long no job computed, from the first one's coming to the last one's end."""
        start = min(life.came_ns for life in self.lives)
        end = max(life.end_ns for life in self.lives)
        return end - start - self.computed(start, end)

    def kept_ns(self) -> int:
        """How long no job computed though one that was let go was ready: other programs had the
        CPU."""
        ready = merged(
            row
            for life in self.lives
            for row in clip(self.timeline.of(life.track, State.READY), life.first_ns, life.end_ns)
        )
        return total(ready) - total(common(ready, self._busy))

    def turns(self) -> list[tuple[Life, Span]]:
        """Who had the CPU from when to when; a turn ends where another job runs, or its own wait
        for I/O begins."""
        rows = sorted(
            ((span, life) for life in self.lives for span in life.ran), key=lambda row: row[0][1:]
        )
        found: list[tuple[Life, Span]] = []
        for span, life in rows:
            if found and found[-1][0] is life and not self._left(life, found[-1][1], span):
                found[-1] = life, found[-1][1]._replace(end_ns=span.end_ns)
            else:
                found.append((life, span))
        return found

    def _left(self, life: Life, before: Span, after: Span) -> bool:
        """Whether it stood still in between, rather than being kept from the CPU by others."""
        still = self.timeline.of(life.track, State.STOPPED, State.BLOCKED)
        between = clip(still, before.end_ns, after.start_ns)
        return total(between) > (after.start_ns - before.end_ns) / 2 and total(between) > 1_000_000
