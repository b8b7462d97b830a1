"""Who printed what, through the whole pipeline, when many print at once."""

from __future__ import annotations

import asyncio
import re

import pytest

from app.cli.headless import run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.timeline.timeline import Timeline
from app.worker.spec import RunSpec

pytestmark = pytest.mark.real

CHORUS = """
import multiprocessing, os, sys, threading
sys.setswitchinterval(1e-6)
def sing(name, go):
    go.wait()
    for n in range(60):
        print(name, n)
def choir(prefix):
    go = threading.Barrier(4)
    names = [f"{prefix}{n}" for n in range(4)]
    threads = [threading.Thread(target=sing, args=(name, go), name=name) for name in names]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
if __name__ == "__main__":
    other = multiprocessing.get_context("fork").Process(target=choir, args=("bass",))
    other.start()
    choir("alto")
    other.join()
    os.write(1, b"raw\\n")
    os.system("echo foreign")
    print("the end")
"""


def pieces(text: str) -> list[str]:
    """The words, spaces and ends of lines in ``text``, in order of the alphabet."""
    return sorted(re.findall(r"[a-z]+\d|\d+|\s|.", text))


def watched(program: str) -> Timeline:
    spec = RunSpec(run_id=new_id(), program=program)
    timeline = asyncio.run(run(LocalLauncher(), spec)).timeline
    assert timeline.state == "ended" and timeline.dropped == 0
    return timeline


def test_threads_of_two_processes_that_print_at_once_have_their_own_words() -> None:
    timeline = watched(CHORUS)
    said: dict[int, str] = {}
    for item in sorted(timeline.output, key=lambda item: item.ns):
        said[item.track] = said.get(item.track, "") + item.text
    for name in [f"{prefix}{n}" for prefix in ("alto", "bass") for n in range(4)]:
        (track,) = timeline.named(name)
        # CPython may write words of one thread in another order, when others flush them: seldom.
        assert pieces(said.pop(track.id)) == pieces("".join(f"{name} {n}\n" for n in range(60)))
        ends = [item.ns for item in timeline.output if item.track == track.id]
        assert all(track.start_ns <= ns <= track.end_ns for ns in ends)
    root = timeline.root().id
    assert set(said) == {root}
    unsorted = "".join(item.text for item in timeline.output if item.track == root)
    assert unsorted == "raw\nforeign\nthe end\n"
    assert timeline.text_of().count("\n") == 8 * 60 + 3
