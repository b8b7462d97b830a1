"""A line and its file in one number."""

from __future__ import annotations

import pytest

from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.merge import merge_encoded
from app.timeline.model import OPEN, Batch, Finding, ObjectRow, Slice, Track, Wait
from app.timeline.places import MOST_FILES, file_of, line_of, place, spelled
from app.timeline.states import ObjectKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline

FILES = ["parts/helper.py", "tools.py"]


@pytest.mark.parametrize(
    ("file", "line", "name"), [(0, 7, "7"), (1, 7, "parts/helper.py:7"), (2, 99, "tools.py:99")]
)
def test_place_is_told_apart_again(file: int, line: int, name: str) -> None:
    at = place(file, line)
    assert line_of(at) == line
    assert file_of(at, FILES) == (FILES[file - 1] if file else None)
    assert spelled(at, FILES) == name


def test_place_of_the_program_s_own_file_is_its_line() -> None:
    assert place(0, 1234) == 1234


def test_place_that_does_not_fit_is_none() -> None:
    assert place(MOST_FILES, 1) < 1 << 32
    assert place(MOST_FILES + 1, 1) == place(0, 1 << 20) == 0


def test_json_has_line_and_file_apart_after_frames_and_merge() -> None:
    at = place(2, 5)
    wait = Wait(1, 1, 1, 9, 0, at)
    batch = Batch(
        tracks=[Track(1, TrackKind.PROCESS, "main.py", 1, 1, 0, False, 0)],
        objects=[
            ObjectRow(1, ObjectKind.LOCK, "lock", 1, at),
            ObjectRow(2, ObjectKind.LOCK, "l", 1, 3),
        ],
        slices=[Slice(1, 0, OPEN, State.BLOCKED, Reason.LOCK, 1, line=at)],
        findings=[Finding("a", "deadlock", 0, cycle=[wait], facts={"line": at})],
        files=FILES,
    )
    encoded = encode(frame_of(batch, 0, 10))
    for frame in (decode(encoded), decode(merge_encoded([encoded]))):
        value = Timeline([frame]).to_json()
        (row,) = value["slices"]
        assert (row["line"], row["file"]) == (5, "tools.py")
        assert [(item["line"], item.get("file")) for item in value["objects"]] == [
            (5, "tools.py"), (3, None),
        ]  # fmt: skip
        (finding,) = value["findings"]
        assert finding["facts"] == {"line": 5, "file": "tools.py"}
        (wait_json,) = finding["cycle"]
        assert (wait_json["line"], wait_json["held_line"]) == (9, 5)
        assert wait_json["held_file"] == "tools.py" and "file" not in wait_json
