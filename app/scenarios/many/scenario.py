"""What one more coroutine, thread or process costs: time to start it, memory, kernel switches."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, Span, ascending, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    lines,
    need_exact,
    root,
    start_cost,
    starting,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: From the cheapest to the most expensive, by their English names: what their tracks are named.
KINDS = {
    "coroutines": (Text(en="coroutines", zh="协程"), "wait_in_a_coroutine", TrackKind.COROUTINE),
    "threads": (Text(en="threads", zh="线程"), "thread-", TrackKind.THREAD),
    "processes": (Text(en="processes", zh="进程"), "process-", TrackKind.PROCESS),
}


class Settings(Parameters):
    coroutines: int = integer(2_000, Text(en="Coroutines", zh="协程数"), minimum=10, maximum=10_000)
    threads: int = integer(
        100,
        Text(en="Threads", zh="线程数"),
        minimum=5,
        maximum=200,
        help=Text(
            en="A run here may have 256 threads and processes.",
            zh="这里的一次运行最多 256 个线程和进程。",
        ),
    )
    processes: int = integer(15, Text(en="Processes", zh="进程数"), minimum=2, maximum=50)
    ms: int = integer(
        300,
        Text(en="Each of them waits for", zh="每个都等待"),
        minimum=100,
        maximum=1000,
        unit="ms",
    )


class Batch(NamedTuple):
    """All of one kind."""

    name: Text
    tracks: list[Track]


def _batches(timeline: Timeline) -> list[Batch]:
    return [
        Batch(name, starting(timeline, prefix, kind, least=2))
        for name, prefix, kind in KINDS.values()
    ]


def check_start(timeline: Timeline, params: Settings) -> Answer:
    """CPU time of the main thread between the first birth and the last, for each of them."""
    need_exact(timeline)
    batches, main = _batches(timeline), root(timeline)
    found = [start_cost(timeline, main, batch.tracks) for batch in batches]
    costs = [cost for cost, _ in found]
    pairs = list(zip(batches, costs, strict=True))
    en = "CPU time of main to start one more: "
    en += ", ".join(f"{duration(cost)} ({batch.name.en})" for batch, cost in pairs) + "."
    zh = "每多启动一个，主线程所用的 CPU 时间："
    zh += "，".join(f"{batch.name.of('zh')} {duration(cost)}" for batch, cost in pairs) + "。"
    return ascending(
        costs, en=en, zh=zh, evidence=[Span(main.id, *births[1:]) for _, births in found]
    )


def check_memory(timeline: Timeline, params: Settings) -> Answer:
    found = {}
    for line in lines(timeline):
        if match := re.match(r"\d+ (\w+): started in .*, (-?[\d.]+) KiB each", line.text):
            found[match[1]] = float(match[2])
    if params.coroutines < 200 or params.threads < 20:
        raise NotSeen(
            en="So few of them are lost in what the interpreter itself takes.",
            zh="数量太少，会被解释器自身的内存变化淹没。",
        )
    if len(found) < len(KINDS):
        raise NotSeen(en="The program did not come to its figures.", zh="程序没有输出全部结果。")
    costs = [found[name] for name in KINDS]
    en = ", ".join(f"{found[name]:.1f} KiB ({name})" for name in KINDS)
    zh = "，".join(f"{text.of('zh')} {found[name]:.1f} KiB" for name, (text, *_) in KINDS.items())
    return ascending(
        costs,
        en=f"Memory of one more: {en}.",
        zh=f"每多一个所占的内存：{zh}。",
        evidence=[whole(timeline, root(timeline))],
    )


def check_together(timeline: Timeline, params: Settings) -> Answer:
    batches = _batches(timeline)
    parts_en, parts_zh, worst = [], [], 0.0
    for batch in batches:
        lives = [whole(timeline, track) for track in batch.tracks]
        took = max(life.end_ns for life in lives) - min(life.start_ns for life in lives)
        waited = sum(_waited(timeline, track) for track in batch.tracks)
        if not waited:
            return not_seen(
                en=f"The {batch.name.en} were not seen to wait.",
                zh=f"没有看到{batch.name.of('zh')}在等待。",
            )
        worst = max(worst, took / waited)
        parts_en.append(
            f"{len(lives)} {batch.name.en} waited {duration(waited)} within {duration(took)}"
        )
        parts_zh.append(
            f"{len(lives)} 个{batch.name.of('zh')}在 {duration(took)} 内共等待 {duration(waited)}"
        )
    return either(
        worst < 0.9,
        en=f"{'; '.join(parts_en)}.",
        zh=f"{'；'.join(parts_zh)}。",
        evidence=[whole(timeline, batch.tracks[0]) for batch in batches],
    )


def _waited(timeline: Timeline, track: Track) -> int:
    return timeline.total_ns(track, State.BLOCKED, State.AWAITING)


def check_one_thread(timeline: Timeline, params: Settings) -> Answer:
    """To the kernel the coroutines are one thread, which stops far less often than they do."""
    batch, main = _batches(timeline)[0], root(timeline)
    lives = [whole(timeline, track) for track in batch.tracks]
    first, last = min(life.start_ns for life in lives), max(life.end_ns for life in lives)
    stops = clip(timeline.of(main, State.BLOCKED), first, last)
    waits = sum(len(timeline.of(track, State.AWAITING)) for track in batch.tracks)
    threads = {track.parent for track in batch.tracks}
    if waits < 100:
        return not_seen(en=f"There were {waits} waits only.", zh=f"只有 {waits} 次等待。")
    return either(
        len(threads) == 1 and len(stops) < waits / 2,
        en=f"{len(batch.tracks)} coroutines awaited {times(waits)} on {len(threads)} thread, which "
        f"the kernel saw blocked {times(len(stops))}.",
        zh=f"{len(batch.tracks)} 个协程在 {len(threads)} 个线程上等待了 {waits} 次，"
        f"内核看到这个线程阻塞 {len(stops)} 次。",
        evidence=stops,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="Thousands of coroutines", zh="成千上万个协程"),
    summary=Text(
        en="The same wait in thousands of coroutines, hundreds of threads and tens of processes.",
        zh="同样的等待：成千上万个协程，上百个线程，几十个进程。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.START, Idea.EVENT_LOOP),
        primitives=("asyncio.create_task", "threading.Thread", "multiprocessing.Process"),
        states=(State.AWAITING, State.BLOCKED, State.NEW),
        level=2,
    ),
    claims=(
        Claim(
            "start",
            Text(
                en="To start one more, a coroutine is cheaper than a thread, and a thread than a "
                "process.",
                zh="多启动一个的代价：协程小于线程，线程小于进程。",
            ),
            check_start,
        ),
        Claim(
            "memory",
            Text(
                en="One more coroutine takes less memory than a thread, and a thread than a "
                "process.",
                zh="多一个所占的内存：协程小于线程，线程小于进程。",
            ),
            check_memory,
        ),
        Claim(
            "together",
            Text(
                en="All three can wait together: far less time goes by than they wait in all.",
                zh="三者都能一起等待：实际经过的时间远小于等待时间之和。",
            ),
            check_together,
        ),
        Claim(
            "one-thread",
            Text(
                en="To the kernel, thousands of coroutines are one thread; it does not see their "
                "switches.",
                zh="在内核看来，成千上万个协程只是一个线程；它看不到协程之间的切换。",
            ),
            check_one_thread,
        ),
    ),
)
