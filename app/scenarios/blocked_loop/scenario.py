"""time.sleep in a coroutine stops the whole event loop; await asyncio.sleep does not."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, need_said, percent, root, starting, total
from app.locale.text import Text, listed, verbatim
from app.timeline.model import OPEN, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    sleep: Literal["time.sleep", "asyncio.sleep", "to_thread"] = choice(
        "time.sleep",
        Text(en="The sleeper uses", zh="sleeper 使用"),
        {
            "time.sleep": verbatim("time.sleep()"),
            "asyncio.sleep": verbatim("await asyncio.sleep()"),
            "to_thread": Text(
                en="time.sleep() in another thread", zh="在另一个线程里 time.sleep()"
            ),
        },
    )
    seconds: float = number(
        0.8, Text(en="It sleeps for", zh="睡眠时间"), minimum=0.2, maximum=5, unit="s"
    )
    tickers: int = integer(2, Text(en="Other coroutines", zh="其他协程数"), minimum=1, maximum=6)
    tick_ms: int = integer(
        100,
        Text(en="Each of them runs every", zh="它们的运行间隔"),
        minimum=10,
        maximum=1000,
        unit="ms",
    )


def _one(timeline: Timeline, function: str) -> Track:
    """The coroutine of this function; a task bears its name too."""
    return starting(timeline, function, TrackKind.COROUTINE)[0]


def sleep_of(timeline: Timeline) -> Span:
    """From the sleeper's last word before its sleep to its first word after it."""
    sleeper = _one(timeline, "sleeper")
    start = need_said(timeline, "sleeper: good night").ns
    return Span(sleeper.id, start, need_said(timeline, "sleeper: good morning").ns)


def _others_ran(timeline: Timeline, sleep: Span) -> list[Span]:
    tickers = starting(timeline, "ticker", TrackKind.COROUTINE)
    listeners = starting(timeline, "listener", TrackKind.COROUTINE)
    return [
        span
        for track in [*tickers, *listeners]
        for span in clip(timeline.of(track, State.RUNNING), sleep.start_ns, sleep.end_ns)
    ]


def check_others(timeline: Timeline, params: Settings) -> Answer:
    sleep = sleep_of(timeline)
    ran = _others_ran(timeline, sleep)
    en = f"In the {duration(sleep.length_ns)} of the sleep the others ran {times(len(ran))}."
    zh = f"在睡眠的 {duration(sleep.length_ns)} 里，其他协程运行了 {len(ran)} 次。"
    if params.sleep == "time.sleep":
        return either(not ran, en=en, zh=zh, evidence=[sleep, *ran])
    if not ran and sleep.length_ns < 2 * params.tick_ms * 1_000_000:
        return not_seen(en=en, zh=zh, evidence=[sleep])
    return either(bool(ran), en=en, zh=zh, evidence=[sleep, *ran])


def check_ready(timeline: Timeline, params: Settings) -> Answer:
    """The listener has a message. With time.sleep it stays ready until the sleep is over."""
    sleep = sleep_of(timeline)
    listener = _one(timeline, "listener")
    ready = clip(timeline.of(listener, State.READY), sleep.start_ns, sleep.end_ns)
    en = f"It was ready for {duration(total(ready))}, {percent(total(ready), sleep.length_ns)} of "
    en += "the sleep."
    zh = f"它处于就绪状态 {duration(total(ready))}，占睡眠时间的 "
    zh += f"{percent(total(ready), sleep.length_ns)}。"
    share = total(ready) / sleep.length_ns if sleep.length_ns else 0
    return either(
        share > 0.9 if params.sleep == "time.sleep" else share < 0.5,
        en=en,
        zh=zh,
        evidence=ready or [sleep],
    )


