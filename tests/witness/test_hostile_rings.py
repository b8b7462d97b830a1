"""Rings, and what lies among them, of a program that does its worst: the reader goes on."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import Dropped, Record
from app.witness import rings
from app.witness.ring import Ring
from app.witness.rings import RingsReader
from tests.witness.ring_writer import RingWriter

NOW = 1_000_000
ME, TID = os.getpid(), threading.get_native_id()
NAME = f"{wire.RING_PREFIX}{ME}-{TID}-77"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RingsReader]:
    reader = RingsReader(str(tmp_path))
    yield reader
    reader.close()


def times(records: list[Record]) -> list[int]:
    return [record.t for record in records if isinstance(record, ProbeRecord)]


def lost(records: list[Record]) -> int:
    return sum(record.lost for record in records if isinstance(record, Dropped))


def shorten(path: Path) -> None:
    os.truncate(path, 0)


def shorten_behind_the_header(path: Path) -> None:
    os.truncate(path, os.sysconf("SC_PAGE_SIZE"))


def shorten_and_grow(path: Path) -> None:
    size = path.stat().st_size
    os.truncate(path, 0)
    os.truncate(path, size)


def set_head(head: int) -> Callable[[Path], None]:
    def set_it(path: Path) -> None:
        with open(path, "rb+") as file:
            file.seek(wire.HEAD_OFFSET)
            file.write(wire.HEAD.pack(head))

    return set_it


@pytest.mark.parametrize(
    "damage",
    [
        shorten,
        shorten_behind_the_header,
        shorten_and_grow,
        set_head(1),
        set_head(1 << 40),
        set_head(1 << 63),
        set_head((1 << 64) - 1),
    ],
)
def test_rings_a_damaged_one_is_given_up_counted_and_said_and_the_others_are_read(
    tmp_path: Path, reader: RingsReader, damage: Callable[[Path], None]
) -> None:
    bad = RingWriter(tmp_path, ME, TID, capacity=1024, number=1)
    good = RingWriter(tmp_path, ME, TID, capacity=1024, number=2)
    for t in (1, 2, 3):
        bad.write(t, wire.TASK_RUN)
        good.write(t, wire.TASK_RUN)
    assert times(reader.poll(NOW)) == [1, 2, 3, 1, 2, 3]
    bad.head += 600  # slots behind the first page
    bad.publish()
    damage(bad.path)
    good.write(4, wire.TASK_RUN)
    records = reader.poll(NOW)
    assert times(records) == [4]
    (dropped,) = (record for record in records if isinstance(record, Dropped))
    assert (dropped.source, dropped.pid, dropped.tid) == ("probe", ME, TID)
    assert dropped.lost >= 1
    (sentence,) = reader.reasons
    assert f"process {ME}, thread {TID}" in sentence
    good.write(5, wire.TASK_RUN)
    assert reader.poll(NOW) == [ProbeRecord(5, ME, TID, 2, wire.TASK_RUN, 0, 0, 0, 0, "")]
    assert [path.name for path in tmp_path.iterdir()] == [good.path.name]


def test_rings_many_damaged_ones_are_all_counted_and_a_few_named(
    tmp_path: Path, reader: RingsReader
) -> None:
    writers = [RingWriter(tmp_path, ME, TID, number=number) for number in range(1500)]
    reader.poll(1)
    for writer in writers[::2]:
        shorten(writer.path)
    for writer in writers[1::2]:
        writer.write(7, wire.TASK_RUN)
    records = reader.poll(1)
    assert lost(records) == 750
    assert times(records) == [7] * 750
    assert len(reader.reasons) == 4
    assert "further threads" in reader.reasons[-1]


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)
        made.bind(path.name)


def junk(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(random.Random(size).randbytes(size))

    return make


def header(capacity: int, size: int, **other: int) -> Callable[[Path], None]:
    """A file with a header that is right but for its capacity, or as ``other`` says."""

    def make(path: Path) -> None:
        values = (other.get("flags", 0), ME, TID, capacity, 0, 0, 1, 1)
        path.write_bytes(wire.HEADER.pack(wire.MAGIC, other.get("version", wire.VERSION), *values))
        os.truncate(path, size)

    return make


@pytest.mark.parametrize(
    "make",
    [
        make_fifo,
        make_link,
        make_socket,
        Path.mkdir,
        junk(0),
        junk(63),
        junk(64),
        junk(4096),
        header(0, 4096),
        header(1 << 10, 4096),
        header((1 << 32) - 1, 1 << 38),  # sparse
        header(wire.CAPACITY_MAX + 1, 1 << 24),
        header(16, 4096, version=99),
    ],
)
def test_rings_a_name_that_is_no_ring_is_passed_over_until_it_is_one(
    tmp_path: Path,
    reader: RingsReader,
    make: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / NAME
    make(path)
    good = RingWriter(tmp_path, ME, TID)
    for t in range(1, 4):
        good.write(t, wire.TASK_RUN)
        assert reader.poll(0) == [ProbeRecord(t, ME, TID, 1, wire.TASK_RUN, 0, 0, 0, 0, "")]
    path.rmdir() if path.is_dir() else path.unlink()
    ring = RingWriter(tmp_path, ME, TID, number=77)
    ring.write(9, wire.TASK_RUN)
    seen: list[int] = []
    while not seen:  # a name that was refused is tried again, later each time
        seen += times(reader.poll(0))
    assert seen == [9]


def test_rings_one_that_a_folder_took_the_place_of_is_read_to_its_end(
    tmp_path: Path, reader: RingsReader
) -> None:
    old = RingWriter(tmp_path, ME, TID, birth_ns=1, number=1)
    assert reader.poll(1) == []
    old.write(2, wire.THREAD_END)
    old.path.unlink()
    old.path.mkdir()
    RingWriter(tmp_path, ME, TID, birth_ns=10, number=2)
    assert times(reader.poll(NOW * 1000)) == [2]
    assert old.path.is_dir()
    assert reader.poll(NOW * 2000) == []


def test_rings_of_a_folder_that_is_gone_are_still_read(tmp_path: Path, reader: RingsReader) -> None:
    ring = RingWriter(tmp_path, ME, TID)
    assert reader.poll(1) == []
    (tmp_path / ring.path.name).unlink()
    tmp_path.rmdir()
    tmp_path.symlink_to("/proc/self/fd")
    ring.write(2, wire.TASK_RUN)
    assert times(reader.poll(1)) == [2]
    tmp_path.unlink()
    tmp_path.mkdir()


def test_rings_twenty_thousand_files_that_are_none_cost_little_and_hide_no_ring(
    tmp_path: Path, reader: RingsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in files that were opened, which doesn't depend on the machine."""
    for number in range(20_000):
        (tmp_path / f"{wire.RING_PREFIX}1-1-{number}").touch()
    ring = RingWriter(tmp_path, ME, TID)
    while reader.seen == 0:
        reader.poll(0)
    tried = 0

    def counted(folder: int, name: str) -> Ring:
        nonlocal tried
        tried += 1
        return Ring(folder, name)

    monkeypatch.setattr(rings, "Ring", counted)
    for t in range(1, 201):
        ring.write(t, wire.TASK_RUN)
        assert times(reader.poll(0)) == [t]
    assert tried < 40_000, "each poll looked at many"


