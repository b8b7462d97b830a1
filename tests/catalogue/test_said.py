"""What the notes say of Python and of the programs that no single run of a scenario shows."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from app.catalogue import load
from tests.conftest import interpreter


def is_daemon() -> bool:
    return multiprocessing.current_process().daemon


def test_workers_of_a_pool_are_daemons_and_those_of_an_executor_are_not() -> None:
    """The notes of daemon_rules."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool, ProcessPoolExecutor(1, mp_context=context) as executor:
        assert pool.apply(is_daemon)
        assert not executor.submit(is_daemon).result()


def count_for(seconds: float) -> float:
    """CPU seconds of this thread, which computes until so much time is over."""
    until = time.monotonic() + seconds
    before = time.thread_time()
    while time.monotonic() < until:
        pass
    return time.thread_time() - before


async def loop_beside_a_computing_thread() -> tuple[float, float]:
    """CPU seconds of the thread, and of the loop's own thread meanwhile."""
    computing = asyncio.get_running_loop().run_in_executor(None, count_for, 0.5)
    before = time.thread_time()
    while not computing.done():
        await asyncio.sleep(0.01)
    return await computing, time.thread_time() - before


def test_thread_that_computes_keeps_the_gil_beside_an_idle_loop() -> None:
    """The notes of blocked_loop: it has nearly all of the GIL, not half of it."""
    computed, looped = asyncio.run(loop_beside_a_computing_thread())
    assert computed > 5 * looped


#: Milliseconds of making, and ending, one of each kind: each the middle of several, in turn.
COSTS = """
import json, multiprocessing, statistics, threading, time
try:
    from concurrent import interpreters
except ImportError:  # before 3.14
    import _interpreters as interpreters
def nothing():
    pass
def interpreter():
    made = interpreters.create()
    if hasattr(made, "exec"):
        made.exec("pass")
        made.close()
    else:
        interpreters.run_string(made, "pass")
        interpreters.destroy(made)
def started(kind):
    def begin():
        task = kind(target=nothing)
        task.start()
        task.join()
    return begin
if __name__ == "__main__":
    kinds = {"thread": started(threading.Thread)}
    kinds["fork"] = started(multiprocessing.get_context("fork").Process)
    kinds["interpreter"] = interpreter
    kinds["spawn"] = started(multiprocessing.get_context("spawn").Process)
    costs = {name: [] for name in kinds}
    for _ in range(7):
        for name, make in kinds.items():
            before = time.perf_counter()
            make()
            costs[name].append(time.perf_counter() - before)
    print(json.dumps({name: 1000 * statistics.median(all) for name, all in costs.items()}))
"""


@pytest.mark.parametrize("version", ["3.13", "3.14", "3.15"])
def test_interpreter_costs_more_than_a_fork_and_less_than_a_spawn(
    version: str, tmp_path: Any
) -> None:
    """The notes of interpreter_pool."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no python{version} on this machine")
    program = tmp_path / "costs.py"
    program.write_text(COSTS)
    done = subprocess.run(
        [python, "-W", "ignore", program], capture_output=True, text=True, check=True
    )
    costs = json.loads(done.stdout)
    assert list(costs) == sorted(costs, key=costs.__getitem__), costs
    assert costs["interpreter"] > 10 * costs["thread"], costs


def forks_of(variant: str, philosophers: int) -> list[tuple[int, int]]:
    """The fork that each philosopher takes first, and the one after it, by the program's rule."""
    scenario = load()["philosophers"]
    params = scenario.validate({"variant": variant, "philosophers": philosophers, "meals": 1})
    names: dict[str, Any] = {"__name__": "program"}
    exec(scenario.render(params), names)
    taken: list[tuple[int, int]] = []
    names.update(
        dine_with=lambda first, second: taken.append((first, second)),
        seated=SimpleNamespace(wait=lambda: None),
        time=SimpleNamespace(sleep=lambda seconds: None),
        say=lambda text: None,
    )
    for number in range(philosophers):
        names["dine"](number)
    return taken


def closes(taken: list[tuple[int, int]]) -> bool:
    """Whether each may hold its first fork and want one that another holds, in a cycle of all."""
    firsts = [first for first, _ in taken]
    return len(set(firsts)) == len(firsts) and {second for _, second in taken} == set(firsts)


@pytest.mark.parametrize("philosophers", range(3, 10))
def test_asymmetric_philosophers_can_not_all_wait_in_a_cycle(philosophers: int) -> None:
    """Some neighbours still meet with one fork in hand: at the second fork of both."""
    assert closes(forks_of("naive", philosophers))
    assert not closes(forks_of("ordered", philosophers))
    taken = forks_of("asymmetric", philosophers)
    assert not closes(taken)
    assert any(one[1] == other[1] for one, other in pairwise(taken))


class FakeConsumer:
    """aiokafka's, as far as the program uses it: notes what is asked of it, in order."""

    asked: list[Any]
    batches: list[dict[str, list[Any]]]

    def __init__(self, *topics: str, enable_auto_commit: bool = True, **options: Any) -> None:
        FakeConsumer.asked = [] if not enable_auto_commit else ["auto-commit"]

    async def __aenter__(self) -> FakeConsumer:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def getmany(self, timeout_ms: int) -> dict[str, list[Any]]:
        return self.batches.pop(0)

    async def commit(self, offsets: dict[str, int]) -> None:
        self.asked.append(offsets)
        if len(self.asked) == 2:
            raise CommitFailed


class CommitFailed(Exception):
    """The group was shared out anew meanwhile."""


def test_kafka_program_commits_a_batch_after_its_messages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notes of brokers. A commit that comes too late ends nothing."""
    kafka = SimpleNamespace(
        AIOKafkaConsumer=FakeConsumer, errors=SimpleNamespace(CommitFailedError=CommitFailed)
    )
    monkeypatch.setitem(sys.modules, "aiokafka", kafka)
    monkeypatch.setitem(sys.modules, "aiokafka.admin", SimpleNamespace())
    names: dict[str, Any] = {"__name__": "program"}
    exec(load()["brokers"].program_for("kafka"), names)
    names["print"] = lambda text, flush: FakeConsumer.asked.append(text.rpartition(" ")[2])
    messages = [SimpleNamespace(value=str(n).encode(), offset=10 + n) for n in range(4)]
    FakeConsumer.batches = [
        {"part-0": messages[:1]}, {}, {"part-0": messages[1:2], "part-1": messages[2:]},
    ]  # fmt: skip
    left = multiprocessing.get_context("fork").Semaphore(4)
    asyncio.run(names["consume"]("topic", left))
    assert FakeConsumer.asked == [
        "0", {"part-0": 11}, "1", {"part-0": 12}, "2", "3", {"part-1": 14},
    ]  # fmt: skip
