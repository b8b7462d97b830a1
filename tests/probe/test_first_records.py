"""The file of a process's first records, and the ring that follows it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.timeline import wire
from tests.probe.decoding import Row, Run, read_ring
from tests.probe.loading import probe


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, which has begun a file in ``tmp_path``."""
    module, ring = probe("recording.first_records"), probe("recording.ring")
    monkeypatch.setattr(module, "directory", str(tmp_path))
    monkeypatch.setattr(ring, "directory", str(tmp_path))
    module.begin()
    monkeypatch.setattr(ring, "_numbers", iter(range(1, 9)))
    yield module
    monkeypatch.setattr(module, "directory", "")
    module.begin()  # the tests' own process is recorded nowhere


def rows(folder: Path) -> list[Row]:
    rings = sorted(map(read_ring, folder.glob(wire.RING_PREFIX + "*")), key=lambda r: r.capacity)
    return [row for ring in rings for row in ring.rows]


def test_numbers_are_those_of_the_wire(first: Any) -> None:
    assert (first.HELLO, first.THREAD_START, first.MAIN_END) == (
        wire.HELLO, wire.THREAD_START, wire.MAIN_END,
    )  # fmt: skip
    assert (first._NO_GIL, first._PYPY) == (wire.NO_GIL, wire.PYPY)
    assert (first._TEXT, first._TEXT_MAX) == (wire.TEXT, wire.TEXT_MAX)
    assert (first._HEADER, first._HEAD) == (wire.HEADER_SIZE, wire.HEAD_OFFSET)


def test_file_is_a_ring_that_another_follows(first: Any, tmp_path: Path) -> None:
    (path,) = tmp_path.iterdir()
    assert path.name == f"ring-{os.getpid()}-{threading.get_native_id()}-0"
    assert wire.FLAGS.unpack_from(path.read_bytes(), wire.FLAGS_OFFSET) == (wire.FOLLOWED,)
    ring = read_ring(path)
    assert (ring.pid, ring.tid, ring.number) == (os.getpid(), threading.get_native_id(), 0)
    assert (ring.capacity, ring.head) == (first.SLOTS, 4)
    assert [row.kind for row in ring.rows] == ["HELLO", "THREAD_START"]
    assert (ring.rows[0].a, ring.rows[0].text) == (os.getppid(), "CPython")