def test_rings_a_listing_that_only_lasted_long_is_not_put_off(
    tmp_path: Path, reader: RingsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader had no CPU for a second, which costs nobody anything."""
    real, waited = time.monotonic_ns, iter(range(10**9, 10**12, 10**9))
    monkeypatch.setattr(time, "monotonic_ns", lambda: real() + next(waited))
    for number in range(1, 6):
        RingWriter(tmp_path, ME, TID, number=number).write(number, wire.TASK_RUN)
        assert times(reader.poll(1)) == [number]


def test_rings_beyond_the_most_are_read_when_others_are_gone(
    tmp_path: Path, reader: RingsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings, "MOST_RINGS", 3)
    for number in range(9):
        ring = RingWriter(tmp_path, ME, TID, birth_ns=number + 1, number=number)
        ring.write(number + 10, wire.TASK_RUN)
    seen: list[int] = []
    for now in range(1, 9):
        seen += times(reader.poll(now * NOW * 1000))
    assert sorted(seen) == list(range(10, 19))


def test_rings_a_poll_takes_no_more_than_its_share_and_the_fullest_first(
    tmp_path: Path, reader: RingsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings, "MOST_SLOTS", 20)
    small = RingWriter(tmp_path, ME, TID, capacity=16, number=1)
    big = RingWriter(tmp_path, ME, TID, capacity=64, number=2)
    assert reader.poll(1) == []
    for t in range(1, 16):
        small.write(t, wire.TASK_RUN)
    for t in range(1, 25):
        big.write(t, wire.TASK_RUN)
    first, second = reader.poll(1), reader.poll(1)
    assert times(first) == [*range(1, 16), *range(1, 25)]
    assert second == []
    for t in range(16, 24):
        small.write(t, wire.TASK_RUN)
    for t in range(25, 65):
        big.write(t, wire.TASK_RUN)
    assert times(reader.poll(1)) == list(range(25, 65))
    assert reader.more
    assert times(reader.poll(1)) == list(range(16, 24))
    assert not reader.more


def slots() -> st.SearchStrategy[bytes]:
    whole = st.builds(
        wire.SLOT.pack,
        st.one_of(st.integers(0, NOW), st.integers(0, (1 << 64) - 1)),
        st.one_of(
            st.sampled_from(list(wire.FIELDS)),
            st.sampled_from(list(wire.FIELDS)).map(lambda kind: kind | wire.TEXT),
            st.integers(0, 0xFFFF),
        ),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, (1 << 64) - 1),
        st.integers(0, (1 << 64) - 1),
    )
    return st.one_of(whole, st.binary(min_size=32, max_size=32))


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    content=st.lists(slots(), min_size=1, max_size=40),
    heads=st.lists(
        st.one_of(st.integers(0, 100), st.integers(0, (1 << 64) - 1)), min_size=1, max_size=5
    ),
    flags=st.integers(0, 0xFFFF),
)
def test_rings_of_any_bytes_are_read_without_an_error(
    tmp_path: Path, content: list[bytes], heads: list[int], flags: int
) -> None:
    """What is given is a record with a time that can be one, or counted."""
    reader = RingsReader(str(tmp_path))
    path = tmp_path / NAME
    data = b"".join(content)
    path.write_bytes(
        wire.HEADER.pack(wire.MAGIC, wire.VERSION, flags, ME, TID, len(content), 0, 0, 1, 1).ljust(
            wire.HEADER_SIZE, b"\0"
        )
        + data
    )
    try:
        for head in heads:
            if path.exists():
                with open(path, "rb+") as file:
                    file.seek(wire.HEAD_OFFSET)
                    file.write(struct.pack("<Q", head))
            for record in reader.poll(NOW):
                assert isinstance(record, Dropped | ProbeRecord)
                if isinstance(record, ProbeRecord):
                    assert record.t <= NOW + 60_000_000_000
    finally:
        reader.close()
        path.unlink(missing_ok=True)
