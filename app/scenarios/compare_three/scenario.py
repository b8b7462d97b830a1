"""Processes, threads and coroutines side by side: what each costs, what each gains, who shares."""

from __future__ import annotations

import re

from app.catalogue.claims import Answer, Claim, NotSeen, Span, ascending, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    lines,
    need_exact,
    pairwise,
    percent,
    python_of,
    root,
    runs_free,
    start_cost,
    starting,
    total,
    whole,
)
from app.catalogue.tolerance import ASKS, excused
from app.locale.text import NO_TEXT, Text
from app.timeline.model import Slice, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

KINDS = {
    "coroutine": (TrackKind.COROUTINE, "协程"),
    "thread": (TrackKind.THREAD, "线程"),
    "process": (TrackKind.PROCESS, "进程"),
}
#: Running at once that is none: a thread begins, ends and asks for the lock without holding it.
AT_ONCE = 0.05

_ROW = re.compile(r"(process|thread|coroutine) +waits .* (-?[\d.]+) KiB; .* (\d+) of (\d+)$")


class Settings(Parameters):
    workers: int = integer(
        10,
        Text(en="Processes and threads that wait", zh="等待的进程数和线程数"),
        minimum=4,
        maximum=40,
    )
    coroutines: int = integer(
        100,
        Text(en="Coroutines that wait", zh="等待的协程数"),
        minimum=50,
        maximum=3000,
        help=Text(
            en="One alone takes too little memory to be measured.",
            zh="单个协程的内存太小，测不出来。",
        ),
    )
    ms: int = integer(
        200, Text(en="Each of them waits for", zh="每个都等待"), minimum=50, maximum=1000, unit="ms"
    )
    switches: int = integer(
        200,
        Text(en="Turns that each of two passes on", zh="两个工作者各交出的次数"),
        minimum=50,
        maximum=2000,
    )
    turns: int = integer(
        3_000_000,
        Text(en="Turns of the loop that each of two computes", zh="两个工作者各计算的循环次数"),
        minimum=200_000,
        maximum=20_000_000,
    )


def _of(timeline: Timeline, kind: str, task: str) -> list[Track]:
    return starting(timeline, f"{kind}-{task}-", KINDS[kind][0], least=2)


def _told(timeline: Timeline) -> dict[str, tuple[float, int, int]]:
    """Of each kind: KiB for one more, and the changes that main sees, of how many."""
    found = {}
    for line in lines(timeline):
        if match := _ROW.match(line.text):
            found[match[1]] = float(match[2]), int(match[3]), int(match[4])
    if len(found) < len(KINDS):
        raise NotSeen(en="The program did not come to its table.", zh="程序没有输出完整的表格。")
    return found


def check_start(timeline: Timeline, params: Settings) -> Answer:
    need_exact(timeline)
    main = root(timeline)
    found = [start_cost(timeline, main, _of(timeline, kind, "waits")) for kind in KINDS]
    parts = list(zip(KINDS, (cost for cost, _ in found), strict=True))
    return ascending(
        [cost for cost, _ in found],
        en="CPU time of main to start one more: "
        + ", ".join(f"{duration(cost)} ({kind})" for kind, cost in parts)
        + ".",
        zh="每多启动一个，主线程所用的 CPU 时间："
        + "，".join(f"{KINDS[kind][1]} {duration(cost)}" for kind, cost in parts)
        + "。",
        evidence=[Span(main.id, *births[1:]) for _, births in found],
    )


def _together(timeline: Timeline, tracks: list[Track]) -> Span:
    """While all of them were there."""
    begin = max(track.start_ns for track in tracks)
    return Span(tracks[0].id, begin, max(begin, min(end_of(timeline, one) for one in tracks)))


def _stops(timeline: Timeline, kind: str) -> list[Span]:
    """Where the kernel stopped the two that pass the turn on; of coroutines, their one thread."""
    players = _of(timeline, kind, "plays")
    _, begin, end = _together(timeline, players)
    threads = {player.parent for player in players}
    tracks = [timeline.tracks[one] for one in threads] if kind == "coroutine" else players
    rows = [row for track in tracks for row in timeline.of(track, State.BLOCKED, State.GIL)]
    return clip(rows, begin, end)


