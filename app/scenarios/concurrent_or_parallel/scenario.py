"""Concurrent is not parallel: the same processes on one CPU and on all of them."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    exit_of,
    need_exact,
    pairwise,
    peak,
    percent,
    starting,
    total,
)
from app.catalogue.tolerance import EDGES, excused
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: Running at once on one CPU, as a part of all running: only what a sampled border can explain.
AT_ONCE = 0.01
#: The time in which all are there is looked at in so many parts.
WINDOWS = 4


class Settings(Parameters):
    cpus: Literal["one", "all"] = choice(
        "one",
        Text(en="CPUs to run on", zh="可用的 CPU"),
        {
            "one": Text(en="one for all of them", zh="共用一个"),
            "all": Text(en="all there are", zh="全部"),
        },
    )
    workers: int = integer(3, Text(en="Processes", zh="进程数"), minimum=1, maximum=8)
    ms: int = integer(
        300,
        Text(en="Each computes for", zh="每个进程的计算时间"),
        minimum=50,
        maximum=1000,
        unit="ms",
    )


def _workers(timeline: Timeline) -> dict[int, list[Slice]]:
    """When each worker ran, of at least two that did."""
    tracks = starting(timeline, "worker-", TrackKind.PROCESS, least=2)
    running = {track.id: timeline.of(track, State.RUNNING) for track in tracks}
    if not all(running.values()):
        raise NotSeen(en="Not every worker was seen running.", zh="并非每个进程都被看到在运行。")
    return running


def _tracks(timeline: Timeline, running: dict[int, list[Slice]]) -> list[Track]:
    return [timeline.tracks[track] for track in running]


def _short_of_cpus(timeline: Timeline, running: dict[int, list[Slice]]) -> bool:
    """Fewer than two CPUs seen, or much time on the run queue: others had them."""
    rows = [row for found in running.values() for row in found]
    ready = sum(timeline.total_ns(track, State.READY) for track in _tracks(timeline, running))
    return len({row.cpu for row in rows if row.cpu >= 0}) < 2 or ready > 0.25 * total(rows)


def check_all_advance(timeline: Timeline, params: Settings) -> Answer:
    running = _workers(timeline)
    begin = max(rows[0].start_ns for rows in running.values())
    end = min(exit_of(timeline, track) for track in _tracks(timeline, running))
    turns = min(len(clip(rows, begin, end)) for rows in running.values())
    if params.cpus == "one" and turns < 3 * WINDOWS:
        return not_seen(
            en=f"They were together for too few turns ({turns}).",
            zh=f"同时存在的轮次太少（{turns}）。",
        )
    if end <= begin:
        return not_seen(en="They were never there at once.", zh="它们没有同时存在过。")
    step = (end - begin) // WINDOWS
    missed = [
        Span(track, begin + n * step, begin + (n + 1) * step)
        for n in range(WINDOWS)
        for track, rows in running.items()
        if not clip(rows, begin + n * step, begin + (n + 1) * step)
    ]
    if missed:
        need_exact(timeline)
    return either(
        not missed,
        en=f"In each of {WINDOWS} parts of {duration(step)}, {len(running)} processes got on; "
        f"one did not {times(len(missed))}.",
        zh=f"在 {WINDOWS} 段各 {duration(step)} 的时间里，看 {len(running)} 个进程是否都有进展；"
        f"没有进展的有 {len(missed)} 次。",
        evidence=missed or [Span(track, begin, end) for track in running],
    )


def check_at_once(timeline: Timeline, params: Settings) -> Answer:
    running = _workers(timeline)
    rows = [row for found in running.values() for row in found]
    together = pairwise(list(running.values()))
    most, _ = peak(rows)
    en = f"At most {most} ran at one instant; two or more for {duration(total(together))}, "
    en += f"{percent(total(together), total(rows))} of all their running."
    zh = f"同一时刻最多有 {most} 个在运行；两个以上同时运行的时间共 {duration(total(together))}，"
    zh += f"占全部运行时间的 {percent(total(together), total(rows))}。"
    if params.cpus == "one":
        as_said = total(together) <= AT_ONCE * total(rows)
        if not as_said:
            need_exact(timeline)
        but = excused(total(together), total(rows), AT_ONCE, EDGES)
        return either(as_said, en=en + but.en, zh=zh + but.of("zh"), evidence=together or rows)
    as_said = total(together) > 0.1 * total(rows)
    if not as_said and _short_of_cpus(timeline, running):
        return not_seen(en=f"{en} CPUs were short.", zh=f"{zh}CPU 不够用。", evidence=together)
    return either(as_said, en=en, zh=zh, evidence=together or rows)


def check_time(timeline: Timeline, params: Settings) -> Answer:
    running = _workers(timeline)
    rows = [row for found in running.values() for row in found]
    begin = min(row.start_ns for row in rows)
    took = max(exit_of(timeline, track) for track in _tracks(timeline, running)) - begin
    en = f"They computed for {duration(total(rows))} in all, within {duration(took)}."
    zh = f"合计计算 {duration(total(rows))}，实际用了 {duration(took)}。"
    if params.cpus == "one":
        return either(took >= 0.95 * total(rows), en=en, zh=zh, evidence=rows)
    as_said = took < 0.9 * total(rows)
    if not as_said and _short_of_cpus(timeline, running):
        return not_seen(en=f"{en} CPUs were short.", zh=f"{zh}CPU 不够用。", evidence=rows)
    return either(as_said, en=en, zh=zh, evidence=rows)


SCENARIO = Scenario(
    file=__file__,
    group=Group.SYNC_ASYNC,
    title=Text(en="Concurrent or parallel", zh="并发与并行"),
    summary=Text(
        en="The same processes on one CPU and on all: all of them get on, but not at one instant.",
        zh="同样的进程，在一个 CPU 上和在全部 CPU 上：都在推进，但未必在同一时刻。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.PARALLELISM, Idea.SCHEDULING),
        primitives=("multiprocessing.Process", "os.sched_setaffinity"),
        states=(State.RUNNING, State.READY),
        level=1,
    ),
    claims=(
        Claim(
            "all-advance",
            Text(
                en="Concurrent: in any longer stretch of time every process gets on.",
                zh="并发：在任何一段稍长的时间里，每个进程都有进展。",
            ),
            check_all_advance,
        ),
        Claim(
            "at-once",
            lambda params: (
                Text(
                    en="On one CPU no two processes run at the same instant: nothing is parallel.",
                    zh="在一个 CPU 上，任一时刻只有一个进程在运行：没有并行。",
                )
                if params.cpus == "one"
                else Text(
                    en="Parallel: on several CPUs, several processes run at the same instant.",
                    zh="并行：在多个 CPU 上，同一时刻有多个进程在运行。",
                )
            ),
            check_at_once,
        ),
        Claim(
            "time",
            lambda params: (
                Text(
                    en="On one CPU all of them take as long as their computing adds up to.",
                    zh="在一个 CPU 上，总用时就是各自计算时间之和。",
                )
                if params.cpus == "one"
                else Text(
                    en="On several CPUs they are done sooner than their computing adds up to.",
                    zh="在多个 CPU 上，总用时少于各自计算时间之和。",
                )
            ),
            check_time,
        ),
    ),
)