def check_finding(timeline: Timeline, params: Settings) -> Answer:
    """The run itself reports a blocked loop when, and only when, time.sleep is used."""
    sleep = sleep_of(timeline)
    found = [
        item
        for item in timeline.findings.values()
        if item.kind == "loop-blocked"
        and item.start_ns < sleep.end_ns
        and (item.end_ns == OPEN or item.end_ns > sleep.start_ns)
    ]
    sleeper = _one(timeline, "sleeper")
    awaiting = clip(timeline.of(sleeper, State.AWAITING), sleep.start_ns, sleep.end_ns)
    running = clip(timeline.of(sleeper, State.RUNNING), sleep.start_ns, sleep.end_ns)
    en = f"Asleep, the sleeper was running for {duration(total(running))} and awaiting for "
    en += f"{duration(total(awaiting))}; "
    en += f"{counted(len(found), 'blocked loop was', 'blocked loops were')} reported."
    zh = (
        f"睡眠期间，sleeper 处于运行 {duration(total(running))}，等待 {duration(total(awaiting))}；"
    )
    zh += f"报告了 {len(found)} 次事件循环阻塞。"
    if params.sleep == "time.sleep":
        return either(
            bool(found) and total(running) > total(awaiting), en=en, zh=zh, evidence=[sleep]
        )
    return either(total(awaiting) > total(running), en=en, zh=zh, evidence=[sleep])


def check_thread_sleeps(timeline: Timeline, params: Settings) -> Answer:
    """With to_thread, the sleep is on a track of another thread."""
    if params.sleep == "asyncio.sleep":
        return not_seen(en="Nobody calls time.sleep here.", zh="这里没有人调用 time.sleep。")
    sleep = sleep_of(timeline)
    asleep = {
        track.id: [
            span
            for row in timeline.of(track, State.BLOCKED)
            if row.reason is Reason.SLEEP
            for span in clip([row], sleep.start_ns, sleep.end_ns)
        ]
        for track in timeline.of_kind(TrackKind.PROCESS, TrackKind.THREAD)
    }
    loop = root(timeline).id
    who = [track for track, spans in asleep.items() if total(spans) > 0.5 * sleep.length_ns]
    if not who:
        return not_seen(
            en="No thread was seen to sleep that long.", zh="没有看到哪个线程睡了这么久。"
        )
    names = listed(timeline.tracks[track].name for track in who)
    return either(
        (loop in who) == (params.sleep == "time.sleep"),
        en=f"The thread that slept: {names.en}.",
        zh=f"睡眠的线程：{names.of('zh')}。",
        evidence=[span for track in who for span in asleep[track]],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="A blocked event loop", zh="被阻塞的事件循环"),
    summary=Text(
        en="time.sleep in a coroutine stops all others; asyncio.sleep or another thread does not.",
        zh="协程里的 time.sleep 会让其他协程全部停下；asyncio.sleep 或放到另一个线程则不会。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.BLOCKING),
        primitives=("asyncio.sleep", "time.sleep", "loop.run_in_executor", "asyncio.Queue"),
        states=(State.READY, State.RUNNING, State.AWAITING),
        level=2,
    ),
    claims=(
        Claim(
            "others",
            lambda params: (
                Text(
                    en="During time.sleep in a coroutine no other coroutine of the loop runs.",
                    zh="协程里执行 time.sleep 期间，同一事件循环中的其他协程都不能运行。",
                )
                if params.sleep == "time.sleep"
                else Text(
                    en="During this sleep the other coroutines go on.",
                    zh="这样睡眠时，其他协程照常运行。",
                )
            ),
            check_others,
        ),
        Claim(
            "ready",
            lambda params: (
                Text(
                    en="The listener has its message, is ready, and still can't run.",
                    zh="listener 已经收到消息、处于就绪状态，却不能运行。",
                )
                if params.sleep == "time.sleep"
                else Text(
                    en="The listener runs soon after it has become ready.",
                    zh="listener 就绪后很快就能运行。",
                )
            ),
            check_ready,
        ),
        Claim(
            "sleeper",
            lambda params: (
                Text(
                    en="To the event loop, a coroutine in time.sleep is running, not awaiting.",
                    zh="在事件循环看来，正在 time.sleep 的协程是在运行，而不是在等待。",
                )
                if params.sleep == "time.sleep"
                else Text(
                    en="To the event loop, this sleeper is awaiting.",
                    zh="在事件循环看来，这样睡眠的协程是在等待。",
                )
            ),
            check_finding,
        ),
        Claim(
            "which-thread",
            lambda params: (
                Text(
                    en="Handed to another thread, the sleep blocks that thread and not the loop's.",
                    zh="交给另一个线程后，睡眠阻塞的是那个线程，而不是事件循环的线程。",
                )
                if params.sleep == "to_thread"
                else Text(
                    en="time.sleep blocks the thread it is called in, here the loop's own.",
                    zh="time.sleep 阻塞调用它的线程，在这里就是事件循环所在的线程。",
                )
            ),
            check_thread_sleeps,
        ),
    ),
)
