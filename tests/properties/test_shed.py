"""Whatever is given up, and when: the rest holds together, and says nothing that wasn't so."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.fusion import Fusion
from app.timeline import wire
from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.model import NOTHING, Slice
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import Record
from app.timeline.states import Evidence, FlowKind, State
from app.timeline.timeline import Timeline
from tests.fusion.world import START, World, assert_whole
from tests.properties.test_fusion import Machine, assert_gil_told_with_care, assert_lawful, seeds

pieces = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=8)
Pieces = list[tuple[float, bool]]


def replay(scheduler: str, log: list[Record], shed: Pieces) -> Timeline:
    """Up to each of the times the records are fused, or given up."""
    world = World(scheduler)  # type: ignore[arg-type]
    end = max((record.t for record in log), default=START) + 1_000_000
    fusion, timeline, seq = Fusion(world.facts), Timeline(), 0
    fusion.feed(log)
    for share, given_up in sorted(shed):
        until = START + int(share * (end - START))
        if given_up:
            fusion.give_up(until)
        else:
            timeline.apply(decode(encode(frame_of(fusion.advance(until), seq, 0))))
            seq += 1
    timeline.apply(decode(encode(frame_of(fusion.finish(end), seq, end - START))))
    return timeline


def with_one_holder_each(log: list[Record]) -> list[Record]:
    """The machine lets several hold one lock, of whom fusion then names none; no program can."""
    held: set[int] = set()
    kept: list[Record] = []
    for record in log:
        if isinstance(record, ProbeRecord):
            got = record.kind == wire.LEAVE and record.c == 1
            takes = record.b != NOTHING and (got or record.kind == wire.ACQUIRED)
            if takes and record.b in held:
                if record.kind == wire.ACQUIRED:
                    continue
                record = record._replace(c=0)
            elif takes:
                held.add(record.b)
            elif record.kind == wire.RELEASED:
                held.discard(record.b)
        kept.append(record)
    return kept


def false_rows(part: Timeline, whole: Timeline) -> list[tuple[Slice, Slice]]:
    """Rows of ``part``, with what ``whole`` says of the same time and denies them by."""
    ids = {(track.pid, track.tid, track.start_ns): track.id for track in whole.tracks.values()}
    named = {
        track.id: ids.get((track.pid, track.tid, track.start_ns)) for track in part.tracks.values()
    }
    wrong = []
    for track in part.tracks.values():
        others = whole.slices.get(named[track.id] or 0, [])
        for row in part.slices.get(track.id, ()):
            if row.state is State.UNKNOWN or not track.tid:
                continue
            for other in others:
                shared = min(row.end_ns, other.end_ns) - max(row.start_ns, other.start_ns)
                if shared > 0 and not _agree(row, other, named):
                    wrong.append((row, other))
    return wrong


def _agree(row: Slice, other: Slice, named: dict[int, int | None]) -> bool:
    if other.evidence in (Evidence.INFERRED, Evidence.SAMPLED) and other.state is State.READY:
        return True  # of a wait whose reading was given up the end counts as blocked
    if other.evidence is Evidence.SAMPLED and other.state is State.STOPPED:
        return True  # since the slice began, by a look at some time in it
    if row.state is not other.state:
        return False
    if State.GIL in (row.state, other.state) or row.state in (State.RUNNING, State.READY):
        return True  # threads run side by side here: who holds a GIL then is in doubt, or is not
    return row.holder == NOTHING or named[row.holder] == other.holder


@settings(max_examples=60)
@given(seeds, st.sampled_from(["tracepoints", "perf"]), st.integers(1, 120), pieces)
def test_what_is_given_up_is_unknown_and_the_rest_is_so(
    seed: int, scheduler: str, length: int, shed: Pieces
) -> None:
    log = with_one_holder_each(Machine(seed, scheduler).play(length))
    part, whole = replay(scheduler, log, shed), replay(scheduler, log, [])
    assert_whole(part)
    assert_lawful(part)
    assert_gil_told_with_care(part)
    assert false_rows(part, whole) == []


@settings(max_examples=60)
@given(
    seeds,
    st.sampled_from(["tracepoints", "perf", "procfs"]),
    st.integers(1, 120),
    pieces,
    st.floats(0, 0.5),
    st.booleans(),
)
def test_records_given_up_among_lost_and_late_ones_never_raise_nor_tear_a_track(
    seed: int, scheduler: str, length: int, shed: Pieces, lost: float, shuffled: bool
) -> None:
    luck = random.Random(seed)
    log = [record for record in Machine(seed, scheduler).play(length) if luck.random() >= lost]
    if shuffled:
        times = [record.t for record in log]
        luck.shuffle(times)
        log = [record._replace(t=t) for record, t in zip(log, times, strict=True)]
    timeline = replay(scheduler, log, shed)
    assert_whole(timeline)
    assert_lawful(timeline)


@settings(max_examples=40)
@given(seeds, st.integers(1, 120), pieces)
def test_arrows_of_messages_are_those_of_the_whole_run(
    seed: int, length: int, shed: Pieces
) -> None:
    log = Machine(seed, "tracepoints").play(length)

    def messages(timeline: Timeline) -> set[tuple[int, int, int, int]]:
        tids = {track.id: track.tid for track in timeline.tracks.values()}
        return {
            (tids[flow.from_track], flow.from_ns, tids[flow.to_track], flow.to_ns)
            for flow in timeline.flows
            if flow.kind in (FlowKind.SEND_RECV, FlowKind.WAKE)
        }

    assert messages(replay("tracepoints", log, shed)) <= messages(replay("tracepoints", log, []))
