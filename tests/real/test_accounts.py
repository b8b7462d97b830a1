"""The switches, the account and the hypervisor's steal of one run, held against one another."""

from __future__ import annotations

import time

import pytest

from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

COMPUTING = """
import threading, time
def work():
    for _ in range(20):
        sum(range(200_000))
        time.sleep(0.001)
    print(threading.current_thread().name, time.thread_time_ns())
threads = [threading.Thread(target=work, name=f"t{k}") for k in range(3)]
for t in threads: t.start()
for t in threads: t.join()
"""


def stolen_ticks() -> int:
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8])


@pytest.mark.parametrize("witness", ["auto", "perf"])
def test_running_less_what_the_account_lacks_is_what_threads_measured(witness: str) -> None:
    before, began = stolen_ticks(), time.monotonic_ns()
    with Driver(spec(COMPUTING, witness=witness)) as worker:
        timeline = worker.end()
    if timeline.run["witnesses"]["scheduler"] == "procfs":
        pytest.skip("no witness sees every context switch here")
    lasted, after = time.monotonic_ns() - began, stolen_ticks()
    measured = dict(line.split() for line in timeline.text_of("stdout").splitlines())
    assert len(measured) == 3
    for name, own in measured.items():
        (track,) = timeline.named(name)
        stats = timeline.stats[track.id]
        assert stats.uncounted_ns is not None, "it told its CPU time at its end"
        counted = stats.running_ns - stats.uncounted_ns
        # Two clocks at each switch, and what the thread did after it had measured.
        switches = stats.voluntary + stats.involuntary
        slack = 2_000_000 + 5_000 * switches
        assert counted >= int(own) - slack, stats
        assert counted <= int(own) + slack + 3_000_000, stats
    # No more was stolen of the CPUs than while we looked on.
    cpus = {item.cpu for item in timeline.stolen}
    assert sum(item.stolen_ns for item in timeline.stolen) <= (after - before + len(cpus)) * 10**7
    for item in timeline.stolen:
        assert 0 <= item.start_ns < item.end_ns <= lasted
