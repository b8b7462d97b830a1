"""What the frames of a run say of it."""

from __future__ import annotations

import os

from app.errors import Sentence
from app.timeline.frames import FrameReader, decode
from app.timeline.model import Batch
from app.worker.framer import Framer
from app.worker.pipes import FrameSink
from app.worker.spec import RunSpec


def test_framer_says_all_that_changed_of_the_run_in_the_next_frame() -> None:
    read, write = os.pipe()
    framer = Framer(RunSpec(run_id="r", program=""), FrameSink(write))
    framer.begin(1_000, 7, {"id": "r"})
    framer.send(Batch(), 1_500)
    framer.change(witnesses={"scheduler": "perf"})
    framer.change(limit={"name": "wall"})
    framer.end(Batch(), 2_000, 9, Sentence())
    os.close(write)
    with os.fdopen(read, "rb") as file:
        first, second, last = map(decode, FrameReader().feed(file.read()))
    assert [frame.seq for frame in (first, second, last)] == [0, 1, 2]
    assert first.head["run"] == {"id": "r"} and "run" not in second.head
    assert last.head["run"] == {
        "witnesses": {"scheduler": "perf"},
        "limit": {"name": "wall"},
        "duration_ns": 1_000,
        "exit": {"cause": "signal", "code": None, "signal": "SIGKILL"},
    }
    assert (last.head["state"], last.now_ns) == ("ended", 1_000)
    assert framer.seq == 3 and "failure" not in last.head
