"""gevent: waiting that lets others run, and waiting that does not; patched and unpatched."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, flag, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    common,
    duration,
    need_said,
    pairwise,
    percent,
    root,
    said,
    starting,
    stretches,
    total,
)
from app.locale.text import Text, verbatim
from app.timeline.model import Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    patch: bool = flag(
        True,
        Text(en="Patch the standard library", zh="给标准库打补丁"),
        help=Text(
            en="gevent then replaces its functions that wait.",
            zh="gevent 会替换标准库中会等待的函数。",
        ),
    )
    wait: Literal["time.sleep", "gevent.sleep"] = choice(
        "time.sleep",
        Text(en="A greenlet waits by", zh="greenlet 的等待方式"),
        {
            "time.sleep": verbatim("time.sleep"),
            "gevent.sleep": verbatim("gevent.sleep"),
        },
    )
    greenlets: int = integer(4, Text(en="Greenlets", zh="greenlet 数"), minimum=2, maximum=10)
    seconds: float = number(
        0.15,
        Text(en="The first waits for", zh="第一个等待"),
        minimum=0.05,
        maximum=1,
        step=0.05,
        unit="s",
        help=Text(en="The second twice as long, and so on.", zh="第二个是它的两倍，依此类推。"),
    )


def _gives_way(params: Settings) -> bool:
    """Whether who waits here lets the others run."""
    return params.patch or params.wait == "gevent.sleep"


def _greenlets(timeline: Timeline) -> list[Track]:
    return starting(timeline, "fetch", TrackKind.COROUTINE, least=2)


def _waits(timeline: Timeline) -> list[Span]:
    """Each greenlet from its first word to its last."""
    found = stretches(timeline, r"fetch (\d+) begins", r"fetch (\d+) is done")
    if len(found) < 2:
        raise NotSeen(en="No two greenlets were seen whole.", zh="没有看到两个完整的 greenlet。")
    return list(found.values())


def check_total(timeline: Timeline, params: Settings) -> Answer:
    waits = _waits(timeline)
    took = max(span.end_ns for span in waits) - min(span.start_ns for span in waits)
    longest, summed = max(span.length_ns for span in waits), total(waits)
    en = f"Their waits add up to {duration(summed)}, the longest is {duration(longest)}; together "
    en += f"they took {duration(took)}."
    zh = f"等待时间合计 {duration(summed)}，最长的 {duration(longest)}；总共用了 {duration(took)}。"
    if _gives_way(params):
        return either(took < longest + (summed - longest) / 2, en=en, zh=zh, evidence=waits)
    return either(took >= 0.95 * summed, en=en, zh=zh, evidence=waits)


def check_who_waits(timeline: Timeline, params: Settings) -> Answer:
    """Whether it is the greenlet that waits, or the thread below it, with the greenlet running."""
    main, greenlets = root(timeline), _greenlets(timeline)
    slept = [row for row in timeline.of(main, State.BLOCKED) if row.reason is Reason.SLEEP]
    running = [
        span for track in greenlets for span in common(timeline.of(track, State.RUNNING), slept)
    ]
    awaiting = [row for track in greenlets for row in timeline.of(track, State.AWAITING)]
    both = total(running) + total(awaiting)
    if not both:
        return not_seen(en="None was seen to wait.", zh="没有看到它们等待。")
    en = f"Greenlets were suspended for {duration(total(awaiting))} in all; for "
    en += f"{duration(total(running))} their thread slept while one of them was running, "
    en += f"{percent(total(running), both)}."
    zh = f"greenlet 挂起合计 {duration(total(awaiting))}；线程睡眠而 greenlet 处于运行状态的时间为 "
    zh += f"{duration(total(running))}，占 {percent(total(running), both)}。"
    if _gives_way(params):
        return either(total(awaiting) > 0.8 * both, en=en, zh=zh, evidence=awaiting)
    return either(total(running) > 0.8 * both, en=en, zh=zh, evidence=running)


def check_spawn(timeline: Timeline, params: Settings) -> Answer:
    waits = _waits(timeline)
    spawned = need_said(timeline, "main: all are spawned")
    early = [line for line in said(timeline, "begins") if line.ns < spawned.ns]
    first = min(span.start_ns for span in waits)
    return either(
        not early,
        en=f"All were spawned at {duration(spawned.ns)}; the first one began at {duration(first)}.",
        zh=f"在 {duration(spawned.ns)} 全部创建完毕；第一个在 {duration(first)} 才开始。",
        evidence=[Span(spawned.track, spawned.ns, max(first, spawned.ns))],
    )


def check_one_thread(timeline: Timeline, params: Settings) -> Answer:
    greenlets = _greenlets(timeline)
    together = pairwise([timeline.of(track, State.RUNNING) for track in greenlets])
    threads = {track.parent for track in greenlets}
    return either(
        not together and len(threads) == 1,
        en=f"{len(greenlets)} greenlets on {len(threads)} thread; two of them were "
        f"running at once {times(len(together))}.",
        zh=f"{len(greenlets)} 个 greenlet 在 {len(threads)} 个线程上；其中两个同时运行 "
        f"{len(together)} 次。",
        evidence=together
        or [row for track in greenlets for row in timeline.of(track, State.RUNNING)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="gevent: patched and unpatched", zh="gevent：打补丁与不打补丁"),
    summary=Text(
        en="Greenlets with an event loop: what waits together, and what holds up everybody.",
        zh="带事件循环的 greenlet：怎样一起等待，又是什么会挡住所有人。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.BLOCKING),
        primitives=("gevent.spawn", "gevent.joinall", "gevent.sleep", "monkey.patch_all"),
        states=(State.AWAITING, State.RUNNING, State.BLOCKED),
        level=2,
    ),
    requires=("gevent",),
    claims=(
        Claim(
            "total",
            lambda params: (
                Text(
                    en="Waiting together takes about as long as the longest wait, not as the sum.",
                    zh="一起等待所需的时间约等于最长的那个，而不是总和。",
                )
                if _gives_way(params)
                else Text(
                    en="Unpatched, time.sleep makes greenlets wait one after the other: the sum.",
                    zh="不打补丁，time.sleep 让 greenlet 一个接一个地等待：时间是总和。",
                )
            ),
            check_total,
        ),
        Claim(
            "who-waits",
            lambda params: (
                Text(
                    en="It is the greenlet that waits; its thread serves the others meanwhile.",
                    zh="等待的是 greenlet；线程同时为其他 greenlet 服务。",
                )
                if _gives_way(params)
                else Text(
                    en="It is the thread that waits: to gevent, the sleeping greenlet is running.",
                    zh="等待的是线程：在 gevent 看来，睡眠中的 greenlet 正在运行。",
                )
            ),
            check_who_waits,
        ),
        Claim(
            "spawn",
            Text(
                en="spawn() runs nothing: greenlets begin when main gives way, here in joinall().",
                zh="spawn() 不会立即运行：主程序让出时（这里是 joinall()）greenlet 才开始。",
            ),
            check_spawn,
        ),
        Claim(
            "one-thread",
            Text(
                en="All greenlets share one thread, and one of them runs at a time.",
                zh="所有 greenlet 共用一个线程，一次只有一个在运行。",
            ),
            check_one_thread,
        ),
    ),
)
