"""A run that had to share its CPUs with others is told; what a program does to itself is not."""

from __future__ import annotations

from typing import Any

from app.timeline.records import Wakeup
from app.timeline.timeline import Timeline
from tests.fusion.world import MS, ROOT, World, at

TWIN, THIRD = 101, 102


def started(*others: int) -> World:
    world = World("tracepoints", probe=False)
    world.on(0.5, ROOT)
    for number, tid in enumerate(others):
        world.new(0.6, tid)
        world.on(0.7, tid, cpu=number + 1)
    return world


def competed(timeline: Timeline) -> dict[str, Any] | None:
    found = [item.facts for item in timeline.findings.values() if item.kind == "competed"]
    return found[0] if found else None


def test_wait_for_a_cpu_that_no_thread_of_the_run_has_is_told() -> None:
    world = started()
    world.off(100, ROOT, preempted=True)
    world.on(400, ROOT)
    assert competed(world.timeline(500, [50, 200, 450])) == {
        "running_ns": 199_500_000,
        "ready_ns": 300 * MS,
        "unserved_ns": 300 * MS,
    }


def test_wait_for_a_cpu_that_another_thread_of_the_run_has_is_its_own_doing() -> None:
    world = started()
    world.new(1, TWIN)
    running, waiting = ROOT, TWIN
    for ms in range(2, 400, 20):  # two threads take turns on one CPU
        world.off(ms, running, preempted=True)
        world.on(ms, waiting)
        running, waiting = waiting, running
    assert competed(world.timeline(410, [100, 300])) is None


def test_wait_for_a_cpu_counts_only_while_no_thread_of_the_run_has_it() -> None:
    world = started()
    world.new(1, TWIN)
    world.off(2, ROOT, preempted=True)
    world.on(2, TWIN)
    world.off(102, TWIN, preempted=True)
    world.on(302, ROOT)  # of its wait TWIN had the CPU for 100 ms
    facts = competed(world.timeline(320))
    assert facts is not None
    assert (facts["ready_ns"], facts["unserved_ns"]) == (518 * MS, 200 * MS)


def test_wait_for_one_cpu_is_not_excused_by_a_thread_on_another() -> None:
    world = started(TWIN)
    world.off(2, ROOT, preempted=True)
    world.on(302, ROOT)
    facts = competed(world.timeline(320))
    assert facts is not None
    assert facts["unserved_ns"] == 300 * MS


def test_small_share_is_not_worth_a_sentence() -> None:
    world = started(TWIN, THIRD)
    world.off(100, ROOT, preempted=True)
    world.on(160, ROOT)
    assert competed(world.timeline(1000)) is None


def test_waits_after_wakings_count_too_and_those_before_an_end_are_not_known() -> None:
    world = started()
    world.off(10, ROOT)
    world.add(Wakeup(at(20), ROOT))
    world.on(120, ROOT)
    world.off(130, ROOT, preempted=True)
    world.exit(330, ROOT)
    facts = competed(world.timeline(400))
    assert facts is not None
    assert facts["unserved_ns"] == 100 * MS


def test_competition_is_the_same_in_pieces_of_any_length() -> None:
    def long() -> World:
        world = started(TWIN)
        for ms in range(10, 6000, 50):
            world.off(ms, ROOT, preempted=True)
            world.on(ms + 20, ROOT, cpu=ms // 50 % 2)
            world.off(ms + 25, TWIN, cpu=1, preempted=True)
            world.on(ms + 40, TWIN, cpu=1)
        return world

    whole = competed(long().timeline(6100))
    assert whole is not None
    assert competed(long().timeline(6100, [float(ms) for ms in range(1, 6100, 30)])) == whole
