"""Ready, running, blocked: processes that share one CPU, beside one that waits for input."""

from __future__ import annotations

from itertools import pairwise as neighbours
from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, holds, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, flag, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    computed,
    duration,
    exact,
    exit_of,
    named,
    need_exact,
    pairwise,
    percent,
    starting,
    total,
)
from app.catalogue.tolerance import EDGES, EQUAL, TURNS, excused
from app.locale.text import Text, listed
from app.timeline.model import Slice, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: How far the CPU shares of equal processes may lie apart, as a part of their mean.
EVEN = 0.15
#: Running at once on one CPU, as a part of all running: only what a sampled border can explain.
AT_ONCE = 0.01


class Settings(Parameters):
    workers: int = integer(
        3,
        Text(en="Workers", zh="计算进程数"),
        minimum=1,
        maximum=8,
        help=Text(en="Processes that only compute.", zh="只做计算的进程。"),
    )
    seconds: float = number(
        1.5,
        Text(en="Computing time", zh="计算时间"),
        minimum=0.5,
        maximum=10,
        step=0.5,
        unit="s",
    )
    one_cpu: bool = flag(
        True,
        Text(en="One CPU for all", zh="绑定到同一个 CPU"),
        help=Text(en="Off: they may use every CPU there is.", zh="关闭后可使用全部 CPU。"),
    )
    io: Literal["pipe", "fsync", "sleep"] = choice(
        "pipe",
        Text(en="The other process waits for", zh="另一个进程等待"),
        {
            "pipe": Text(en="messages from a pipe", zh="管道中的消息"),
            "fsync": Text(en="the disk (fsync)", zh="磁盘（fsync）"),
            "sleep": Text(en="time to pass (sleep)", zh="时间（sleep）"),
        },
    )


def workers_of(timeline: Timeline, least: int = 1) -> list[Track]:
    return starting(timeline, "worker-", TrackKind.PROCESS, least=least)


def _preempted(rows: list[Slice]) -> list[Slice]:
    """Ready slices that directly follow running ones: the time slice was over."""
    return [
        row
        for before, row in neighbours(rows)
        if before.state is State.RUNNING and row.state is State.READY
    ]


def check_time_slice(timeline: Timeline, params: Settings) -> Answer:
    workers = workers_of(timeline)
    found = {track.id: _preempted(timeline.of(track)) for track in workers}
    counts = listed(f"{track.name} {len(found[track.id])}×" for track in workers)
    spans = [row for rows in found.values() for row in rows]
    if all(found.values()):
        return holds(
            en=f"Sent from running back to ready: {counts.en}.",
            zh=f"从运行被换回就绪的次数：{counts.of('zh')}。",
            evidence=spans,
        )
    if not params.one_cpu or len(workers) < 2:
        return not_seen(
            en=f"They hardly had to share a CPU ({counts.en}).",
            zh=f"它们几乎不需要争用 CPU（{counts.of('zh')}）。",
            evidence=spans,
        )
    need_exact(timeline)
    return either(
        False,
        en=f"Not every one was: {counts.en}.",
        zh=f"并非每个进程都被换下：{counts.of('zh')}。",
        evidence=spans,
    )


def check_io_blocks(timeline: Timeline, params: Settings) -> Answer:
    (io,) = named(timeline, "io")
    blocked = timeline.of(io, State.BLOCKED)
    ran, waited = computed(timeline, io), total(blocked)
    if params.io == "fsync" and waited < ran:
        return not_seen(
            en=f"This file system hardly makes anybody wait: blocked {duration(waited)} in all.",
            zh=f"这个文件系统几乎不需要等待：总共阻塞 {duration(waited)}。",
            evidence=blocked,
        )
    en = f"Blocked {times(len(blocked))}, {duration(waited)} in all; running {duration(ran)}"
    zh = f"阻塞 {len(blocked)} 次，共 {duration(waited)}；运行 {duration(ran)}"
    stats = timeline.stats.get(io.id)
    if stats and exact(timeline):
        en += f"; {stats.voluntary} voluntary switches, {stats.involuntary} involuntary"
        zh += f"；自愿切换 {stats.voluntary} 次，非自愿切换 {stats.involuntary} 次"
    willing = not (stats and exact(timeline)) or stats.voluntary > stats.involuntary
    return either(
        bool(blocked) and waited > ran and willing, en=en + ".", zh=zh + "。", evidence=blocked
    )


