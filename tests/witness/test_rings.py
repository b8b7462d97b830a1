"""Rings as the probe writes them: wraps, laps, texts, and the end of their threads."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import Dropped, Record
from app.witness.mapped import Copier
from app.witness.ring import SEALED_SLOTS, Ring
from app.witness.rings import RingsReader
from tests.witness.ring_writer import RingWriter

NOW = 1_000_000
ME = os.getpid()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RingsReader]:
    reader = RingsReader(str(tmp_path))
    yield reader
    reader.close()


@contextmanager
def opened(path: Path) -> Iterator[Callable[[int], list[Record]]]:
    """What reads one ring up to a head."""
    folder, copier = os.open(path.parent, os.O_RDONLY), Copier()
    try:
        ring = Ring(folder, path.name)

        def read(head: int) -> list[Record]:
            (copy,) = copier.copies([ring.pieces(head)])
            return ring.take(head, copy, NOW)

        yield read
        ring.close()
    finally:
        copier.close()
        os.close(folder)


def times(records: list[object]) -> list[int]:
    return [record.t for record in records if isinstance(record, ProbeRecord)]


def test_rings_all_fields_of_a_record(tmp_path: Path, reader: RingsReader) -> None:
    ring = RingWriter(tmp_path, ME, 77, number=3)
    ring.write(10, wire.ENTER, 1, 2, 3 << 32, 4)
    assert reader.poll(0) == [ProbeRecord(10, ME, 77, 3, wire.ENTER, 1, 2, 3 << 32, 4, "")]
    assert reader.poll(0) == []


def test_rings_read_on_over_many_turns_lose_nothing(tmp_path: Path, reader: RingsReader) -> None:
    ring = RingWriter(tmp_path, ME, ME, capacity=16)
    seen: list[int] = []
    for t in range(1, 200):
        ring.write(t, wire.TASK_RUN)
        if t % 13 == 0:
            seen += times(list(reader.poll(0)))
    seen += times(list(reader.poll(0)))
    assert seen == list(range(1, 200))


@pytest.mark.parametrize("text", ["", "x", "fork_b", "筷子" * 40, "y" * wire.TEXT_MAX])
def test_rings_text_over_the_end_of_the_ring(
    tmp_path: Path, reader: RingsReader, text: str
) -> None:
    ring = RingWriter(tmp_path, ME, ME, capacity=40)
    for t in range(1, 37):
        ring.write(t, wire.TASK_RUN)
    assert len(reader.poll(0)) == 36
    ring.write_text(50, wire.OBJECT, text)
    ring.write(51, wire.TASK_RUN)
    first, second = reader.poll(0)
    assert isinstance(first, ProbeRecord) and first.text == text and first.kind == wire.OBJECT
    assert second.t == 51


def test_rings_text_not_all_there_yet_waits(tmp_path: Path, reader: RingsReader) -> None:
    ring = RingWriter(tmp_path, ME, ME)
    ring.write(1, wire.TASK_RUN)
    ring.write_text(2, wire.OBJECT, "a name of more than one slot's length", publish=False)
    assert times(list(reader.poll(0))) == [1]
    ring.publish()
    (record,) = reader.poll(0)
    assert isinstance(record, ProbeRecord) and record.text.startswith("a name")


def test_rings_lap_counts_exactly_what_was_lost(tmp_path: Path, reader: RingsReader) -> None:
    ring = RingWriter(tmp_path, ME, ME, capacity=16)
    ring.write(1, wire.TASK_RUN)
    assert times(list(reader.poll(NOW))) == [1]
    for t in range(2, 42):
        ring.write(t, wire.TASK_RUN)
    dropped, *records = reader.poll(NOW)
    assert isinstance(dropped, Dropped)
    assert (dropped.source, dropped.pid, dropped.tid) == ("probe", ME, ME)
    # Each record of the run is either told or counted.
    assert dropped.lost + len(records) == 40
    assert times(list(records)) == list(range(42 - len(records), 42))
    assert len(records) >= 15
    ring.write(42, wire.TASK_RUN)
    assert times(list(reader.poll(NOW))) == [42]


def test_rings_lap_into_the_middle_of_a_text_makes_no_false_record(
    tmp_path: Path, reader: RingsReader
) -> None:
    ring = RingWriter(tmp_path, ME, ME, capacity=16, birth_ns=5)
    for t in range(10, 20):
        ring.write(t, wire.TASK_RUN)
    ring.write_text(20, wire.OUTPUT, "z" * 300)
    for t in range(21, 31):
        ring.write(t, wire.TASK_RUN)
    dropped, *records = reader.poll(NOW)
    assert isinstance(dropped, Dropped) and dropped.lost
    assert times(list(records)) == list(range(21, 31))


def test_rings_file_without_header_is_tried_again(tmp_path: Path, reader: RingsReader) -> None:
    path = tmp_path / f"{wire.RING_PREFIX}1-1-1"
    path.write_bytes(b"")
    (tmp_path / "foreign").write_text("no ring")
    assert reader.poll(0) == []
    path.unlink()
    ring = RingWriter(tmp_path, 1, 1)
    ring.write(3, wire.TASK_RUN)
    assert times(list(reader.poll(0))) == [3]


def test_ring_file_of_another_version_is_refused(tmp_path: Path) -> None:
    ring = RingWriter(tmp_path, 1, 1)
    data = bytearray(ring.path.read_bytes())
    data[4] = 99
    ring.path.write_bytes(data)
    with pytest.raises(ValueError, match="version"), opened(ring.path):
        pass


@pytest.mark.real
def test_rings_of_a_killed_process_are_read_to_the_end(tmp_path: Path, reader: RingsReader) -> None:
    code = (
        "import os,signal,sys,threading\n"
        "from pathlib import Path\n"
        "from tests.witness.ring_writer import RingWriter\n"
        "ring = RingWriter(Path(sys.argv[1]), os.getpid(), threading.get_native_id(), 1024)\n"
        "for t in range(1, 501): ring.write(t, 61)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert times(list(reader.poll(NOW * 1000))) == list(range(1, 501))
    assert list(tmp_path.iterdir()) == []  # read to its end, so removed


def test_rings_of_an_ended_thread_are_removed_and_of_a_living_one_kept(
    tmp_path: Path, reader: RingsReader
) -> None:
    mine = RingWriter(tmp_path, ME, threading.get_native_id())
    rings: list[RingWriter] = []

    def work() -> None:
        rings.append(RingWriter(tmp_path, ME, threading.get_native_id(), number=2))
        rings[0].write(5, wire.THREAD_END)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    # The kernel's entry goes a moment after join returns.
    tid = int(rings[0].path.name.split("-")[2])
    while os.path.exists(f"/proc/{ME}/task/{tid}"):
        pass
    assert times(list(reader.poll(NOW * 1000))) == [5]
    assert list(tmp_path.iterdir()) == [mine.path]
    mine.write(6, wire.TASK_RUN)
    assert times(list(reader.poll(NOW * 1000))) == [6]


def test_rings_older_ring_of_a_reused_tid_is_finished(tmp_path: Path, reader: RingsReader) -> None:
    tid = threading.get_native_id()
    old = RingWriter(tmp_path, ME, tid, birth_ns=1, number=1)
    old.write(2, wire.THREAD_END)
    new = RingWriter(tmp_path, ME, tid, birth_ns=10, number=2)
    new.write(11, wire.THREAD_START)
    assert sorted(times(list(reader.poll(NOW * 1000)))) == [2, 11]
    assert list(tmp_path.iterdir()) == [new.path]


def test_rings_of_one_thread_are_read_to_their_ends_in_order(
    tmp_path: Path, reader: RingsReader
) -> None:
    """A thread that filled its ring goes on in a bigger one, with its own number in the header."""
    tid = threading.get_native_id()
    first = RingWriter(tmp_path, ME, tid, 16, birth_ns=1, number=3, flags=wire.FOLLOWED)
    for t in range(1, 11):
        first.write(t, wire.TASK_RUN)
    assert len(reader.poll(1)) == 10
    for t in range(11, 17):
        first.write(t, wire.TASK_RUN)
    second = RingWriter(tmp_path, ME, tid, 32, birth_ns=17, number=9, thread=3)
    for t in range(17, 23):
        second.write(t, wire.TASK_RUN)
    records = [record for record in reader.poll(NOW * 1000) if isinstance(record, ProbeRecord)]
    assert sorted(times(list(records))) == list(range(11, 23))
    assert {record.thread for record in records} == {3}
    assert list(tmp_path.iterdir()) == [second.path]


@pytest.mark.parametrize("seed", range(6))
def test_rings_much_at_once_is_put_by_and_is_the_same_when_opened(
    tmp_path: Path, reader: RingsReader, seed: int
) -> None:
    luck = random.Random(seed)
    texts = set(luck.sample(range(9 * SEALED_SLOTS), luck.choice([0, 1, 3])))
    writer = RingWriter(tmp_path, ME, ME, capacity=1 << 15)
    expected, t = [], 1
    for number in range(5 * SEALED_SLOTS + luck.randrange(SEALED_SLOTS)):
        t += luck.randrange(3)
        if number in texts:
            text = "\uffff" * luck.randrange(300)  # its bytes look like kinds with a text
            writer.write_text(t, wire.OUTPUT, text)
            expected.append((t, wire.OUTPUT, 0, text))
        else:
            writer.write(t, wire.ENTER, b=number)
            expected.append((t, wire.ENTER, number, ""))
    if seed == 5:
        writer.write(t - 1, wire.ENTER, b=1)  # out of order: not put by
        expected.append((t - 1, wire.ENTER, 1, ""))
    records = reader.poll(NOW)
    sealed = reader.take_sealed()
    assert all(part.open() == part.open() and len(part.open()) == part.count for part in sealed)
    assert [(part.first, part.last) for part in sealed] == [
        (part.open()[0].t, part.open()[-1].t) for part in sealed
    ]
    opened = [record for part in sealed for record in part.open()] + records
    assert [(r.t, r.kind, r.b, r.text) for r in opened if isinstance(r, ProbeRecord)] == expected
    assert sealed or texts, "nothing was put by"
    assert reader.take_sealed() == []


@pytest.mark.parametrize(("flags", "lost"), [(wire.FOLLOWED, 0), (0, 1)])
def test_rings_filled_during_the_read_lose_nothing_if_another_follows(
    tmp_path: Path, flags: int, lost: int
) -> None:
    writer = RingWriter(tmp_path, ME, ME, capacity=16, flags=flags)
    for t in range(1, 17):
        writer.write(t, wire.TASK_RUN)
    with opened(writer.path) as read:
        records = read(15) + read(16)
    assert sum(record.lost for record in records if isinstance(record, Dropped)) == lost
    assert times(list(records)) == list(range(1 + lost, 17))


@pytest.mark.parametrize("kind", wire.FIELDS)
def test_rings_a_loss_hides_no_kind_of_record(
    tmp_path: Path, reader: RingsReader, kind: int
) -> None:
    """After a loss the first slot that can be a record is one, of whichever kind it is."""
    ring = RingWriter(tmp_path, ME, ME, capacity=16)
    for t in range(1, 51):
        ring.write(t, kind)
    dropped, *records = reader.poll(NOW)
    assert isinstance(dropped, Dropped)
    assert dropped.lost + len(records) == 50
    assert len(records) >= 15


def test_rings_slots_after_a_loss_that_are_no_text_are_counted(
    tmp_path: Path, reader: RingsReader
) -> None:
    ring = RingWriter(tmp_path, ME, ME, capacity=128)
    for t in range(1, 129):
        ring.write(t, wire.TASK_RUN)
    for _ in range(100):
        ring.write(1, 9999)  # no kind of ours
    ring.write(150, wire.TASK_RUN)
    dropped, *records = reader.poll(NOW)
    assert isinstance(dropped, Dropped)
    assert dropped.lost + len(records) == 229
    assert times(list(records))[-1] == 150
