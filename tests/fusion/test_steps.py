"""Long steps of coroutines: what they did themselves blocks a loop, the lack of a CPU doesn't."""

from __future__ import annotations

from app.fusion.facts import Scheduler
from app.timeline.model import OPEN, Finding
from app.timeline.records import Wakeup
from app.timeline.states import Reason
from app.timeline.timeline import Timeline
from tests.fusion.test_coroutines import FETCH, OTHER, Loop
from tests.fusion.world import MS, ROOT, at

WORKER = 101


def crowded(scheduler: Scheduler = "perf") -> Loop:
    """A loop whose step begins at 2 ms, while another coroutine is ready."""
    loop = Loop(scheduler)
    loop.task(1, FETCH)
    loop.task(1, OTHER, "other\0x")
    loop.ready(1.5, OTHER)
    loop.run(2, FETCH)
    return loop


def blocked(timeline: Timeline) -> list[Finding]:
    return [item for item in timeline.findings.values() if item.kind == "loop-blocked"]


def test_time_without_a_cpu_does_not_block_a_loop() -> None:
    loop = crowded()
    loop.off(2.1, ROOT, preempted=True)
    loop.on(55.5, ROOT)
    loop.pause(55.53, FETCH, line=24)
    assert not blocked(loop.timeline(200))


def test_time_without_a_cpu_is_subtracted_and_told() -> None:
    loop = crowded()
    loop.off(32, ROOT, preempted=True)
    loop.on(732, ROOT)
    loop.pause(762, FETCH, line=24)
    (finding,) = blocked(loop.timeline(1000, [100, 400, 740]))
    facts = finding.facts
    assert (facts["duration_ns"], facts["ran_ns"], facts["ready_ns"]) == (
        760 * MS, 60 * MS, 700 * MS,
    )  # fmt: skip
    assert (facts["reason"], facts["line"]) == ("none", 24)


def test_ready_end_of_a_short_sleep_does_not_block_a_loop() -> None:
    """Its sleep was over after 10 ms; for 70 more there was no CPU."""
    loop = crowded("tracepoints")
    loop.enter(2.5, ROOT, Reason.SLEEP, line=33)
    loop.off(3, ROOT)
    loop.add(Wakeup(at(13), ROOT))
    loop.on(83, ROOT)
    loop.leave(83.1, ROOT, Reason.SLEEP)
    loop.pause(83.2, FETCH, line=9)
    assert not blocked(loop.timeline(200, [60, 70]))


def test_ready_end_that_only_the_account_tells_does_not_block_a_loop() -> None:
    loop = crowded()
    loop.account(1.9, ROOT, wait=0, slices=1)
    loop.enter(2.5, ROOT, Reason.SLEEP, line=33)
    loop.off(3, ROOT)
    loop.on(83, ROOT)
    loop.leave(83.1, ROOT, Reason.SLEEP)
    loop.pause(83.2, FETCH, line=9)
    loop.account(90, ROOT, wait=70, slices=2)
    assert not blocked(loop.timeline(200, [60, 84]))


def test_calls_that_block_one_after_another_are_one_blocked_step() -> None:
    loop = Loop("tracepoints")
    loop.task(1, FETCH)
    loop.run(2, FETCH)
    for ms in range(3, 83, 8):
        loop.enter(ms, ROOT, Reason.SLEEP, line=33)
        loop.off(ms + 0.1, ROOT)
        loop.add(Wakeup(at(ms + 7), ROOT))
        loop.on(ms + 7, ROOT)
        loop.leave(ms + 7.1, ROOT, Reason.SLEEP)
    loop.pause(84, FETCH, line=9)
    (finding,) = loop.timeline(200).findings.values()
    assert (finding.facts["reason"], finding.facts["line"]) == ("sleep", 33)
    assert finding.facts["blocked_ns"] == 69 * MS


def test_wait_for_the_gil_is_told_with_its_holder() -> None:
    loop = crowded("tracepoints")
    loop.new(1.2, WORKER)
    loop.say(1.3, WORKER, 1, text="w")
    loop.thread(1.3, WORKER, "worker")
    loop.on(1.25, WORKER, cpu=1)
    for ms in range(3, 83, 5):  # it asks every 5 ms
        loop.off(ms, ROOT)
        loop.add(Wakeup(at(ms + 4.9), ROOT))
        loop.on(ms + 4.95, ROOT)
    loop.off(84, WORKER, cpu=1)
    loop.pause(86, FETCH, line=24)
    (finding,) = blocked(loop.timeline(200))
    assert finding.facts["reason"] == "gil"
    assert finding.facts["gil_ns"] > 60 * MS


def test_step_that_its_process_did_not_survive_ends_with_it() -> None:
    loop = Loop("tracepoints")
    loop.task(1, FETCH)
    loop.run(2, FETCH)
    loop.enter(3, ROOT, Reason.SLEEP, line=33)
    loop.off(4, ROOT)
    loop.exit(500, ROOT)
    loop.reaped(501, status=9)
    (finding,) = loop.timeline(600, [100, 499]).findings.values()
    assert finding.end_ns != OPEN
    assert (finding.facts["duration_ns"], finding.facts["blocked_ns"]) == (498 * MS, 496 * MS)


def test_findings_are_the_same_however_the_records_come() -> None:
    def found(steps: list[float]) -> list[object]:
        loop = crowded()
        loop.account(1.9, ROOT, wait=0, slices=1)
        loop.enter(2.5, ROOT, Reason.SLEEP, line=33)
        loop.off(3, ROOT)
        loop.on(183, ROOT)
        loop.leave(183.1, ROOT, Reason.SLEEP)
        loop.pause(183.2, FETCH, line=9)
        loop.account(190, ROOT, wait=70, slices=2)
        timeline: Timeline = loop.timeline(900, steps)
        return list(timeline.findings.values())

    whole = found([])
    assert whole
    assert found([3, 20, 40, 100, 185, 189, 191, 300]) == whole
    assert found([float(ms) for ms in range(2, 899, 7)]) == whole
