"""The recording file: what is written is what is read, also after the writer was killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import BadRecording, NotFound, RecordingFailed
from app.runs.recording import Recording
from app.timeline.frames import decode
from tests.merging import merge_plainly
from tests.runs.make import frame, whole_run


def test_recording_gives_back_the_frames_it_was_given(tmp_path: Path) -> None:
    frames = whole_run(30)
    with Recording.create(tmp_path / "a.timeslice", {"id": "a"}, "print()") as writing:
        for item in frames:
            writing.append(item)
        writing.finish(state="ended")
    with Recording.open(tmp_path / "a.timeslice") as reading:
        assert list(reading.frames()) == frames
        assert list(reading.frames(27)) == frames[27:]
        assert reading.run == {"id": "a"}
        assert reading.program == "print()"
        assert reading.ended == {"state": "ended"}
        snapshot = reading.snapshot()
        assert snapshot is not None
        assert decode(snapshot) == merge_plainly(map(decode, frames))
        assert reading.timeline().seq == 29


def test_recording_finished_is_one_file(tmp_path: Path) -> None:
    with Recording.create(tmp_path / "a.timeslice", {"id": "a"}) as writing:
        writing.append(frame(0))
        writing.finish(state="ended")
    assert os.listdir(tmp_path) == ["a.timeslice"]


def test_recording_commits_when_the_interval_is_over(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "a.timeslice"
    with Recording.create(path, {"id": "a"}, clock=lambda: now) as writing:
        writing.append(frame(0))
        with Recording.open(path) as reading:
            assert list(reading.frames()) == []
        now = 0.2
        writing.append(frame(1))
        with Recording.open(path) as reading:
            assert len(list(reading.frames())) == 2


KILLED = """
import os, sys
from app.runs.recording import Recording
from tests.runs.make import frame
recording = Recording.create(sys.argv[1], {"id": "a"}, "text")
recording.extend(map(frame, range(40)))
recording.commit()
recording.append(frame(40))
print("written", flush=True)
os.kill(os.getpid(), 9)
"""


def test_recording_opens_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "a.timeslice"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], capture_output=True)
    assert done.returncode == -9, done.stderr
    with Recording.open(path) as reading:
        assert list(reading.frames()) == [frame(seq) for seq in range(40)]
        assert reading.ended is None
        assert reading.timeline().now_ns == 39_000_000


FULL = """
import resource, sys
from app.errors import RecordingFailed
from app.runs.recording import Recording
from tests.runs.make import frame
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
recording = Recording.create(sys.argv[1], {"id": "a"})
for seq in range(10_000):
    try:
        recording.append(frame(seq, str(hash(str(seq)) ** 9)))
        recording.commit()
    except RecordingFailed as error:
        print(seq, error)
        break
"""


def test_recording_on_a_full_disk_says_so_and_keeps_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "a.timeslice"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True)
    seq, _, sentence = done.stdout.partition(" ")
    assert "can't be recorded" in sentence and "goes on without" in sentence
    with Recording.open(path) as reading:
        assert len(list(reading.frames())) == int(seq) > 10


def test_recording_refuses_a_place_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingFailed, match="file"):
        Recording.create(tmp_path / "file" / "a.timeslice", {"id": "a"})


def test_recording_never_overwrites(tmp_path: Path) -> None:
    Recording.create(tmp_path / "a.timeslice", {"id": "a"}).close()
    with pytest.raises(RecordingFailed, match="exists already"):
        Recording.create(tmp_path / "a.timeslice", {"id": "a"})


def test_recording_open_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Recording.open(tmp_path / "none")
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at\n" * 9)
    with pytest.raises(BadRecording, match="damaged"):
        Recording.open(tmp_path / "text")
    foreign = sqlite3.connect(tmp_path / "foreign")
    foreign.executescript("CREATE TABLE t (x);")
    foreign.close()
    with pytest.raises(BadRecording, match="no Timeslice recording"):
        Recording.open(tmp_path / "foreign")
    Recording.create(tmp_path / "later", {"id": "a"}).close()
    other = sqlite3.connect(tmp_path / "later")
    other.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    other.commit()
    other.close()
    with pytest.raises(BadRecording, match="format 99"):
        Recording.open(tmp_path / "later")


def test_recording_damaged_in_the_middle_is_an_error_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.timeslice"
    with Recording.create(path, {"id": "a"}) as writing:
        for item in whole_run(300):
            writing.append(item)
        writing.finish(state="ended")
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : -4096] = bytes(len(data) - 4096 - len(data) // 4)
    path.write_bytes(data)
    with pytest.raises(BadRecording), Recording.open(path) as reading:
        list(reading.frames())
        reading.timeline()
