"""The codec: what is encoded is decoded, foreign bytes are refused with a sentence."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadFrame
from app.timeline import frames
from app.timeline.frames import Frame, FrameReader, decode, encode
from app.timeline.model import OPEN, Flow, Slice
from app.timeline.states import Evidence, FlowKind, Reason, State

NS = st.integers(0, 2**53 - 1)
ID = st.integers(0, 2**32 - 1)
SLICES = st.builds(
    Slice,
    track=ID,
    start_ns=NS,
    end_ns=st.one_of(st.just(OPEN), NS),
    state=st.sampled_from(State),
    reason=st.sampled_from(Reason),
    object=ID,
    holder=ID,
    cpu=st.integers(-1, 2**15 - 1),
    line=ID,
    evidence=st.sampled_from(Evidence),
    reason_evidence=st.sampled_from(Evidence),
)
FLOWS = st.builds(
    Flow,
    kind=st.sampled_from(FlowKind),
    from_track=ID,
    from_ns=NS,
    to_track=ID,
    to_ns=NS,
    object=ID,
)
FRAMES = st.builds(
    Frame,
    seq=ID,
    now_ns=NS,
    head=st.dictionaries(
        st.sampled_from(["run", "state", "dropped"]),
        st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
    ),
    slices=st.lists(SLICES, max_size=9),
    flows=st.lists(FLOWS, max_size=5),
    snapshot=st.booleans(),
)


@given(FRAMES)
def test_frame_survives_the_codec(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(FRAMES)
def test_every_column_starts_on_a_multiple_of_8(frame: Frame) -> None:
    data = encode(frame)
    head_length = struct.unpack_from("<I", data, 16)[0]
    assert len(data) % 8 == 0 and head_length % 8 == 0


@given(st.lists(FRAMES, max_size=4), st.integers(1, 64))
def test_reader_cuts_any_chunking_into_the_same_frames(sent: list[Frame], step: int) -> None:
    encoded = [encode(frame) for frame in sent]
    stream = b"".join(encoded)
    reader = FrameReader()
    cut = [
        frame
        for offset in range(0, len(stream), step)
        for frame in reader.feed(stream[offset : offset + step])
    ]
    assert cut == encoded
    assert reader.pending == 0


@given(FRAMES, st.data())
def test_frame_cut_short_is_refused(frame: Frame, data: st.DataObject) -> None:
    encoded = encode(frame)
    length = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(BadFrame):
        decode(encoded[:length])


def test_unknown_version_is_named_with_the_version_that_is_read() -> None:
    data = bytearray(encode(Frame(1, 0)))
    struct.pack_into("<H", data, 8, 9)
    with pytest.raises(BadFrame, match=r"version 9; this Timeslice reads version 1"):
        decode(bytes(data))


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(BadFrame, match="no Timeslice frame"):
        decode(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")


def test_state_outside_the_enum_is_refused() -> None:
    data = bytearray(encode(Frame(1, 0, {}, [Slice(1, 0, 1, State.RUNNING)])))
    offset = data.rindex(bytes([State.RUNNING]) + bytes(7))
    data[offset] = 200
    with pytest.raises(BadFrame, match="does not know"):
        decode(bytes(data))


def test_sequence_is_read_without_decoding() -> None:
    assert frames.sequence(encode(Frame(77, 5, {"state": "running"}))) == 77
