"""The deadlock's way out by a timeout: what the claim judges by, and what it says."""

from __future__ import annotations

import re

from app.catalogue import load
from app.scenarios.deadlock.scenario import Settings, check_cycle
from app.scenarios.deadlock.waits import TIMEOUT_NS
from tests.catalogue.build import Build
from tests.catalogue.cases.deadlock import gave_back_in_time


def test_deadlock_judges_by_the_timeout_of_its_program() -> None:
    program = load()["deadlock"].render(Settings(variant="timeout"))
    (timeout,) = re.findall(r"acquire\(timeout=([\d.]+)\)", program)
    assert float(timeout) * 1e9 == TIMEOUT_NS


def test_deadlock_counts_how_often_each_waited_for_the_other() -> None:
    build = Build()
    gave_back_in_time(build)
    answer = check_cycle(build.timeline, Settings(variant="timeout"))
    assert answer.why.en == (
        "3 times each waited for the other's lock, for 20.1 ms at most; then one gave back."
    )
    assert answer.why.of("zh") == "有 3 次互相等待，最长 20.1 ms，随后一方放回了锁。"
