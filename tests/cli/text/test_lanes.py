"""Lanes show the states that were there, at the places where they were."""

from __future__ import annotations

import pytest

from app.cli.text.lanes import GLYPHS, SLEEPING, lanes, ordered
from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline
from tests.cli.text.example import timeline


def picture(found: Timeline, width: int) -> dict[str, str]:
    return {
        lane.track.name: "".join(sign for sign, _ in lane.cells) for lane in lanes(found, width)
    }


def test_lanes_draw_each_state_where_it_was() -> None:
    assert picture(timeline(), 10) == {
        "dinner": "█████·····",
        "Ann": " ██───────",
        "Bob": "  ▚▚──────",
        "waiter": "     ╌╌╌╌╌",
    }


def test_lanes_give_a_column_to_the_state_with_most_of_its_time() -> None:
    # Two columns of 50 ms: Bob wanted the GIL for 20 ms of the first, was blocked for 10.
    assert picture(timeline(), 2)["Bob"] == "▚─"
    assert picture(timeline(), 2)["dinner"] == "█·"


@pytest.mark.parametrize("width", [1, 7, 100, 997])
def test_lanes_are_as_wide_as_asked(width: int) -> None:
    assert {len(cells) for cells in picture(timeline(), width).values()} == {width}


def test_ordered_puts_parents_above_children_and_threads_above_child_processes() -> None:
    child = Track(5, TrackKind.PROCESS, "child", 20, 20, 1, False, 1)
    orphan = Track(6, TrackKind.THREAD, "orphan", 30, 30, 99, False, 2)
    rows = [(track.name, depth) for track, depth in ordered(timeline(child, orphan))]
    assert rows == [
        ("orphan", 0),
        ("dinner", 0),
        ("Ann", 1),
        ("Bob", 1),
        ("waiter", 1),
        ("child", 1),
    ]


def test_glyphs_differ_for_every_state_that_can_be_seen() -> None:
    seen = [GLYPHS[state][0] for state in State if state not in (State.EXITED, State.DONE)]
    seen.append(SLEEPING[0])
    assert len(set(seen)) == len(seen)
    assert set(GLYPHS) == set(State)


def test_lanes_of_an_empty_timeline_are_none() -> None:
    assert lanes(Timeline(), 10) == []