def check_switch(timeline: Timeline, params: Settings) -> Answer:
    need_exact(timeline)
    passed = 2 * params.switches
    turns = sum(
        len(timeline.of(player, State.RUNNING)) for player in _of(timeline, "coroutine", "plays")
    )
    if turns < passed / 2:
        return not_seen(
            en=f"The coroutines were seen to run {times(turns)} only.",
            zh=f"只看到协程运行了 {turns} 次。",
        )
    stops = {kind: _stops(timeline, kind) for kind in KINDS}
    # Where both share one CPU, every second turn may come without a wait.
    counts = {kind: len(rows) for kind, rows in stops.items()}
    least = min(counts["thread"], counts["process"])
    return either(
        counts["coroutine"] < 0.1 * turns and least >= 0.25 * passed,
        en=f"For {passed} turns passed on, the kernel stopped processes {times(counts['process'])} "
        f"and threads {times(counts['thread'])}. Coroutines ran {times(turns)}, and their thread "
        f"was stopped {times(counts['coroutine'])}.",
        zh=f"交接 {passed} 次，内核让进程停下 {counts['process']} 次，"
        f"让线程停下 {counts['thread']} 次。"
        f"协程运行了 {turns} 次，它们所在的线程停下 {counts['coroutine']} 次。",
        evidence=[*stops["process"], *stops["thread"]],
    )


def check_memory(timeline: Timeline, params: Settings) -> Answer:
    told = _told(timeline)
    parts = [(kind, told[kind][0]) for kind in KINDS]
    return ascending(
        [kib for _, kib in parts],
        en="Memory of one more: "
        + ", ".join(f"{kib:.1f} KiB ({kind})" for kind, kib in parts)
        + ".",
        zh="每多一个所占的内存："
        + "，".join(f"{KINDS[kind][1]} {kib:.1f} KiB" for kind, kib in parts)
        + "。",
        evidence=[whole(timeline, root(timeline))],
    )


def _running(timeline: Timeline, kind: str) -> list[list[Slice]]:
    running = [timeline.of(track, State.RUNNING) for track in _of(timeline, kind, "computes")]
    if not all(running):
        raise NotSeen(en="Not all were seen to compute.", zh="并非都被看到在计算。")
    return running


def _short_of_cpus(timeline: Timeline, running: list[list[Slice]]) -> bool:
    """One CPU seen only, or long on the run queue: others had the second one."""
    rows = [row for one in running for row in one]
    tracks = [timeline.tracks[one[0].track] for one in running]
    ready = sum(timeline.total_ns(track, State.READY) for track in tracks)
    return len({row.cpu for row in rows if row.cpu >= 0}) < 2 or ready > 0.25 * total(rows)


def check_computing(timeline: Timeline, params: Settings) -> Answer:
    """Processes at once; coroutines never; threads as their interpreter has a lock or not."""
    need_exact(timeline)
    parallel = {"process": True, "thread": runs_free(timeline), "coroutine": False}
    as_said, short, evidence, parts = True, False, list[Span](), []
    but = NO_TEXT
    for kind, at_once in parallel.items():
        running = _running(timeline, kind)
        both, ran = pairwise(running), sum(map(total, running))
        evidence += both
        parts.append((kind, percent(2 * total(both), ran)))
        if at_once and 2 * total(both) <= 0.2 * ran and _short_of_cpus(timeline, running):
            short = True
        elif at_once:
            as_said = as_said and 2 * total(both) > 0.2 * ran
        else:
            as_said = as_said and 2 * total(both) <= AT_ONCE * ran
            but = excused(2 * total(both), ran, AT_ONCE, ASKS) if not but.en else but
    name = python_of(timeline)
    en = f"Computed at once: {', '.join(f'{share} ({kind})' for kind, share in parts)}, on {name}."
    en += but.en
    zh = f"同时计算的比例：{'，'.join(f'{KINDS[kind][1]} {share}' for kind, share in parts)}，"
    zh += f"解释器 {name}。{but.of('zh')}"
    if as_said and short:
        return not_seen(
            en=f"{en} The machine had no second CPU to spare.", zh=f"{zh}机器没有空闲的第二个 CPU。"
        )
    return either(as_said, en=en, zh=zh, evidence=evidence)


