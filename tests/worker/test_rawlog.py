"""A raw log reads back as what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.timeline import records
from app.timeline.probe_records import ProbeRecord
from app.worker import rawlog


def test_rawlog_every_kind_of_record_round_trips(tmp_path: Path) -> None:
    written: list[records.Record] = [
        records.SwitchIn(1, 2, 3, 0),
        records.SwitchOut(2, 2, 3, 0, True),
        records.ThreadBorn(3, 4, 4, 2, 3),
        records.ThreadGone(4, 4, 4, True),
        records.ThreadNamed(5, 4, 4, "名字", True),
        records.SchedStat(6, 2, 3, 10, 20, 30),
        records.StatSample(7, 2, 3, "S", 1),
        records.SyscallSample(8, 2, 3, "futex", 0x7F00, "gil"),
        records.ProcessReaped(9, 4, None, True),
        ProbeRecord(10, 2, 3, 1, 20, 1, 2, 3 << 32, 4, "fork_b"),
        records.OutputChunk(11, "stdout", bytes(range(256))),
        records.Dropped(12, "perf", 5),
        records.Limit(13, "wall", 30_000),
    ]
    path = tmp_path / "log"
    log = rawlog.RawLog(path)
    log.write(written)
    log.close()
    read = rawlog.read(path)
    assert read == written
    assert [type(record) for record in read] == [type(record) for record in written]


def test_rawlog_foreign_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for line in ("no json", '["Nonsense", 1]', '["SwitchIn", 1]', "7"):
        path.write_text('["SwitchIn", 1, 2, 3, 0]\n' + line + "\n")
        with pytest.raises(ValueError, match="line 2"):
            rawlog.read(path)


def test_rawlog_keeps_the_words_of_earlier_logs(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = rawlog.RawLog(path)
    log.write([
        records.ThreadBorn(1, 4, 4, 2, 3), records.ThreadNamed(2, 4, 4, "n", False),
        records.ThreadGone(3, 4, 4),
    ])  # fmt: skip
    log.close()
    words = [line.split('"')[1] for line in path.read_text().splitlines()]
    assert words == ["TaskNew", "TaskComm", "TaskExit"]