def check_one_at_a_time(timeline: Timeline, params: Settings) -> Answer:
    tracks = [*workers_of(timeline), *named(timeline, "io")]
    running = [timeline.of(track, State.RUNNING) for track in tracks]
    together = pairwise(running)
    ran = sum(map(total, running))
    en = f"Two of them were running at once for {duration(total(together))}"
    zh = f"有两个进程同时运行的时间共 {duration(total(together))}"
    en += f", {percent(total(together), ran)} of all their running."
    zh += f"，占全部运行时间的 {percent(total(together), ran)}。"
    if params.one_cpu:
        if not ran:
            return not_seen(en="None of them was seen running.", zh="没有看到任何进程运行。")
        true = total(together) <= AT_ONCE * ran
        if not true:
            need_exact(timeline)
        but = excused(total(together), ran, AT_ONCE, EDGES)
        return either(
            true,
            en=en + but.en,
            zh=zh + but.of("zh"),
            evidence=together or [row for rows in running for row in rows],
        )
    cpus = {row.cpu for rows in running for row in rows if row.cpu >= 0}
    if len(tracks) < 3 or (not together and len(cpus) < 2):
        return not_seen(en="They had no second CPU to use.", zh="没有第二个 CPU 可用。")
    return either(bool(together), en=en, zh=zh, evidence=together)


def check_equal_shares(timeline: Timeline, params: Settings) -> Answer:
    workers = workers_of(timeline)
    if len(workers) < 2 or not params.one_cpu:
        return not_seen(
            en="It takes two workers or more that share one CPU.",
            zh="需要至少两个计算进程共用一个 CPU。",
        )
    need_exact(timeline)
    # Only while all of them want the CPU: from the last one's first turn to the first one's end.
    running = {track.id: timeline.of(track, State.RUNNING) for track in workers}
    if not all(running.values()):
        return not_seen(en="Not every worker was seen running.", zh="并非每个计算进程都运行过。")
    start = max(rows[0].start_ns for rows in running.values())
    end = min(exit_of(timeline, track) for track in workers)
    got = {track.id: total(clip(running[track.id], start, end)) for track in workers}
    mean = sum(got.values()) / len(got)
    turns = min(len(clip(running[track.id], start, end)) for track in workers)
    if end <= start or turns < 10:
        return not_seen(
            en=f"They shared the CPU for too few turns ({turns}) to compare.",
            zh=f"共用 CPU 的轮次太少（{turns}），无法比较。",
        )
    spread = (max(got.values()) - min(got.values())) / mean
    shares = listed(f"{t.name} {percent(got[t.id], sum(got.values()))}" for t in workers)
    but = excused(spread, 1, EVEN, TURNS, EQUAL)
    return either(
        spread <= EVEN,
        en=f"Of the CPU time they got: {shares.en}; least and most lie {percent(spread, 1)} apart."
        f"{but.en}",
        zh=f"各自所得 CPU 时间占比：{shares.of('zh')}；最多与最少相差 {percent(spread, 1)}。"
        f"{but.of('zh')}",
        evidence=[Span(track.id, start, end) for track in workers],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="Ready, running, blocked", zh="就绪、运行、阻塞"),
    summary=Text(
        en="Processes that compute take turns on one CPU, beside one that mostly waits for input.",
        zh="几个计算进程轮流使用一个 CPU，旁边还有一个大部分时间在等待输入的进程。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.STATES, Idea.SCHEDULING),
        primitives=("multiprocessing.Process", "multiprocessing.Pipe", "os.sched_setaffinity"),
        states=(State.READY, State.RUNNING, State.BLOCKED),
        level=1,
    ),
    claims=(
        Claim(
            "time-slice",
            Text(
                en="A process that computes goes from running back to ready when its time slice is "
                "over, though it would go on.",
                zh="计算型进程的时间片用完后，会从运行态被换回就绪态，尽管它还想继续运行。",
            ),
            check_time_slice,
        ),
        Claim(
            "io-blocks",
            Text(
                en="A process that waits for input leaves the CPU of its own will: it spends its "
                "time blocked, not ready.",
                zh="等待输入输出的进程会主动让出 CPU：它的时间花在阻塞上，而不是就绪上。",
            ),
            check_io_blocks,
        ),
        Claim(
            "one-at-a-time",
            lambda params: (
                Text(
                    en="On one CPU at most one process is running at any instant.",
                    zh="在一个 CPU 上，任一时刻最多只有一个进程在运行。",
                )
                if params.one_cpu
                else Text(
                    en="With several CPUs, several processes run at the same instant.",
                    zh="有多个 CPU 时，多个进程可以在同一时刻运行。",
                )
            ),
            check_one_at_a_time,
        ),
        Claim(
            "equal-shares",
            Text(
                en="Equal processes get equal shares of the CPU.",
                zh="同等的进程得到同样多的 CPU 时间。",
            ),
            check_equal_shares,
        ),
    ),
)
