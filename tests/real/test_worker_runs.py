"""Whole runs through the real worker: start, frames, end, failure."""

from __future__ import annotations

import os
import select
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from app.fusion import Fusion, RunFacts
from app.timeline import heads
from app.timeline.records import OutputChunk, ProcessReaped, SwitchIn
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline
from app.worker import rawlog
from tests.worker.driver import DEADLINE_S, Driver, spec

pytestmark = pytest.mark.real


def wait_for_end_of(pid: int) -> None:
    """Returns when the process, no child of ours, is dead (pidfd_open(2))."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    assert poll.poll(DEADLINE_S * 1000), "the program did not end"
    os.close(fd)


def test_worker_first_and_last_frame_say_what_they_must() -> None:
    with Driver(spec("print('hello')\nraise SystemExit(3)\n", params={"n": 1})) as worker:
        worker.end()
        first, last = worker.frames[0].head, worker.last
        assert worker.process.returncode == 0
        assert worker.complaints() == ""
    run = first["run"]
    assert {"id", "scenario", "params", "python", "started_at", "start_monotonic_ns"} <= set(run)
    assert run["params"] == {"n": 1}
    assert run["python"].startswith("CPython 3.")
    assert run["witnesses"]["scheduler"] in ("tracepoints", "perf", "procfs")
    assert run["limits"]["wall_s"] == 30.0
    assert first["state"] == "running"
    assert first["vocabulary"]["state"][3] == "running"
    assert last["state"] == "ended"
    assert last["run"]["exit"] == {"cause": "exit", "code": 3, "signal": None}
    assert last["run"]["duration_ns"] > 0
    assert last["claims"] == [] and last["dropped"] == 0 and last["stats"]
    assert "failure" not in last
    assert [frame.seq for frame in worker.frames] == list(range(len(worker.frames)))
    assert worker.timeline.text_of("stdout") == "hello\n"


@pytest.mark.parametrize("witness", ["auto", "perf", "procfs"])
def test_worker_tree_has_tracks_with_whole_lives(witness: str) -> None:
    program = (
        "import os, threading, time\n"
        "t = threading.Thread(target=time.sleep, args=(0.3,)); t.start(); t.join()\n"
        "pid = os.fork()\n"
        "if pid == 0: time.sleep(0.2); os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
    )
    with Driver(spec(program, witness=witness)) as worker:
        timeline = worker.end()
    assert len(timeline.of_kind(TrackKind.PROCESS)) == 2
    assert len(timeline.of_kind(TrackKind.THREAD)) == 1
    for track in timeline.tracks.values():
        rows = timeline.of(track)
        assert track.end_ns > track.start_ns
        assert rows[0].start_ns == track.start_ns and rows[-1].end_ns == track.end_ns
        assert all(a.end_ns == b.start_ns for a, b in pairwise(rows))
        assert timeline.total_ns(track, State.BLOCKED) > 0


def test_worker_quiet_program_still_shows_time_passing() -> None:
    with Driver(spec("import time; print('quiet', flush=True); time.sleep(60)")) as worker:
        worker.read(until=lambda driver: driver.printed("quiet"))
        said = len(worker.frames)
        worker.read(until=lambda driver: len(driver.frames) >= said + 8)
        worker.say(b"stop")
        worker.end()
    times = [frame.now_ns for frame in worker.frames]
    assert times == sorted(times)
    quiet = times[said : said + 8]
    assert all(a < b for a, b in pairwise(quiet))
    # In the middle: on a crowded machine one of them may come late.
    assert median(b - a for a, b in pairwise(quiet)) < 600_000_000


def test_worker_program_gets_a_clean_world() -> None:
    program = (
        "import os, signal, sys\n"
        "print(sorted(os.environ))\n"
        "print(sorted(os.listdir('/proc/self/fd'))[:4], sys.stdin.read() == '')\n"
        "print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, os.getpgid(0) == os.getpid())\n"
        "print(os.path.basename(sys.argv[0]), sys.argv[1:], os.listdir('.'))\n"
        "print(os.getpriority(os.PRIO_PROCESS, 0))\n"
    )
    with Driver(
        spec(program, file_name="lesson.py", args=["a", "b"]), SECRET_TOKEN="do not tell"
    ) as worker:
        lines = worker.end().text_of("stdout").splitlines()
    assert "SECRET_TOKEN" not in lines[0] and "TIMESLICE_TEST_MARK" not in lines[0]
    assert lines[1].startswith("['0', '1', '2'") and lines[1].endswith("True")
    assert lines[2] == "True True"
    assert lines[3].startswith("lesson.py ['a', 'b'] ['lesson.py'")
    assert lines[4] == str(os.getpriority(os.PRIO_PROCESS, 0))


def test_worker_leaves_no_folder_and_no_process() -> None:
    program = (
        "import os\n"
        "open('file', 'w').write('x')\n"
        "print(os.getcwd()); print(os.environ['TIMESLICE_RING_DIR'])\n"
        "print(all(map(os.path.isdir, (os.getcwd(), os.environ['TIMESLICE_RING_DIR']))))\n"
    )
    with Driver(spec(program)) as worker:
        *folders, there = worker.end().text_of("stdout").splitlines()
        worker.wait_until_none_survives(2)
    assert there == "True" and len(folders) == 2
    assert not any(map(os.path.exists, folders))


@pytest.mark.parametrize(
    ("python", "why"),
    [("/no/such/python", "no Python interpreter"), ("/bin/true", "does not tell its version")],
)
def test_worker_bad_interpreter_ends_with_a_sentence(python: str, why: str) -> None:
    with Driver(spec("", python=python)) as worker:
        worker.end()
        assert worker.process.returncode == 1
        assert worker.complaints() == ""
    assert worker.last["state"] == "ended"
    assert worker.last["run"]["python"] == python
    assert python in worker.last["failure"] and why in worker.last["failure"]


def test_worker_bad_spec_ends_with_a_sentence() -> None:
    with Driver(b'{"run_id": "x", "program": "", "limits": {"wall_s": -1}}') as worker:
        worker.end()
    assert len(worker.frames) == 1
    assert "limits.wall_s" in worker.last["failure"]


def test_worker_unknown_scenario_keeps_the_run_and_tells_the_failure() -> None:
    with Driver(spec("print('ran')", scenario="no-such-lesson")) as worker:
        timeline = worker.end()
        assert "UnknownScenario" in worker.complaints()
    assert "no-such-lesson" in worker.last["failure"]
    assert timeline.text_of() == "ran\n"
    assert worker.last["run"]["exit"]["code"] == 0


def test_worker_raw_log_holds_what_fusion_was_fed(tmp_path: Path) -> None:
    path = tmp_path / "raw.jsonl"
    with Driver(spec("print('x')", witness="auto"), TIMESLICE_RAW_LOG=str(path)) as worker:
        worker.end()
        scheduler = worker.frames[0].head["run"]["witnesses"]["scheduler"]
    records = rawlog.read(path)
    assert any(isinstance(record, OutputChunk) and record.data == b"x\n" for record in records)
    assert any(isinstance(record, ProcessReaped) and not record.sampled for record in records)
    if scheduler != "procfs":
        assert any(isinstance(record, SwitchIn) for record in records)


def test_worker_raw_log_replays_through_fusion_to_the_same_timeline(tmp_path: Path) -> None:
    program = (
        "import threading, time\n"
        "lock = threading.Lock()\n"
        "def work():\n"
        "    for _ in range(5):\n"
        "        with lock: time.sleep(0.005)\n"
        "threads = [threading.Thread(target=work) for _ in range(3)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
    )
    path = tmp_path / "raw.jsonl"
    with Driver(spec(program), TIMESLICE_RAW_LOG=str(path)) as worker:
        live = worker.end()
    run = live.run
    fusion = Fusion(
        RunFacts(
            start_ns=run["start_monotonic_ns"],
            root_pid=run["pid"],
            program=program,
            file_name=run["file_name"],
            scheduler=run["witnesses"]["scheduler"],
            probe=run["witnesses"]["probe"],
        )
    )
    fusion.feed(rawlog.read(path))
    batch = fusion.finish(run["start_monotonic_ns"] + run["duration_ns"])
    replayed = Timeline([heads.frame_of(batch, 0, run["duration_ns"])])
    assert {t.name for t in replayed.tracks.values()} == {t.name for t in live.tracks.values()}
    assert by_thread(replayed) == by_thread(live)


def by_thread(timeline: Timeline) -> dict[int, list[tuple[int, int, State]]]:
    """States by kernel thread: the numbers of tracks may differ, their rows may not."""
    return {
        track.tid: [(row.start_ns, row.end_ns, row.state) for row in timeline.of(track)]
        for track in timeline.tracks.values()
    }


def test_worker_slow_reader_gets_bigger_frames_and_loses_nothing() -> None:
    program = (
        "import os, threading, time\n"
        "end = time.monotonic() + 1.0\n"
        "def work():\n"
        "    while time.monotonic() < end: time.sleep(0.0003)\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
    )
    with Driver(spec(program)) as worker:
        worker.read(until=lambda driver: bool(driver.frames))
        # Nobody reads until the program is gone: the worker goes on all the same.
        wait_for_end_of(worker.program_pid)
        timeline = worker.end()
        assert worker.process.returncode == 0
    assert [frame.seq for frame in worker.frames] == list(range(len(worker.frames)))
    assert worker.last["state"] == "ended"
    for track in timeline.tracks.values():
        rows = timeline.of(track)
        assert all(a.end_ns == b.start_ns for a, b in pairwise(rows))
