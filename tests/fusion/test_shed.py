"""Records given up: nothing is said that the whole run does not say, and then all is said again."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.fusion import Fusion
from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.model import NOTHING, Slice
from app.timeline.states import Evidence, FlowKind, State
from app.timeline.timeline import Timeline
from tests.fusion.test_logs import RUNS, recorded

PIECES = 12


def told(name: str, shed: Iterable[int]) -> tuple[Timeline, list[tuple[int, int]]]:
    """The run's timeline, those of its ``PIECES`` given up, and from when to when that was."""
    facts, end, records = recorded(name)
    fusion, timeline = Fusion(facts), Timeline()
    fusion.feed(records)
    stretches = []
    length = (end - facts.start_ns) // PIECES
    for piece in range(PIECES):
        until = facts.start_ns + (piece + 1) * length
        if piece in shed:
            fusion.give_up(until)
            stretches.append((piece * length, (piece + 1) * length))
        else:
            timeline.apply(decode(encode(frame_of(fusion.advance(until), piece, 0))))
    timeline.apply(decode(encode(frame_of(fusion.finish(end), PIECES, end - facts.start_ns))))
    return timeline, stretches


def rows_of(timeline: Timeline) -> dict[tuple[int, int, str, int], list[Slice]]:
    """Each track's rows, by what it is in both timelines."""
    return {
        (track.pid, track.tid, track.name, track.start_ns): timeline.of(track)
        for track in timeline.tracks.values()
    }


def names_of(timeline: Timeline) -> dict[int, str]:
    tracks = timeline.tracks.values()
    return {NOTHING: ""} | {track.id: f"{track.pid} {track.tid} {track.name}" for track in tracks}


def overlaps(rows: list[Slice], others: list[Slice]) -> Iterable[tuple[Slice, Slice]]:
    at = 0
    for row in rows:
        while at < len(others) and others[at].end_ns <= row.start_ns:
            at += 1
        then = at
        while then < len(others) and others[then].start_ns < row.end_ns:
            yield row, others[then]
            then += 1


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("shed", [(3,), (2, 3, 4), (1, 4, 7), (5, 6), (8, 9, 10, 11)])
def test_what_is_given_up_is_unknown_and_what_is_told_is_as_in_the_whole_run(
    name: str, shed: tuple[int, ...]
) -> None:
    whole, _ = told(name, ())
    part, _ = told(name, shed)
    all_rows, names, all_names = rows_of(whole), names_of(part), names_of(whole)
    wrong = []
    for key, rows in rows_of(part).items():
        for row, other in overlaps(rows, all_rows[key]):
            length = min(row.end_ns, other.end_ns) - max(row.start_ns, other.start_ns)
            if row.state is State.UNKNOWN or length < 20_000:
                continue
            if other.state is State.READY and other.evidence is Evidence.INFERRED:
                continue  # of a wait whose reading was given up the end counts as blocked
            false_holder = row.holder and names[row.holder] != all_names[other.holder]
            if row.state is not other.state or false_holder:
                wrong.append((key, row, other))
    assert wrong == []


@pytest.mark.parametrize("name", RUNS)
def test_arrows_of_a_run_of_which_parts_were_given_up_are_those_of_the_whole_run(name: str) -> None:
    (whole, _), (part, _) = told(name, ()), told(name, (2, 5, 6, 9))

    def arrows(timeline: Timeline) -> set[tuple[FlowKind, str, int, str, int]]:
        names = names_of(timeline)
        return {
            (flow.kind, names[flow.from_track], flow.from_ns, names[flow.to_track], flow.to_ns)
            for flow in timeline.flows
        }

    assert arrows(part) <= arrows(whole)
    assert arrows(part)
