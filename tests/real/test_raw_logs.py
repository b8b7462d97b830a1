"""A raw log recorded under each scheduler witness replays to the same slices, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.fusion import Fusion, RunFacts
from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.records import Record
from app.timeline.timeline import Timeline
from app.worker import rawlog
from tests.worker.driver import Driver, skip_where_refused, spec

pytestmark = pytest.mark.real

PROGRAM = """
import os, threading, time
from multiprocessing import Pipe, Process
lock = threading.Lock()
def work():
    for _ in range(20):
        with lock: sum(range(2_000))
        time.sleep(0.001)
def answer(end):
    while (ball := end.recv()) is not None: end.send(ball)
if __name__ == "__main__":
    mine, theirs = Pipe()
    child = Process(target=answer, args=(theirs,)); child.start()
    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads: t.start()
    for n in range(50): mine.send(n); mine.recv()
    mine.send(None); child.join()
    for t in threads: t.join()
"""


def recorded(tmp_path: Path, witness: str) -> tuple[Timeline, list[Record]]:
    """What the worker sent, and the raw log that it kept."""
    log = tmp_path / "raw.log"
    with Driver(spec(PROGRAM, witness=witness), **{rawlog.VARIABLE: str(log)}) as worker:
        timeline = worker.end_unread()
    skip_where_refused(timeline, witness)
    return timeline, rawlog.read(log)


def replayed(run: dict[str, object], records: list[Record], step: int) -> Timeline:
    """The same records fed anew, ``step`` at once."""
    start, end = int(str(run["start_monotonic_ns"])), int(str(run["duration_ns"]))
    witnesses = run["witnesses"]
    assert isinstance(witnesses, dict)
    facts = RunFacts(
        start, int(str(run["pid"])), PROGRAM, "program.py", witnesses["scheduler"], True
    )
    fusion, timeline = Fusion(facts), Timeline()
    records = sorted(records, key=lambda record: record.t)
    for number, place in enumerate(range(0, len(records), step)):
        drain = records[place : place + step]
        fusion.feed(drain)
        batch = fusion.advance(drain[-1].t - 1)
        timeline.apply(decode(encode(frame_of(batch, number, drain[-1].t - start))))
    timeline.apply(decode(encode(frame_of(fusion.finish(start + end), len(records), end))))
    assert fusion.gaps == 0
    return timeline


def slices(timeline: Timeline) -> bytes:
    """Every slice, and each line seen, by its thread: tracks are numbered as they come, which
    drains may change."""
    rows = []
    for track in timeline.tracks.values():
        for row in timeline.slices.get(track.id, ()):
            holder = timeline.tracks[row.holder].tid if row.holder else 0
            thing = timeline.objects[row.object].name if row.object else ""
            rows.append([track.pid, track.tid, track.start_ns, *row[1:5], thing, holder, *row[7:]])
        for item in timeline.seen.get(track.id, ()):
            rows.append([track.pid, track.tid, track.start_ns, item.ns, item.line])
    return json.dumps(sorted(rows, key=str)).encode()


@pytest.mark.parametrize("witness", ["tracepoints", "perf", "procfs"])
def test_raw_log_replays_to_the_slices_that_were_sent(tmp_path: Path, witness: str) -> None:
    timeline, records = recorded(tmp_path, witness)
    assert timeline.dropped == 0
    whole = replayed(timeline.run, records, len(records))
    assert slices(whole) == slices(timeline), "the live run's"
    assert slices(replayed(timeline.run, records, 97)) == slices(whole), "in other drains"
