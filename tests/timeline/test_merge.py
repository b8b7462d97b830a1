"""The merge by columns says exactly what the merge by rows says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import BadFrame
from app.timeline.frames import Frame, decode, encode
from app.timeline.merge import merge_encoded
from app.timeline.model import OPEN, Flow, Slice
from app.timeline.states import Evidence, FlowKind, Reason, State
from tests.merging import merge, merge_plainly

SLICES = st.builds(
    Slice,
    track=st.integers(1, 4),
    start_ns=st.integers(0, 50),
    end_ns=st.one_of(st.just(OPEN), st.integers(0, 2**52)),
    state=st.sampled_from(State),
    reason=st.sampled_from(Reason),
    object=st.integers(0, 3),
    holder=st.integers(0, 2**32 - 1),
    cpu=st.integers(-1, 300),
    line=st.integers(0, 99),
    evidence=st.sampled_from(Evidence),
    reason_evidence=st.sampled_from(Evidence),
)
FLOWS = st.builds(
    Flow,
    kind=st.sampled_from(FlowKind),
    from_track=st.integers(1, 9),
    from_ns=st.integers(0, 99),
    to_track=st.integers(1, 9),
    to_ns=st.integers(0, 99),
    object=st.integers(0, 9),
)
HEADS = st.fixed_dictionaries(
    {},
    optional={
        "run": st.dictionaries(st.sampled_from("abc"), st.integers()),
        "state": st.sampled_from(["running", "ended"]),
        "tracks": st.lists(st.fixed_dictionaries({"id": st.integers(1, 4), "name": st.text()})),
        "output": st.lists(st.text(), max_size=2),
        "failure": st.text(),
    },
)
FRAMES = st.lists(
    st.builds(
        lambda head, slices, flows, snapshot: (head, slices, flows, snapshot),
        HEADS,
        st.lists(SLICES, max_size=8),
        st.lists(FLOWS, max_size=3),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=6,
)


#: On a crowded machine it takes long to make up frames, which says nothing of them.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(FRAMES)
def test_merge_encoded_equals_merge(
    parts: list[tuple[dict[str, Any], list[Slice], list[Flow], bool]],
) -> None:
    frames = [
        Frame(seq, seq * 10, head, slices, flows, snapshot)
        for seq, (head, slices, flows, snapshot) in enumerate(parts)
    ]
    encoded = [encode(frame) for frame in frames]
    assert merge_encoded(encoded) == encode(merge_plainly(map(decode, encoded)))


@unhurried
@given(FRAMES, st.integers(0, 6))
def test_merge_encoded_goes_on_from_what_was_merged_before(
    parts: list[tuple[dict[str, Any], list[Slice], list[Flow], bool]], cut: int
) -> None:
    encoded = [
        encode(Frame(seq, seq * 10, head, slices, flows, snapshot))
        for seq, (head, slices, flows, snapshot) in enumerate(parts)
    ]
    before = merge_encoded(encoded[:cut])
    assert decode(merge_encoded([before, *encoded[cut:]])) == decode(merge_encoded(encoded))


def test_merge_encoded_refuses_foreign_bytes() -> None:
    with pytest.raises(BadFrame):
        merge_encoded([encode(Frame(0, 0)), b"no frame at all, though long enough to be one"])


def test_merge_drops_an_open_row_that_was_replaced() -> None:
    opened = Slice(1, 10, OPEN, State.RUNNING)
    closed = opened._replace(end_ns=20)
    later = Slice(1, 20, OPEN, State.READY)
    whole = merge([Frame(1, 15, {}, [opened]), Frame(2, 25, {}, [closed, later])])
    assert whole.snapshot
    assert (whole.seq, whole.now_ns) == (2, 25)
    assert whole.slices == [closed, later]


def test_merge_keeps_the_last_word_about_each_track_and_the_run() -> None:
    first = Frame(1, 0, {"run": {"id": "a"}, "tracks": [{"id": 1, "name": "x"}], "output": [1]})
    second = Frame(2, 9, {"run": {"exit": 0}, "tracks": [{"id": 1, "name": "y"}], "output": [2]})
    head = merge([first, second]).head
    assert head["run"] == {"id": "a", "exit": 0}
    assert head["tracks"] == [{"id": 1, "name": "y"}]
    assert head["output"] == [1, 2]


def test_merge_of_a_snapshot_and_what_followed_equals_merge_of_all() -> None:
    parts = [
        Frame(1, 5, {"run": {"id": "a"}}, [Slice(1, 0, OPEN, State.NEW)]),
        Frame(2, 9, {}, [Slice(1, 0, 7, State.NEW), Slice(1, 7, OPEN, State.RUNNING)]),
        Frame(3, 12, {}, [Slice(1, 7, 11, State.RUNNING), Slice(1, 11, OPEN, State.READY)]),
    ]
    assert merge([merge(parts[:2]), parts[2]]) == merge(parts)
