"""A recording is a stranger's file: what is refused, with what sentence, and at what cost."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from app.errors import BadFrame, BadRecording, RecordingFailed, RecordingTooLong
from app.runs import reading, schema
from app.runs.earlier_runs import earlier_run
from app.runs.reading import Reading
from app.runs.recording import Recording
from app.runs.run import RunState
from app.timeline.frames import Frame, encode
from app.timeline.head_items import track_json
from app.timeline.model import ObjectRow, Output, Stats, Track, Wait
from app.timeline.states import TrackKind
from tests.runs import mutations
from tests.runs.make import frame, whole_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.timeslice"
    with Recording.create(path, {"id": "a", "scenario": "gil"}, "print()") as writing:
        writing.extend(whole_run(30))
        writing.finish(state="ended")
    return path


def everything(path: Path) -> None:
    with Reading.open(path) as recording:
        _ = recording.run, recording.ended, recording.program, recording.last_ns
        recording.timeline()
        list(recording.frames())


def test_reading_knows_every_field_of_the_model() -> None:
    """A field that the model has and the schema has not would vanish from recordings."""
    for model, described in (
        (Stats, schema._Stats), (ObjectRow, schema._Object), (Output, schema._Output),
        (Wait, schema._Wait),
    ):  # fmt: skip
        known = set(get_type_hints(described)) - {"__pydantic_config__"}
        assert known == set(model._fields)
    track = track_json(Track(1, TrackKind.PROCESS, "p", 1, 1, 0, False, 0))
    assert set(track) == set(get_type_hints(schema._Track)) - {"__pydantic_config__"}


def test_reading_leaves_out_what_it_does_not_know() -> None:
    head = {"tracks": [], "run": {"id": "r", "colour": [[1]]}, "news": {"deep": [[[]]]}}
    decoded = reading.decoded(encode(Frame(3, 5, head)))
    assert decoded.head == {"tracks": [], "run": {"id": "r"}}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE frames; CREATE VIEW frames AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
         "SELECT x + 1 FROM c) SELECT x AS seq, x AS now_ns, x AS data FROM c", "other tables"),
        ("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM frames; END", "other tables"),
        ("CREATE INDEX i ON frames (abs(now_ns))", "other tables"),
        ("DROP TABLE overview; CREATE TABLE overview (id INTEGER PRIMARY KEY, data BLOB AS "
         "(zeroblob(900000000)))", "other tables"),
        ("CREATE VIRTUAL TABLE v USING fts5(x)", "other tables"),
        ("UPDATE frames SET data = 'text'", "is bytes"),
        ("UPDATE frames SET now_ns = 'never'", "the time of a frame"),
        ("UPDATE frames SET seq = seq + 100 WHERE seq = 9", "another number"),
        ("UPDATE meta SET value = x'00' WHERE key = 'run'", "no text"),
        ("UPDATE meta SET value = '\"" + "x" * 2_000_000 + "\"' WHERE key = 'run'", "longer than"),
        ("UPDATE meta SET value = '{\"params\": {\"x\": 1e400}}' WHERE key = 'run'", "params"),
        ("UPDATE meta SET value = '{\"duration_ns\": \"1\"}' WHERE key = 'ended'", "duration_ns"),
        ("UPDATE meta SET value = '{\"state\": \"waiting\"}' WHERE key = 'ended'", "state"),
        ("UPDATE meta SET value = '[1]' WHERE key = 'ended'", "damaged"),
    ],
)  # fmt: skip
def test_reading_refuses(path: Path, statement: str, said: str) -> None:
    db = sqlite3.connect(path)
    db.executescript(statement)
    db.close()
    with pytest.raises(BadRecording, match=said):
        everything(path)


@pytest.mark.parametrize("name", [b"frames", b"now_ns", b"meta", b"value"])
@pytest.mark.parametrize("word", [b"TABLE", b"TIBLE"])
def test_reading_takes_a_name_that_is_no_utf8_for_damage(
    path: Path, name: bytes, word: bytes
) -> None:
    """SQLite hands out names as they stand in the file; its messages hold them, too."""
    data = path.read_bytes()
    assert name in data[:4096]  # the schema is on the first page
    schema = data[:4096].replace(name, b"\xff\xfe" + name[2:]).replace(b"TABLE", word)
    path.write_bytes(schema + data[4096:])
    with pytest.raises(BadRecording, match=path.name):
        everything(path)
    assert earlier_run(path).state is RunState.DAMAGED


def test_reading_does_not_follow_pages_that_lead_in_circles(tmp_path: Path) -> None:
    path = tmp_path / "a.timeslice"
    with Recording.create(path, {"id": "a"}) as writing:
        for item in whole_run(3000):
            writing.append(item)
        writing.finish(state="ended")
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'frames'").fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    page = (root - 1) * 4096
    assert data[page] == 5  # an inner page: each of its children becomes the first of them
    count = int.from_bytes(data[page + 3 : page + 5], "big")
    cells = [
        int.from_bytes(data[page + 12 + 2 * n : page + 14 + 2 * n], "big") for n in range(count)
    ]
    for cell in cells:
        data[page + cell : page + cell + 4] = data[page + cells[0] : page + cells[0] + 4]
    path.write_bytes(data)
    with pytest.raises(BadRecording), Reading.open(path) as recording:
        list(recording.frames())


def test_reading_makes_nothing_and_plays_no_journal_back(path: Path) -> None:
    before = path.read_bytes()
    journal = path.with_name(path.name + "-journal")
    magic = bytes.fromhex("d9d505f920a163d7")
    journal.write_bytes(magic + bytes([0, 0, 0, 1]) + bytes(500) + b"\1" * 5000)
    everything(path)
    assert path.read_bytes() == before
    assert sorted(os.listdir(path.parent)) == ["a.timeslice", "a.timeslice-journal"]


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def long_file(path: Path) -> None:
    os.truncate(path, 1 << 33)


def log_is_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name(path.name + "-wal"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (pipe, "no file"), (folder, "no file"), (device, "no file"), (long_file, "larger than"),
        (log_is_a_pipe, "beside it"),
    ],
)  # fmt: skip
def test_reading_opens_files_alone(path: Path, change: Callable[[Path], None], said: str) -> None:
    change(path)
    with pytest.raises(BadRecording, match=said):
        Reading.open(path)


@pytest.mark.parametrize("bomb", mutations.BOMBS[:-1])
def test_reading_refuses_bombs_before_they_go_off(path: Path, bomb: Callable[[], bytes]) -> None:
    data = bomb()
    db = sqlite3.connect(path)
    db.execute("UPDATE overview SET data = ?", (data,))
    db.commit()
    db.close()
    began = time.thread_time()
    with pytest.raises(BadRecording), Reading.open(path) as recording:
        recording.timeline()
    assert time.thread_time() - began < 2


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"dropped": True}, "dropped"),
        ({"dropped": 1.5}, "dropped"),
        ({"seen": [[1, 2]]}, "seen"),
        ({"state": "maybe"}, "state"),
        ({"stats": [{"track": -1}]}, "stats"),
        ({"files": "x"}, "files"),
        ({"run": {"params": {"x": [[[[[[[[[1]]]]]]]]]}}}, "nested"),
        ({"failure_told": [{"template": "{x.real}", "values": {"x": 1}}]}, "placeholder"),
        ({"failure_told": [{"template": "{x:999999}", "values": {"x": 1}}]}, "placeholder"),
        ({"failure_told": [{"template": "{x", "values": {"x": 1}}]}, "failure_told"),
        ({"failure_told": [{"template": "{x:d}", "values": {"x": "y"}}]}, "failure_told"),
    ],
)  # fmt: skip
def test_reading_holds_heads_to_what_a_run_says(head: dict[str, Any], said: str) -> None:
    text = json.dumps({"rows": [0, 0], **head}).encode()
    with pytest.raises(ValueError, match=said):
        schema.head(text)


def test_reading_refuses_a_head_that_is_no_json_for_others() -> None:
    for text in (b'{"rows":[0,0],"run":{"id":"\\ud800"}}', b'{"rows":[0,0],"dropped":NaN}', b"[]"):
        with pytest.raises(ValueError, match=r"JSON|valid|an object"):
            schema.head(text)


def test_reading_says_so_where_a_run_is_too_long_for_one_piece(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 10)
    with pytest.raises(RecordingTooLong, match="its page shows it"), Reading.open(path) as opened:
        opened.timeline()


def test_recording_of_a_long_run_has_no_overview_and_is_read_frame_by_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_FRAME", 2000)
    path = tmp_path / "a.timeslice"
    frames = whole_run(60)
    with Recording.create(path, {"id": "a"}) as writing:
        writing.extend(frames)
        writing.finish(state="ended")
    with Reading.open(path) as recording:
        assert recording.ended == {"state": "ended"}
        assert list(recording.frames()) == frames
        with pytest.raises(RecordingTooLong):
            recording.snapshot()


def test_recording_ends_at_its_bound_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.timeslice"
    writing = Recording.create(path, {"id": "a"})
    writing.most_bytes = 3000
    with pytest.raises(RecordingFailed, match="goes on without its recording"):
        for item in whole_run(500):
            writing.append(item)
            writing.commit()
    writing.close()
    with Reading.open(path) as recording:
        assert len(list(recording.frames())) > 5


def test_unpacked_takes_a_frame_of_its_own_length_alone() -> None:
    from app.runs.unpacking import unpacked

    whole = frame(3)
    assert unpacked(zlib.compress(whole)) == whole
    for wrong in (whole[:-1], whole + b"x", whole[:20], b""):
        with pytest.raises(BadFrame):
            unpacked(zlib.compress(wrong))
    for other in (None, 1, "x", b"no zlib", zlib.compress(whole)[:-6]):
        with pytest.raises(BadFrame):
            unpacked(other)
