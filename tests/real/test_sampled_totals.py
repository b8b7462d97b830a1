"""Totals of real runs under sampling are the kernel's, also of threads that no look caught."""

from __future__ import annotations

import pytest

from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

SHORT = """
import threading, time
told = []
def work():
    n = 0
    for k in range(60_000): n += k % 7
    told.append(f"{threading.current_thread().name} {time.thread_time_ns()}")
threads = [threading.Thread(target=work, name=f"t{k}") for k in range(40)]
for t in threads: t.start()
for t in threads: t.join()
print(*told, sep=chr(10))  # by one thread: a line and its end are two writes
"""
#: From the program's own reading to the end of the thread, on a machine that is busy.
AFTER_NS = 3_000_000


def test_short_threads_have_the_cpu_time_that_they_measured_themselves() -> None:
    with Driver(spec(SHORT, witness="procfs")) as worker:
        timeline = worker.end()
    text = "".join(piece.text for piece in timeline.output)
    measured = dict(line.split() for line in text.splitlines())
    assert len(measured) == 40
    for track in timeline.tracks.values():
        if track.name in measured:
            own_ns = int(measured[track.name])
            assert own_ns <= timeline.stats[track.id].running_ns <= own_ns + AFTER_NS
