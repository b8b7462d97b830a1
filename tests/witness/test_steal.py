"""What the hypervisor took, read from files as /proc/stat is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.timeline.records import CpuStolen
from app.witness.steal import INTERVAL_NS, StealReader

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
REST = b"intr 12345 0 9 8\nctxt 777\nbtime 1700000000\nprocesses 9\nsoftirq 1 2 3\n"


def stat(*steal: int) -> bytes:
    lines = [b"cpu  1 2 3 4 5 6 7 %d 0 0\n" % sum(steal)]
    lines += [b"cpu%d 1 2 3 4 5 6 7 %d 0 0\n" % (cpu, taken) for cpu, taken in enumerate(steal)]
    return b"".join(lines) + REST


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "stat"
    path.write_bytes(stat(100, 50))
    return path


def test_steal_is_told_for_each_cpu_and_interval_in_which_there_was_some(path: Path) -> None:
    reader = StealReader(str(path))
    at = [number * INTERVAL_NS for number in range(1, 6)]
    assert reader.poll(at[0]) == []
    path.write_bytes(stat(103, 50))
    assert reader.poll(at[1]) == [CpuStolen(at[1], at[0], 0, 3 * TICK_NS)]
    assert reader.poll(at[2]) == []
    path.write_bytes(stat(104, 59))
    assert reader.poll(at[3]) == [
        CpuStolen(at[3], at[2], 0, TICK_NS),
        CpuStolen(at[3], at[2], 1, 9 * TICK_NS),
    ]
    reader.close()
    assert reader.poll(at[4]) == []


def test_steal_is_read_no_more_often_than_its_interval_but_at_the_end(path: Path) -> None:
    reader = StealReader(str(path))
    reader.poll(INTERVAL_NS)
    path.write_bytes(stat(200, 50))
    assert reader.poll(2 * INTERVAL_NS - 1) == []
    end = 2 * INTERVAL_NS - 1
    assert reader.poll(end, last=True) == [CpuStolen(end, INTERVAL_NS, 0, 100 * TICK_NS)]
    reader.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        REST,
        b"cpu  1 2 3\ncpu0 1 2 3\n" + REST,  # of a kernel that knows no steal
        b"cpu0 1 2 3 4 5 6 7 x 0 0\n",
        b"\xff\x00garbage\n",
    ],
)
def test_steal_of_a_file_that_tells_none_is_none(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    reader = StealReader(str(path))
    assert reader.poll(INTERVAL_NS) == []
    assert reader.poll(2 * INTERVAL_NS) == []
    reader.close()


def test_steal_of_a_cpu_that_comes_or_goes_or_counts_back_is_none(path: Path) -> None:
    reader = StealReader(str(path))
    reader.poll(INTERVAL_NS)
    for number, content in enumerate((stat(100), stat(100, 50, 7), stat(90, 40, 7)), 2):
        path.write_bytes(content)
        assert reader.poll(number * INTERVAL_NS) == []
    reader.close()


def test_steal_without_such_a_file_is_none(tmp_path: Path) -> None:
    reader = StealReader(str(tmp_path / "nothing"))
    assert reader.poll(INTERVAL_NS) == []
    reader.close()


def test_steal_of_this_machine_is_what_its_kernel_says() -> None:
    def summed() -> dict[int, int]:
        with open("/proc/stat", encoding="ascii") as file:
            rows = [line.split() for line in file if line[:3] == "cpu" and line[3].isdigit()]
        return {int(row[0][3:]): int(row[8]) * TICK_NS for row in rows}

    reader = StealReader()
    before = summed()
    reader.poll(1)
    after_first = summed()
    told: dict[int, int] = {}
    for number in range(2, 12):
        for record in reader.poll(number * INTERVAL_NS):
            assert isinstance(record, CpuStolen)
            told[record.cpu] = told.get(record.cpu, 0) + record.ns
    before_last = summed()
    reader.close()
    for cpu, ns in before_last.items():
        assert told.get(cpu, 0) <= ns - before[cpu]
        assert told.get(cpu, 0) >= 0 and after_first[cpu] >= before[cpu]
