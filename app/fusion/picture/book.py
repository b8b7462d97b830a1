"""What fusion has decided and not yet handed out: tracks, rows, flows, findings; and the timers."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from app.fusion.facts import RunFacts
from app.timeline.model import (
    NOTHING,
    OPEN,
    Batch,
    Ending,
    Finding,
    Flow,
    Level,
    ObjectRow,
    Output,
    Seen,
    Slice,
    Stats,
    Stolen,
    Track,
)
from app.timeline.states import FlowKind, ObjectKind, TrackKind

#: While the run lasts, the totals of tracks that changed are handed out this often.
STATS_EVERY_NS = 500_000_000

_NEVER = 1 << 62
_new = tuple.__new__  # what calling a named tuple does in the end, and faster


class TrackSlices(Protocol):
    """What the book needs of a track's lane, which writes rows into it."""

    track: int
    start: int
    shown: Slice | None
    ended: bool
    holding: bool

    @property
    def of_thread(self) -> bool: ...

    def open_row(self) -> Slice: ...

    def stats(self, now: int = 0) -> Stats: ...


class Book:
    """The book that all machines write in. Times are ns since the run's start.

    ``now`` is the time of the record being applied; it never goes back. ``gaps`` counts impossible
    transitions, ``lost`` the records that witnesses could not keep or that fusion gave up.
    """

    def __init__(self, facts: RunFacts) -> None:
        self.facts = facts
        self.now = 0
        self.gaps = 0
        self.lost = self.lost_since = 0
        #: How long in total the threads that have ended ran, and waited for a CPU.
        self.ran_ns = self.queued_ns = 0
        self.rows: list[Slice] = []
        self.dirty: dict[TrackSlices, None] = {}
        #: Of tracks whose wake-ups are not known: when another track let them go on. See run_queue.
        self.causes: dict[int, list[int]] = {}
        self.next_timer = _NEVER
        self._timers: list[tuple[int, int, Callable[[int], None]]] = []
        self._timer_count = 0
        self._track_count = 0
        self._thing_count = 0
        self._tracks: dict[int, Track] = {}
        self._names: dict[str, int] = {}
        #: What goes into the next batch as it is.
        self._next = Batch()
        self._findings: dict[str, Finding] = {}
        self._stats: dict[int, Stats] = {}
        self._files: dict[str, int] = {}
        self._files_told = 0
        self._moved: dict[TrackSlices, None] = {}
        self._stats_due = STATS_EVERY_NS

    # --- writing -------------------------------------------------------------------------------

    def new_track(
        self, kind: TrackKind, name: str, pid: int, tid: int, parent: int, start_ns: int
    ) -> Track:
        self._track_count += 1
        track = Track(self._track_count, kind, name, pid, tid, parent, False, start_ns)
        self._tracks[track.id] = track
        return track

    def touch(self, track: Track) -> None:
        """The track changed: hand it out again."""
        self._tracks[track.id] = track

    def end_track(self, track: Track, t: int, ending: Ending | None) -> None:
        if track.end_ns == OPEN:
            track.end_ns = max(t, track.start_ns)
        if ending is not None:
            track.end = ending
        self.touch(track)

    def new_object(self, kind: ObjectKind, name: str, track: int, line: int) -> ObjectRow:
        """A new object. Its name is made unique over the run: ``lock``, ``lock #2``."""
        self._thing_count += 1
        count = self._names[name] = self._names.get(name, 0) + 1
        row = ObjectRow(
            self._thing_count, kind, name if count == 1 else f"{name} #{count}", track, line
        )
        self._next.objects.append(row)
        return row

    def file(self, name: str) -> int:
        """The number of a file that is not the program's main file, see ``timeline.places``."""
        return self._files.setdefault(name, len(self._files) + 1)

    def flow(
        self,
        kind: FlowKind,
        from_track: int,
        from_ns: int,
        to_track: int,
        to_ns: int,
        object_id: int = NOTHING,
    ) -> None:
        """A flow. It never points back in time, even if the witnesses' clocks say so."""
        if from_ns > to_ns:
            from_ns = to_ns
        self._next.flows.append(_new(Flow, (kind, from_track, from_ns, to_track, to_ns, object_id)))
        causes = self.causes.get(to_track)
        if causes is not None and kind is not FlowKind.SPAWN:
            causes.append(from_ns)

    def write_output(self, track: int, t: int, stream: str, text: str) -> None:
        self._next.output.append(Output(track, t, stream, text))

    def seen(self, track: int, t: int, line: int) -> None:
        """The track was seen at this line at ``t``."""
        self._next.seen.append(Seen(track, t, line))

    def level(self, object_id: int, t: int, value: int, most: int) -> None:
        """An object's level from ``t`` on: permits or items left, or how many have come to it."""
        self._next.levels.append(Level(object_id, t, value, most))

    def stolen(self, cpu: int, since: int, t: int, ns: int) -> None:
        """The hypervisor took ``ns`` of the CPU between the two times."""
        self._next.stolen.append(Stolen(cpu, since, t, ns))

    def finding(self, finding: Finding) -> None:
        self._findings[finding.id] = finding

    def stats(self, lane: TrackSlices) -> None:
        """Hand out the totals of a lane that has ended."""
        stats = self._stats[lane.track] = lane.stats()
        if lane.of_thread:
            self.ran_ns += stats.running_ns
            self.queued_ns += stats.ready_ns

    @property
    def sightings(self) -> list[Seen]:
        """The sightings that are not handed out yet."""
        return self._next.seen

    def lose(self, count: int, since: int) -> None:
        """``count`` records are lost, the first of them at ``since``."""
        if not self.lost:
            self.lost_since = since
        self.lost += count

    # --- timers --------------------------------------------------------------------------------

    def timer(self, t: int, action: Callable[[int], None]) -> None:
        """Call ``action(t)`` when the run's time reaches ``t``, before the records of that time.

        Timers follow the time of the records, so a replay does what the live run did.
        """
        self._timer_count += 1
        heapq.heappush(self._timers, (t, self._timer_count, action))
        self.next_timer = self._timers[0][0]

    def run_timers(self, until: int) -> None:
        timers = self._timers
        while timers and timers[0][0] <= until:
            t, _, action = heapq.heappop(timers)
            self.now = max(self.now, t)
            action(self.now)
        self.next_timer = timers[0][0] if timers else _NEVER

    # --- handing out ---------------------------------------------------------------------------

    def batch(self, final: bool = False) -> Batch:
        """All that is new, with the open rows of lanes that changed. The book then forgets it.

        An open row is handed out only if it began before ``now``, so that no later record can
        make it vanish.
        """
        rows, self.rows = self.rows, []
        waiting: dict[TrackSlices, None] = {}
        self._moved.update(self.dirty)
        for lane in self.dirty:
            if lane.ended:
                continue
            if lane.holding or lane.start >= self.now:
                waiting[lane] = None
                continue
            row = lane.open_row()
            if row != lane.shown:
                lane.shown = row
                rows.append(row)
        self.dirty = waiting
        if final or self.now >= self._stats_due:
            for lane in self._moved:
                if not lane.ended:  # else its totals were handed out at its end
                    self._stats[lane.track] = lane.stats(self.now)
            self._moved = {}
            self._stats_due = self.now + STATS_EVERY_NS
        batch, self._next = self._next, Batch()
        batch.tracks = [replace(track) for track in self._tracks.values()]
        batch.slices = rows
        batch.findings = [replace(finding) for finding in self._findings.values()]
        batch.stats = list(self._stats.values())
        if len(self._files) > self._files_told:
            batch.files = list(self._files)
            self._files_told = len(self._files)
        batch.dropped = self.lost
        self._tracks, self._findings, self._stats = {}, {}, {}
        return batch
