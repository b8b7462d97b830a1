"""Limits, with the world's answers put in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.timeline.records import Limit
from app.witness import proc
from app.worker.spec import Limits
from app.worker.watch import CALM_WALK_NS, WALK_NS, Watch

MS = 1_000_000


class Group:
    """Stands for the run's cgroup."""

    starved = refused = False

    def out_of_memory(self) -> bool:
        return self.starved

    def forks_refused(self) -> bool:
        return self.refused


class World:
    """Two processes below a guard; what each test needs is changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.walks = 0
        self.threads, self.rss, self.cpu_ns, self.state = 1, 0, 0, "R"
        self.scratch = 0
        self.group = Group()
        monkeypatch.setattr(proc, "descendants", self._descendants)
        monkeypatch.setattr(proc, "stat", self._stat)
        monkeypatch.setattr(proc, "rss_bytes", lambda pid: self.rss)

    def _descendants(self, roots: list[int]) -> list[int]:
        self.walks += 1
        assert roots == [10]
        return [11, 12]

    def _stat(self, pid: int) -> proc.Stat:
        cpu_ns, own = (9 * 10**9, 9 * 10**9) if pid == 10 else (self.cpu_ns, 0)
        return proc.Stat(pid, "x", self.state, 10, cpu_ns, own, self.threads, 0, 0)

    def watch(
        self,
        tasks: Callable[[], int] = lambda: 2,
        output_over: Callable[[], bool] = lambda: False,
        **limits: Any,
    ) -> Watch:
        group: Any = self.group
        return Watch(Limits(**limits), 0, 10, group, tasks, output_over, lambda: self.scratch)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_watch_within_all_limits_says_nothing(world: World) -> None:
    watch = world.watch()
    assert all(watch.check(t * MS) is None for t in range(0, 2000, 10))
    assert world.walks == 2000 * MS // CALM_WALK_NS


def test_watch_near_a_limit_looks_more_often(world: World) -> None:
    world.rss = 200 << 20
    watch = world.watch()
    assert all(watch.check(t * MS) is None for t in range(0, 2000, 10))
    assert world.walks == 2000 * MS // WALK_NS


def test_watch_wall_and_output_need_no_walk(world: World) -> None:
    assert world.watch(wall_s=1).check(1000 * MS) == Limit(1000 * MS, "wall", 1000)
    over = world.watch(output_bytes=7, output_over=lambda: True)
    assert over.check(5) == Limit(5, "output", 7)
    assert world.walks == 0


def test_watch_processes_are_counted_in_proc_when_the_scheduler_s_count_is_high(
    world: World,
) -> None:
    births = 2
    watch = world.watch(processes=6, tasks=lambda: births)
    assert watch.check(0) is None
    births, world.threads = 9, 3
    assert watch.check(1) is None  # only 6 are there: the count came from lost records
    world.threads = 4
    assert watch.check(2) == Limit(2, "processes", 6)


def test_watch_zombies_are_no_tasks(world: World) -> None:
    world.threads, world.state = 100, "Z"
    assert world.watch(processes=6).check(0) is None


def test_watch_memory_and_cpu_are_totals_of_the_tree(world: World) -> None:
    world.rss = 33 << 20
    assert world.watch(memory_bytes=66 << 20).check(0) is None
    world.rss += 1
    assert world.watch(memory_bytes=66 << 20).check(0) == Limit(0, "memory", 66 << 20)
    world.rss, world.cpu_ns = 0, 500 * MS
    assert world.watch(cpu_s=1).check(0) is None
    world.cpu_ns += MS
    assert world.watch(cpu_s=1).check(0) == Limit(0, "cpu", 1000)


def test_watch_files_are_bounded_together_and_looked_at_more_often_near_it(world: World) -> None:
    world.scratch = 5 << 20
    watch = world.watch(scratch_bytes=5 << 20)
    assert all(watch.check(t * MS) is None for t in range(0, 2000, 10))
    assert world.walks == 2000 * MS // WALK_NS
    world.scratch += 1
    assert watch.check(2000 * MS) == Limit(2000 * MS, "disk", 5 << 20)


def test_watch_kernel_s_own_refusals_count_too(world: World) -> None:
    world.group.starved = True
    assert world.watch(memory_bytes=1 << 30).check(0) == Limit(0, "memory", 1 << 30)
    world.group.starved, world.group.refused = False, True
    assert world.watch(processes=9).check(0) == Limit(0, "processes", 9)


def test_watch_at_the_end_tells_what_the_kernel_stopped_first(world: World) -> None:
    watch = world.watch(processes=9, memory_bytes=5 << 20)
    assert watch.at_the_end(7) is None
    world.group.starved = True
    assert watch.at_the_end(7) == Limit(7, "memory", 5 << 20)
    world.group.refused = True
    assert watch.at_the_end(7) == Limit(7, "processes", 9)
