"""The writer's side of a ring, read back by the decoder."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from app.timeline import wire
from tests.probe.decoding import read_ring
from tests.probe.loading import probe


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = probe("ring")
    monkeypatch.setattr(module, "directory", str(tmp_path))
    return module


def only(folder: Path) -> Path:
    (path,) = folder.glob(wire.RING_PREFIX + "*")
    return path


def test_ring_is_whole_under_its_name(ring: Any, tmp_path: Path) -> None:
    ring.make(16, 3)
    path = only(tmp_path)
    assert path.name == f"ring-{os.getpid()}-{threading.get_native_id()}-3"
    assert list(tmp_path.iterdir()) == [path]
    read = read_ring(path)
    assert (read.pid, read.tid, read.number) == (os.getpid(), threading.get_native_id(), 3)
    assert (read.capacity, read.head, read.rows) == (16, 0, [])


def test_ring_keeps_no_descriptor(ring: Any) -> None:
    before = os.listdir("/proc/self/fd")
    kept = [ring.make(16, number) for number in range(5)]
    assert len(os.listdir("/proc/self/fd")) == len(before)
    del kept


def test_ring_is_unmapped_with_its_writers(ring: Any, tmp_path: Path) -> None:
    def mapped() -> bool:
        return str(tmp_path) in Path("/proc/self/maps").read_text()

    emit, text = ring.writers(*ring.make(16, 0), 16)
    emit(1)
    assert mapped()
    del emit, text
    assert not mapped()


def test_record_holds_every_field_at_its_limit(ring: Any, tmp_path: Path) -> None:
    emit, _ = ring.writers(*ring.make(16, 0), 16)
    emit(wire.ENTER, 0xFFFF, 0xFFFFFFFF, 2**64 - 1, 2**64 - 2)
    (row,) = read_ring(only(tmp_path)).rows
    assert row[4:9] == ("ENTER", 0xFFFF, 0xFFFFFFFF, 2**64 - 1, 2**64 - 2)


def test_record_out_of_range_never_raises(
    ring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(ring.faults, "note", noted.append)
    emit, _ = ring.writers(*ring.make(16, 0), 16)
    emit(wire.ENTER, -1, 2**40, object())
    emit(wire.LEAVE)
    assert noted == ["emit"]
    assert [row.kind for row in read_ring(only(tmp_path)).rows] == ["?", "LEAVE"]


def test_ring_wraps_and_counts_what_is_lost(ring: Any, tmp_path: Path) -> None:
    emit, _ = ring.writers(*ring.make(16, 0), 16)
    for number in range(40):
        emit(wire.VALUE, 0, number)
    read = read_ring(only(tmp_path))
    assert read.lost == 24
    assert [row.a for row in read.rows] == list(range(24, 40))
    assert sorted(row.t for row in read.rows) == [row.t for row in read.rows]


@pytest.mark.parametrize("length", [0, 1, 29, 30, 31, 61, 62, 63, 989, 990, 991, 5000])
def test_text_of_any_length_is_read_back_or_cut(ring: Any, tmp_path: Path, length: int) -> None:
    emit, text = ring.writers(*ring.make(64, 0), 64)
    string = "".join(chr(97 + index % 26) for index in range(length))
    text(wire.OBJECT, 1, 2, 3, 4, string)
    emit(wire.LEAVE)
    first, second = read_ring(only(tmp_path)).rows
    assert first.text == string[: wire.TEXT_MAX]
    assert second.kind == "LEAVE"


def test_text_wraps_around_the_end(ring: Any, tmp_path: Path) -> None:
    emit, text = ring.writers(*ring.make(16, 0), 16)
    for _ in range(14):
        emit(wire.VALUE)
    text(wire.OBJECT, 0, 0, 0, 0, "x" * 100)
    assert read_ring(only(tmp_path)).rows[-1].text == "x" * 100


def test_text_is_cut_between_characters(ring: Any, tmp_path: Path) -> None:
    _, text = ring.writers(*ring.make(64, 0), 64)
    text(wire.OBJECT, 0, 0, 0, 0, "线程" * 400)
    text(wire.OBJECT, 0, 0, 0, 0, "\udcff")
    first, second = read_ring(only(tmp_path)).rows
    assert first.text == ("线程" * 400)[: wire.TEXT_MAX // 3]
    assert second.text == "\\udcff"


def test_interrupted_emit_loses_nothing(ring: Any, tmp_path: Path) -> None:
    """A finalizer or a signal handler may emit while an emit is under way."""
    buffer, head = ring.make(16, 0)
    inner: list[Any] = []

    class Head:
        def __setitem__(self, index: int, value: int) -> None:
            if not inner:
                inner.append(True)
                emit(wire.LEAVE)  # comes between the slot's store and the head's
            head[0] = value

    emit, _ = ring.writers(buffer, Head(), 16)
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
    here = ring.Here()
    here.emit(wire.ENTER)
    here.text(wire.OBJECT, 0, 0, 0, 0, "name")
    assert noted == [f"thread {threading.get_native_id()} is not recorded"]
    assert list(tmp_path.iterdir()) == []
