"""The writer's side of a ring, read back by the decoder."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from app.timeline import wire
from tests.probe.decoding import Ring, read_ring
from tests.probe.loading import probe


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = probe("recording.ring")
    probe("recording.thread_state")  # which makes this thread's ring, if there is a folder
    monkeypatch.setattr(module, "directory", str(tmp_path))
    return module


def only(folder: Path) -> Path:
    (path,) = folder.glob(wire.RING_PREFIX + "*")
    return path


def test_ring_is_whole_under_its_name(ring: Any, tmp_path: Path) -> None:
    ring.make(16, 3, 3)
    path = only(tmp_path)
    assert path.name == f"ring-{os.getpid()}-{threading.get_native_id()}-3"
    assert list(tmp_path.iterdir()) == [path]
    read = read_ring(path)
    assert (read.pid, read.tid, read.number) == (os.getpid(), threading.get_native_id(), 3)
    assert (read.capacity, read.head, read.rows) == (16, 0, [])


def test_ring_keeps_no_descriptor(ring: Any) -> None:
    before = os.listdir("/proc/self/fd")
    kept = [ring.make(16, number, number) for number in range(5)]
    assert len(os.listdir("/proc/self/fd")) == len(before)
    del kept


def test_ring_is_unmapped_with_its_writers(ring: Any, tmp_path: Path) -> None:
    def mapped() -> bool:
        return str(tmp_path) in Path("/proc/self/maps").read_text()

    writers = ring.writers(*ring.make(16, 0, 0), 16)
    writers[0](1)
    assert mapped()
    del writers
    assert not mapped()


def test_record_holds_every_field_at_its_limit(ring: Any, tmp_path: Path) -> None:
    emit, *_ = ring.writers(*ring.make(16, 0, 0), 16)
    emit(wire.ENTER, 0xFFFF, 0xFFFFFFFF, 2**64 - 1, 2**64 - 2)
    (row,) = read_ring(only(tmp_path)).rows
    assert row[4:9] == ("ENTER", 0xFFFF, 0xFFFFFFFF, 2**64 - 1, 2**64 - 2)


def test_record_out_of_range_never_raises(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(ring.faults, "note", noted.append)
    emit, *_ = ring.writers(*ring.make(16, 0, 0), 16)
    emit(wire.ENTER, -1, 2**40, object())
    emit(wire.LEAVE)
    assert noted == ["emit"]
    assert [row.kind for row in read_ring(only(tmp_path)).rows] == ["?", "LEAVE"]


def test_ring_wraps_and_counts_what_is_lost(ring: Any, tmp_path: Path) -> None:
    emit, *_ = ring.writers(*ring.make(16, 0, 0), 16)
    for number in range(40):
        emit(wire.VALUE, 0, number)
    read = read_ring(only(tmp_path))
    assert read.lost == 24
    assert [row.a for row in read.rows] == list(range(24, 40))
    assert sorted(row.t for row in read.rows) == [row.t for row in read.rows]


@pytest.mark.parametrize("length", [0, 1, 29, 30, 31, 61, 62, 63, 989, 990, 991, 5000])
def test_text_of_any_length_is_read_back_or_cut(ring: Any, tmp_path: Path, length: int) -> None:
    emit, text, _ = ring.writers(*ring.make(64, 0, 0), 64)
    string = "".join(chr(97 + index % 26) for index in range(length))
    text(wire.OBJECT, 1, 2, 3, 4, string)
    emit(wire.LEAVE)
    first, second = read_ring(only(tmp_path)).rows
    assert first.text == string[: wire.TEXT_MAX]
    assert second.kind == "LEAVE"


def test_text_wraps_around_the_end(ring: Any, tmp_path: Path) -> None:
    emit, text, _ = ring.writers(*ring.make(16, 0, 0), 16)
    for _ in range(14):
        emit(wire.VALUE)
    text(wire.OBJECT, 0, 0, 0, 0, "x" * 100)
    assert read_ring(only(tmp_path)).rows[-1].text == "x" * 100


def test_text_is_cut_between_characters(ring: Any, tmp_path: Path) -> None:
    _, text, _ = ring.writers(*ring.make(64, 0, 0), 64)
    text(wire.OBJECT, 0, 0, 0, 0, "线程" * 400)
    text(wire.OBJECT, 0, 0, 0, 0, "\udcff")
    first, second = read_ring(only(tmp_path)).rows
    assert first.text == ("线程" * 400)[: wire.TEXT_MAX // 3]
    assert second.text == "\\udcff"


@pytest.mark.parametrize("capacity", [16, 2])
def test_mark_is_an_emit_of_an_id_alone(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    monkeypatch.setattr(ring, "CAPACITIES", (capacity, 16))
    monkeypatch.setattr(ring, "_numbers", itertools.count(6))
    made = ring.make(capacity, 5, 5, wire.FOLLOWED)
    emit, _, mark = ring.writers(*made, capacity, ring._growing(5))
    ids = [1, 1 << 40, (1 << 64) - 1]
    for ident in ids:
        emit(wire.TASK_READY, 0, 0, ident)
        mark(wire.TASK_READY, ident)
    rows = [row for each in rings(tmp_path) for row in each.rows]
    assert [(row.kind, row.b) for row in rows] == [("TASK_READY", n) for n in ids for _ in "em"]
    assert {(row.aux, row.a, row.c) for row in rows} == {(0, 0, 0)}
    assert [row.t for row in rows] == sorted(row.t for row in rows)


def test_mark_out_of_range_never_raises(ring: Any, tmp_path: Path) -> None:
    _, _, mark = ring.writers(*ring.make(16, 0, 0), 16)
    mark(wire.TASK_READY, -1)
    mark(wire.TASK_READY, 3)
    assert [row.kind for row in read_ring(only(tmp_path)).rows][-1] == "TASK_READY"


def test_interrupted_emit_loses_nothing(ring: Any, tmp_path: Path) -> None:
    """A finalizer or a signal handler may emit while an emit is under way."""
    buffer, head = ring.make(16, 0, 0)
    inner: list[Any] = []

    class Head:
        def __setitem__(self, index: int, value: int) -> None:
            if not inner:
                inner.append(True)
                emit(wire.LEAVE)  # comes between the slot's store and the head's
            head[0] = value

    emit, *_ = ring.writers(buffer, Head(), 16)
    emit(wire.ENTER)
    emit(wire.VALUE)
    assert [row.kind for row in read_ring(only(tmp_path)).rows] == ["ENTER", "LEAVE", "VALUE"]


def test_thread_without_room_is_noted_and_not_recorded(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    noted: list[str] = []
    monkeypatch.setattr(ring, "_allocate", full)
    monkeypatch.setattr(ring.faults, "note", noted.append)
    local = probe("recording.thread_state").ThisThread()
    local.emit(wire.ENTER)
    local.text(wire.OBJECT, 0, 0, 0, 0, "name")
    assert noted == [f"thread {threading.get_native_id()} is not recorded"]
    assert list(tmp_path.iterdir()) == []


def growing(ring: Any, monkeypatch: pytest.MonkeyPatch, *capacities: int) -> tuple[Any, Any]:
    """``emit`` and ``text`` of a thread whose rings have these capacities, one after the other."""
    monkeypatch.setattr(ring, "CAPACITIES", capacities)
    monkeypatch.setattr(ring, "_numbers", itertools.count(6))
    made = ring.make(capacities[0], 5, 5, wire.FOLLOWED)
    emit, text, _ = ring.writers(*made, capacities[0], ring._growing(5))
    return emit, text


def rings(folder: Path) -> list[Ring]:
    return sorted(map(read_ring, folder.glob(wire.RING_PREFIX + "*")), key=lambda r: r.capacity)


def flags(folder: Path) -> list[int]:
    """The header's flags of each ring, in order of its number."""
    paths = sorted(folder.glob(wire.RING_PREFIX + "*"))
    return [wire.FLAGS.unpack_from(path.read_bytes(), wire.FLAGS_OFFSET)[0] for path in paths]