@pytest.fixture(params=["struct", "none"])
def pack(request: pytest.FixtureRequest, first: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are packed as before ``struct`` is loaded, and as afterwards."""
    monkeypatch.setattr(first, "pack", wire.SLOT.pack if request.param == "struct" else first._pack)


@pytest.mark.usefixtures("pack")
def test_record_holds_every_field_at_its_limit(first: Any, tmp_path: Path) -> None:
    first.emit(wire.ENTER, 0xFFFF, 0xFFFFFFFF, 2**64 - 1, 2**64 - 2)
    first.text(wire.OBJECT, 1, 2, 3, 4, "线程")
    entered, made = rows(tmp_path)[2:]
    assert entered[4:] == ("ENTER", 0xFFFF, 0xFFFFFFFF, 2**64 - 1, 2**64 - 2, "")
    assert made[4:] == ("OBJECT", 1, 2, 3, 4, "线程")


@pytest.mark.parametrize("length", [1, 30, 31, 62, 63, 5000])
def test_what_has_no_room_goes_on_in_the_ring_that_follows(
    first: Any, tmp_path: Path, length: int
) -> None:
    for number in range(3):
        first.text(wire.OBJECT, 0, number, 0, 0, "x" * length)
        first.emit(wire.VALUE, 0, number)
    told = rows(tmp_path)[2:]
    assert [row.a for row in told] == [0, 0, 1, 1, 2, 2]
    assert {row.text for row in told[::2]} == {"x" * min(length, wire.TEXT_MAX)}
    assert [row.t for row in told] == sorted(row.t for row in told)
    assert {row.thread for row in told} == {0}
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("pack")
def test_record_out_of_range_never_raises(
    first: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(first.faults, "note", noted.append)
    first.emit(wire.ENTER, -1)
    first.emit(wire.ENTER, 0, 2**32)
    first.emit(wire.LEAVE)
    assert noted == ["a first record"] * 2
    assert [row.kind for row in rows(tmp_path)[2:]] == ["LEAVE"]


def test_interrupted_record_loses_nothing(
    first: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler may write while a record is written, or while the ring is made."""
    write, made, left = first._write, first.follow, iter(range(10, 13))

    def interrupted(inner: Callable[[], Any]) -> Callable[[], Any]:
        def call() -> Any:
            for number in left:
                first.emit(wire.VALUE, 0, number)
                break
            return inner()

        return call

    monkeypatch.setattr(first, "_write", interrupted(write))
    monkeypatch.setattr(first, "follow", interrupted(made))
    for number in range(6):
        first.emit(wire.VALUE, 0, number)
    assert {row.a for row in rows(tmp_path)[2:]} == {*range(6), *range(10, 13)}


def test_records_wait_until_a_ring_can_be_made(
    first: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []

    def fail(*_: Any) -> Any:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(first.faults, "note", noted.append)
        patch.setattr(first, "_open", fail)
        patch.setattr(first, "follow", fail)
        for number in range(8):
            first.emit(wire.VALUE, 0, number)
    assert noted == ["a first record"] * 8 and len(rows(tmp_path)) == 2
    first.emit(wire.VALUE, 0, 8)
    assert [row.a for row in rows(tmp_path)[2:]] == list(range(9))


def test_process_that_says_nothing_maps_nothing(probed: Callable[..., Run]) -> None:
    run = probed("import os\nif not os.fork(): os._exit(0)\nos.wait()\n")
    child = next(ring for ring in run.rings if ring.pid != run.rows[0].pid)
    assert (child.capacity, [row.kind for row in child.rows]) == (8, ["HELLO", "THREAD_START"])
    alone = probed("pass")
    (only,) = alone.rings
    assert [row.kind for row in only.rows] == ["HELLO", "THREAD_START", "MAIN_END"]
    assert 0 < only.rows[-1].c < only.rows[-1].t  # the thread's CPU time


def test_thread_writes_straight_into_the_ring_that_follows(probed: Callable[..., Run]) -> None:
    run = probed(
        "import sys, threading\n"
        "lock, called = threading.Lock(), []\n"
        "for _ in range(9): lock.acquire(); lock.release()\n"
        "sys.setprofile(lambda frame, event, _: called.append((event, frame.f_code.co_name)))\n"
        "lock.acquire()\n"
        "sys.setprofile(None)\n"
        "print(*(called.count(('call', name)) for name in ('emit', 'text')))\n"
    )
    assert run.stdout == "1 0\n"


def test_program_that_replaces_itself_is_introduced_again(probed: Callable[..., Run]) -> None:
    run = probed(
        "import os, sys, threading\n"
        "threading.Lock().acquire()\n"
        "if len(sys.argv) < 4: os.execv(sys.executable, [sys.executable, *sys.argv, 'more'])\n"
    )
    assert len({row.pid for row in run.rows}) == 1
    assert len(run.of("HELLO")) == len(run.of("ACQUIRED")) == 4
    assert run.rows[-1].kind == "MAIN_END"


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_program_that_gives_up_its_rights_is_recorded_on(probed: Callable[..., Run]) -> None:
    run = probed(
        "import os, threading, time\n"
        "os.chroot('/proc/self/fdinfo')\n"
        "os.setuid(65534)\n"
        "threading.Lock().acquire()\n"
        "time.sleep(1e-6)\n"
        "print('still here')\n"
    )
    assert (run.returncode, run.stdout) == (0, "still here\n"), run.stderr
    kinds = [row.kind for row in run.of("ACQUIRED", "ENTER", "OUTPUT", "MAIN_END")]
    assert kinds[:2] == ["ACQUIRED", "ENTER"] and set(kinds[2:]) == {"OUTPUT", "MAIN_END"}