def check_waiting(timeline: Timeline, params: Settings) -> Answer:
    """All of a kind wait side by side: less time goes by than they wait in all."""
    ratios, evidence, parts = [], [], []
    for kind in KINDS:
        tracks = _of(timeline, kind, "waits")
        lives = [whole(timeline, track) for track in tracks]
        took = max(life.end_ns for life in lives) - min(life.start_ns for life in lives)
        waited = sum(timeline.total_ns(one, State.BLOCKED, State.AWAITING) for one in tracks)
        if not waited:
            return not_seen(en="Not all were seen to wait.", zh="并非都被看到在等待。")
        ratios.append(waited / took)
        parts.append((kind, f"{duration(waited)} / {duration(took)}"))
        evidence.append(lives[0])
    en = ", ".join(f"{figure} ({kind})" for kind, figure in parts)
    zh = "，".join(f"{KINDS[kind][1]} {figure}" for kind, figure in parts)
    return either(
        min(ratios) > 1.1,
        en=f"Waited in all, and the time that went by: {en}.",
        zh=f"等待的总和 / 实际经过的时间：{zh}。",
        evidence=evidence,
    )


def check_isolation(timeline: Timeline, params: Settings) -> Answer:
    told, main = _told(timeline), root(timeline)
    pids = {kind: {track.pid for track in _of(timeline, kind, "waits")} for kind in KINDS}
    apart = main.pid not in pids["process"] and not told["process"][1]
    shared = all(
        pids[kind] == {main.pid} and told[kind][1] == told[kind][2]
        for kind in ("thread", "coroutine")
    )
    seen = [(kind, f"{told[kind][1]} / {told[kind][2]}", len(pids[kind])) for kind in KINDS]
    en = "; ".join(f"{kind}: {part} changes, pids: {n}" for kind, part, n in seen)
    zh = "；".join(f"{KINDS[kind][1]}：{part} 次改动，pid 数：{n}" for kind, part, n in seen)
    return either(
        apart and shared,
        en=f"Main sees of them: {en}.",
        zh=f"主程序看到：{zh}。",
        evidence=[whole(timeline, main)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.SUMMARY,
    title=Text(en="Processes, threads, coroutines", zh="进程、线程、协程"),
    summary=Text(
        en="The same work by all three, and the table of their costs and gains, each cell "
        "measured.",
        zh="同样的工作由三者各做一遍：代价与收益的对比表，每一格都是实测。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.START, Idea.PARALLELISM, Idea.EVENT_LOOP, Idea.SCHEDULING),
        primitives=("multiprocessing.Process", "threading.Thread", "asyncio.create_task"),
        states=(State.RUNNING, State.BLOCKED, State.AWAITING, State.GIL),
        level=2,
    ),
    claims=(
        Claim(
            "start",
            Text(
                en="To start one more costs most for a process, less for a thread, least for a "
                "coroutine.",
                zh="多启动一个的代价：进程最大，线程次之，协程最小。",
            ),
            check_start,
        ),
        Claim(
            "switch",
            Text(
                en="The kernel switches processes and threads: it stops one and wakes the other. "
                "Of a switch between coroutines it sees nothing.",
                zh="进程和线程由内核切换：停下一个，唤醒另一个。协程之间的切换，内核完全看不到。",
            ),
            check_switch,
        ),
        Claim(
            "memory",
            Text(
                en="One more process takes most memory, a thread less, a coroutine least.",
                zh="每多一个所占的内存：进程最多，线程次之，协程最少。",
            ),
            check_memory,
        ),
        Claim(
            "computing",
            Text(
                en="Processes compute at the same instant, coroutines of one loop never; threads "
                "do only where the interpreter has no GIL.",
                zh="进程可以在同一时刻计算，同一事件循环的协程不行；"
                "线程只有在没有 GIL 的解释器上才行。",
            ),
            check_computing,
        ),
        Claim(
            "waiting",
            Text(
                en="All three can wait side by side: less time goes by than they wait in all.",
                zh="三者都可以同时等待：实际经过的时间少于等待时间之和。",
            ),
            check_waiting,
        ),
        Claim(
            "isolation",
            Text(
                en="A process changes a copy of its own; threads and coroutines change what main "
                "has.",
                zh="进程改动的是自己的拷贝；线程和协程改动的就是主程序的数据。",
            ),
            check_isolation,
        ),
    ),
)