def test_full_ring_is_followed_by_a_bigger_one_of_the_same_thread(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit, _ = growing(ring, monkeypatch, 16, 32, 64)
    for number in range(16 + 32 + 64 + 3):
        emit(wire.VALUE, 0, number)
    found = rings(tmp_path)
    assert [(each.capacity, each.head, each.lost) for each in found] == [
        (16, 16, 0),
        (32, 32, 0),
        (64, 67, 3),  # only the last goes round
    ]
    assert {each.number for each in found} == {5}
    assert flags(tmp_path) == [wire.FOLLOWED, wire.FOLLOWED, 0]
    names = sorted(path.name.rpartition("-")[2] for path in tmp_path.iterdir())
    assert names == ["5", "6", "7"]
    told = [row.a for each in found for row in each.rows]
    assert told == [*range(48), *range(51, 115)]


@pytest.mark.parametrize("before", range(10, 17))
def test_text_is_never_parted_between_two_rings(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    emit, text = growing(ring, monkeypatch, 16, 32, 64)
    for _ in range(before):
        emit(wire.VALUE)
    text(wire.OBJECT, 0, 0, 0, 0, "x" * 100)
    emit(wire.LEAVE)
    rows = [row for each in rings(tmp_path) for row in each.rows]
    assert [row.kind for row in rows] == ["VALUE"] * before + ["OBJECT", "LEAVE"]
    assert rows[before].text == "x" * 100


def test_ring_that_cannot_grow_goes_round(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    emit, text = growing(ring, monkeypatch, 16, 32)

    def full(fd: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ring, "_allocate", full)
    monkeypatch.setattr(ring.faults, "note", noted.append)
    for number in range(20):
        emit(wire.VALUE, 0, number)
    text(wire.OBJECT, 0, 20, 0, 0, "name")
    assert noted == ["a ring could not grow"]
    assert flags(tmp_path) == [0]
    (only_one,) = rings(tmp_path)
    assert only_one.lost == 6
    assert [row.a for row in only_one.rows] == list(range(6, 21))


def test_records_that_come_while_a_ring_is_made_are_in_it(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finalizer or a signal handler may emit while the thread's next ring is being made."""
    emit, text = growing(ring, monkeypatch, 16, 32)
    allocate = ring._allocate

    def interrupted(fd: int, offset: int, length: int) -> None:
        emit(wire.VALUE, 0, 17)
        text(wire.OBJECT, 0, 18, 0, 0, "inner")
        allocate(fd, offset, length)

    monkeypatch.setattr(ring, "_allocate", interrupted)
    for number in range(17):
        emit(wire.VALUE, 0, number)
    emit(wire.VALUE, 0, 19)
    first, second = rings(tmp_path)
    assert (first.head, first.lost) == (16, 0)
    assert [row.a for each in (first, second) for row in each.rows] == list(range(20))
    assert second.rows[2].text == "inner"


def test_record_out_of_range_in_a_ring_that_grows_never_raises(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(ring.faults, "note", noted.append)
    emit, text = growing(ring, monkeypatch, 16, 32)
    for _ in range(20):
        emit(wire.ENTER, -1)
    text(wire.OBJECT, 0, -1, 0, 0, "name")
    emit(wire.LEAVE)
    assert noted == ["emit"] * 21
    assert [each.head for each in rings(tmp_path)] == [16, 7]
    assert rings(tmp_path)[1].rows[-1].kind == "LEAVE"


def test_nothing_is_recorded_without_a_folder(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "directory", "")
    monkeypatch.chdir(tmp_path)
    local = probe("recording.thread_state").ThisThread()
    local.emit(wire.ENTER)
    local.text(wire.OBJECT, 0, 0, 0, 0, "name")
    assert list(tmp_path.iterdir()) == []
