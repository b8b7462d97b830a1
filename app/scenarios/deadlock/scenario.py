"""Two locks taken crosswise, and three ways to mend it."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, fails, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    named,
    need_exact,
    percent,
    total,
    whole,
)
from app.catalogue.tolerance import WAKES, excused
from app.locale.text import Text, listed
from app.scenarios.deadlock.waits import GUESTS, lock_waits, no_cycle, soon_over
from app.timeline.model import OPEN, Finding
from app.timeline.states import Cause, State
from app.timeline.timeline import Timeline


class Settings(Parameters):
    variant: Literal["broken", "ordered", "timeout", "one-lock"] = choice(
        "broken",
        Text(en="Variant", zh="做法"),
        {
            "broken": Text(en="Broken: each in an order of its own", zh="错误：各按各的顺序加锁"),
            "ordered": Text(
                en="Mended: both take them in the same order", zh="修复：按相同顺序加锁"
            ),
            "timeout": Text(en="Mended: put back and try again", zh="修复：等待超时就放回重试"),
            "one-lock": Text(
                en="Mended: one lock for both things", zh="修复：用一把大锁保护两样东西"
            ),
        },
    )  # fmt: skip
    meals: int = integer(
        20,
        Text(en="Meals", zh="用餐次数"),
        minimum=1,
        maximum=100,
        help=Text(en="How often each of the two wants to eat.", zh="两个人各想吃多少次。"),
    )
    patience: float = number(
        2.5,
        Text(en="Patience", zh="主线程的耐心"),
        minimum=0.5,
        maximum=20,
        step=0.5,
        unit="s",
        help=Text(
            en="After this time main gives up waiting for them.",
            zh="超过这个时间，主线程不再等待。",
        ),
    )


def _deadlock(timeline: Timeline) -> Finding | None:
    found = [item for item in timeline.findings.values() if item.kind == "deadlock"]
    return max(found, key=lambda item: item.start_ns, default=None)


def _lasting(timeline: Timeline, finding: Finding) -> int:
    return timeline.now_ns if finding.end_ns == OPEN else finding.end_ns


def _spans_of(timeline: Timeline, finding: Finding) -> list[Span]:
    end = _lasting(timeline, finding)
    return [Span(wait.track, finding.start_ns, end) for wait in finding.cycle]


def _sentence(timeline: Timeline, finding: Finding) -> tuple[str, str]:
    """Who waits for what, held by whom."""
    english, chinese = [], []
    for wait in finding.cycle:
        who, holder = timeline.tracks[wait.track].name, timeline.tracks[wait.holder].name
        thing = timeline.objects[wait.object].name if wait.object in timeline.objects else "?"
        english.append(f"{who} waits at line {wait.line} for {thing}, which {holder} holds")
        chinese.append(f"{who} 在第 {wait.line} 行等待 {holder} 持有的 {thing}")
    return "; ".join(english), "；".join(chinese)


def check_cycle(timeline: Timeline, params: Settings) -> Answer:
    """Broken: a cycle is found while they are stuck. Mended: there is none, or it soon ends."""
    guests = named(timeline, *GUESTS)
    finding = _deadlock(timeline)
    if finding:
        en, zh = _sentence(timeline, finding)
        at = duration(finding.start_ns)
        spans = _spans_of(timeline, finding)
        lasts = duration(_lasting(timeline, finding) - finding.start_ns)
        return either(
            params.variant == "broken" and len(finding.cycle) >= 2,
            en=f"Found at {at}, it lasted {lasts}: {en}.",
            zh=f"在 {at} 发现，持续 {lasts}：{zh}。",
            evidence=spans,
        )
    waits = lock_waits(timeline)
    ended = [guest for guest in guests if guest.end and guest.end.cause is Cause.RETURNED]
    if params.variant != "broken":
        if not waits:
            return not_seen(en="They never waited for a lock.", zh="两个人从未等过锁。")
        return (soon_over if params.variant == "timeout" else no_cycle)(timeline, waits)
    if len(ended) == len(guests) and len(waits) < 10:
        return not_seen(
            en=f"Both were lucky: they met at a lock only {times(len(waits))}. Let them eat more.",
            zh=f"两个人运气好：只在锁上相遇了 {len(waits)} 次。可以增加用餐次数。",
            evidence=waits,
        )
    return fails(
        en=f"They waited for a lock {times(len(waits))}, but no cycle was found.",
        zh=f"两个人等锁 {len(waits)} 次，却没有发现循环等待。",
        evidence=waits,
    )


def check_hold_and_wait(timeline: Timeline, params: Settings) -> Answer:
    """Along the cycle: the one who holds what I wait for waits for what I hold."""
    finding = _deadlock(timeline)
    if finding is None or not finding.cycle:
        return not_seen(en="There was no deadlock in this run.", zh="本次运行没有死锁。")
    waiting = {wait.track: wait for wait in finding.cycle}
    closed = all(
        wait.holder in waiting
        and wait.holder != wait.track
        and waiting[wait.holder].object != wait.object
        and 0 <= wait.held_since_ns <= finding.start_ns
        for wait in finding.cycle
    )
    held = listed(
        f"{timeline.tracks[wait.holder].name} ({duration(finding.start_ns - wait.held_since_ns)})"
        for wait in finding.cycle
    )
    return either(
        closed,
        en=f"When the cycle closed, each had held its lock for some time: {held.en}.",
        zh=f"循环形成时，双方各自已经持有锁：{held.of('zh')}。",
        evidence=_spans_of(timeline, finding),
    )


def check_nobody_runs(timeline: Timeline, params: Settings) -> Answer:
    """From the deadlock on, the two use no CPU."""
    finding = _deadlock(timeline)
    if finding is None or not finding.cycle:
        return not_seen(en="There was no deadlock in this run.", zh="本次运行没有死锁。")
    need_exact(timeline)
    end = min(end_of(timeline, timeline.tracks[wait.track]) for wait in finding.cycle)
    stuck = end - finding.start_ns
    if stuck <= 0:
        return not_seen(en="The deadlock came at the very end.", zh="死锁出现在运行的最后一刻。")
    ran = [
        span
        for wait in finding.cycle
        for span in clip(
            timeline.of(timeline.tracks[wait.track], State.RUNNING), finding.start_ns, end
        )
    ]
    but = excused(total(ran), stuck, 0.05, WAKES)
    share = percent(total(ran), stuck)
    return either(
        total(ran) < 0.05 * stuck,
        en=f"In the {duration(stuck)} they were stuck, they ran {share} of it.{but.en}",
        zh=f"卡住的 {duration(stuck)} 里，两个人共运行了其中的 {share}。{but.of('zh')}",
        evidence=_spans_of(timeline, finding),
    )


def check_all_eat(timeline: Timeline, params: Settings) -> Answer:
    """Broken: they never finish. Mended: both reach the end of their code."""
    guests = named(timeline, *GUESTS)
    done = [guest for guest in guests if guest.end and guest.end.cause is Cause.RETURNED]
    spans = [whole(timeline, guest) for guest in guests]
    names = [guest.name for guest in done]
    en = f"{len(done)} of {len(guests)} came to the end of their code."
    zh = f"{len(guests)} 个人中有 {len(done)} 个执行完了自己的代码。"
    if names:
        en = f"{en[:-1]} ({', '.join(names)})."
        zh = f"{zh[:-1]}（{'、'.join(names)}）。"
    if params.variant == "broken":
        if len(done) == len(guests) and _deadlock(timeline) is None:
            return not_seen(en=en, zh=zh, evidence=spans)
        return either(not done, en=en, zh=zh, evidence=spans)
    if len(done) < len(guests) and not _deadlock(timeline):
        return not_seen(
            en=en + " Main's patience ended before they did.",
            zh=zh + "主线程先失去了耐心。",
            evidence=spans,
        )
    return either(len(done) == len(guests), en=en, zh=zh, evidence=spans)


_CYCLE = {
    "broken": Text(
        en="Two locks taken crosswise end in a deadlock.", zh="交叉获取两把锁会导致死锁。"
    ),
    "timeout": Text(
        en="A cycle of waiting lasts no longer than the timeout.", zh="循环等待最多持续到超时为止。"
    ),
}
_NO_CYCLE = Text(
    en="Mended like this, there is no cycle of waiting.", zh="这样修复之后，不会出现循环等待。"
)

SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="Deadlock: noodles and fork", zh="死锁：面条与叉子"),
    summary=Text(
        en="Two threads take two locks crosswise and wait for each other for ever; three ways to "
        "mend it.",
        zh="两个线程交叉获取两把锁，永远互相等待；以及三种修复办法。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.DEADLOCK, Idea.MUTUAL_EXCLUSION),
        primitives=("threading.Lock", "threading.Thread"),
        states=(State.BLOCKED, State.RUNNING, State.GIL),
        level=2,
    ),
    claims=(
        Claim(
            "cycle",
            lambda params: _CYCLE.get(params.variant, _NO_CYCLE),
            check_cycle,
        ),
        Claim(
            "hold-and-wait",
            Text(
                en="In a deadlock each keeps its first lock while it waits for the other's.",
                zh="死锁时，双方都握着自己的锁不放，同时等待对方的锁（占有并等待）。",
            ),
            check_hold_and_wait,
        ),
        Claim(
            "nobody-runs",
            Text(
                en="Deadlocked threads use no CPU: they are blocked, not busy.",
                zh="死锁的线程不占用 CPU：它们处于阻塞状态，而不是在忙碌。",
            ),
            check_nobody_runs,
        ),
        Claim(
            "all-eat",
            lambda params: (
                Text(en="Neither of the two ever finishes.", zh="两个线程都永远执行不完。")
                if params.variant == "broken"
                else Text(en="Both finish all their meals.", zh="两个线程都能吃完。")
            ),
            check_all_eat,
        ),
    ),
)
