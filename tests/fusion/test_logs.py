"""Recorded runs, replayed: the same records give the same timeline, to the byte.

``logs/<run>.log`` is a raw log of a real run, ``logs/<run>.json`` what fusion was told of it, and
``logs/<run>.expected`` what came of it. When a change of fusion means to change that, look at the
difference that ``python -m tests.fusion.test_logs`` makes, and commit it with the change.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from app.fusion import Fusion, RunFacts
from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.records import Record
from app.timeline.timeline import Timeline
from app.worker import rawlog

LOGS = Path(__file__).parent / "logs"
RUNS = sorted(path.stem for path in LOGS.glob("*.log"))


def recorded(name: str) -> tuple[RunFacts, int, list[Record]]:
    """What fusion was told, the run's end (CLOCK_MONOTONIC), and the records as they were fed."""
    told: dict[str, Any] = json.loads((LOGS / f"{name}.json").read_text(encoding="utf-8"))
    facts = RunFacts(
        told["start_ns"],
        told["root_pid"],
        "\n".join(told["program"]),
        told["file_name"],
        told["scheduler"],
        True,
    )
    return facts, told["start_ns"] + told["duration_ns"], rawlog.read(LOGS / f"{name}.log")


def replayed(name: str, seed: int | None = None) -> Timeline:
    """The run's timeline; with a seed, as drains of random length would have given it."""
    facts, end, records = recorded(name)
    fusion, timeline, seq = Fusion(facts), Timeline(), 0
    luck = random.Random(seed)
    while seed is not None and records:
        length = luck.randrange(1, 60)
        drain, records = records[:length], records[length:]
        fusion.feed(drain)
        watermark = min((record.t for record in records), default=end) - 1
        watermark = min(watermark, max(record.t for record in drain))
        timeline.apply(decode(encode(frame_of(fusion.advance(watermark), seq, 0))))
        seq += 1
    fusion.feed(records)
    timeline.apply(decode(encode(frame_of(fusion.finish(end), seq, end - facts.start_ns))))
    assert (fusion.gaps, timeline.dropped) == (0, 0)
    return timeline


def lines(timeline: Timeline) -> str:
    """The timeline's JSON, a line for each of its rows."""
    value = timeline.to_json()
    text = []
    for name in ("tracks", "objects", "slices", "flows", "output", "findings", "stats", "seen"):
        items = value[name]
        if name == "flows":
            items = sorted(items, key=lambda flow: (flow["to_ns"], flow["from_ns"], str(flow)))
        if name == "slices":
            items = sorted(items, key=lambda row: (row["track"], row["start_ns"]))
        if name == "stats":
            items = sorted(items, key=lambda row: row["track"])
        text += [f"{name} {json.dumps(item, ensure_ascii=False)}" for item in items]
    return "\n".join(text) + "\n"


@pytest.mark.parametrize("name", RUNS)
def test_log_replays_to_the_same_timeline(name: str) -> None:
    assert lines(replayed(name)) == (LOGS / f"{name}.expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("seed", range(3))
def test_log_replays_to_the_same_timeline_in_other_drains(name: str, seed: int) -> None:
    assert lines(replayed(name, seed)) == lines(replayed(name))


if __name__ == "__main__":
    for run in RUNS:
        (LOGS / f"{run}.expected").write_text(lines(replayed(run)), encoding="utf-8")
