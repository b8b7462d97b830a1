"""The dining philosophers: a deadlock of all, and three ways to mend it."""

from __future__ import annotations

from itertools import chain
from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    active,
    clip,
    common,
    duration,
    end_of,
    exact,
    merged,
    need_exact,
    percent,
    starting,
    total,
    whole,
)
from app.catalogue.tolerance import HANDED_OVER, excused
from app.locale.text import Text
from app.timeline.model import OPEN, Finding, Slice, Track
from app.timeline.states import Cause, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    variant: Literal["naive", "ordered", "waiter", "asymmetric"] = choice(
        "naive",
        Text(en="Variant", zh="做法"),
        {
            "naive": Text(en="Naive: all take the left fork first", zh="朴素：都先拿左边的叉子"),
            "ordered": Text(en="Ordered: the lower number first", zh="排序：先拿编号小的"),
            "waiter": Text(
                en="A waiter lets all but one to the table", zh="服务员：最多让 N-1 人就餐"
            ),
            "asymmetric": Text(
                en="Asymmetric: every second one begins with the right",
                zh="不对称：隔一个人先拿右边的",
            ),
        },
    )
    philosophers: int = integer(5, Text(en="Philosophers", zh="哲学家人数"), minimum=2, maximum=9)
    meals: int = integer(4, Text(en="Meals of each", zh="每人的用餐次数"), minimum=1, maximum=50)
    eat_ms: int = integer(
        8, Text(en="A meal takes", zh="一餐计算"), minimum=1, maximum=200, unit="ms"
    )
    reach_ms: int = integer(
        10,
        Text(en="From one fork to the other", zh="拿两把叉子之间"),
        minimum=0,
        maximum=200,
        unit="ms",
        help=Text(
            en="In this moment others can take theirs. They think for up to twice as long.",
            zh="这期间别人可以拿他们的叉子。思考的时间最长是它的两倍。",
        ),
    )
    patience: float = number(
        2.0, Text(en="Patience", zh="主线程的耐心"), minimum=0.5, maximum=20, step=0.5, unit="s"
    )


def _guests(timeline: Timeline) -> list[Track]:
    return starting(timeline, "philosopher-", TrackKind.THREAD, least=2)


def _number(track: Track) -> int:
    return int(track.name.rpartition("-")[2])


def _deadlock(timeline: Timeline) -> Finding | None:
    found = [item for item in timeline.findings.values() if item.kind == "deadlock"]
    return max(found, key=lambda item: item.start_ns, default=None)


def _hunger(timeline: Timeline, guest: Track) -> list[Slice]:
    """Its waits for a fork, or for the waiter."""
    return [
        row
        for row in timeline.of(guest, State.BLOCKED)
        if row.reason in (Reason.LOCK, Reason.SEMAPHORE)
    ]


def _done(guests: list[Track]) -> list[Track]:
    return [guest for guest in guests if guest.end and guest.end.cause is Cause.RETURNED]


def check_cycle(timeline: Timeline, params: Settings) -> Answer:
    """Naive: one circle through all. Mended: none."""
    guests = _guests(timeline)
    finding = _deadlock(timeline)
    waits = [row for guest in guests for row in _hunger(timeline, guest)]
    if finding is None:
        en = f"They waited {times(len(waits))}; no circle closed."
        zh = f"共等待 {len(waits)} 次，没有形成环。"
        if params.variant != "naive":
            if not waits:
                return not_seen(en="They never waited for a fork.", zh="没有人等过叉子。")
            return either(True, en=en, zh=zh, evidence=waits)
        if len(_done(guests)) == len(guests):
            return not_seen(
                en="They were lucky, and all have eaten. Let them eat more.",
                zh="大家运气好，都吃完了。可以增加用餐次数。",
                evidence=waits,
            )
        return either(False, en=en, zh=zh, evidence=waits)
    end = timeline.now_ns if finding.end_ns == OPEN else finding.end_ns
    names = [timeline.tracks[wait.track].name for wait in finding.cycle]
    return either(
        params.variant == "naive" and len(finding.cycle) == len(guests),
        en=f"A circle of {len(names)} of {len(guests)} closed at {duration(finding.start_ns)}: "
        f"{' → '.join(names)}.",
        zh=f"{len(guests)} 人中有 {len(names)} 人在 {duration(finding.start_ns)} 形成了环："
        f"{' → '.join(names)}。",
        evidence=[Span(wait.track, finding.start_ns, end) for wait in finding.cycle],
    )


def check_meals(timeline: Timeline, params: Settings) -> Answer:
    guests = _guests(timeline)
    done = _done(guests)
    spans = [whole(timeline, guest) for guest in guests]
    en = f"{len(done)} of {len(guests)} have eaten all {params.meals} meals."
    zh = f"{len(guests)} 人中有 {len(done)} 人吃完了 {params.meals} 餐。"
    if params.variant == "naive":
        if len(done) == len(guests) and _deadlock(timeline) is None:
            return not_seen(en=en + " They were lucky.", zh=zh + "大家运气好。", evidence=spans)
        return either(not done, en=en, zh=zh, evidence=spans)
    if len(done) < len(guests) and _deadlock(timeline) is None:
        return not_seen(
            en=en + " Main's patience ended first.", zh=zh + "主线程先失去了耐心。", evidence=spans
        )
    return either(len(done) == len(guests), en=en, zh=zh, evidence=spans)


def _meals(timeline: Timeline, guest: Track, params: Settings) -> list[Span]:
    """Where it computes between two waits: it eats.

    Of each meal from the first tenth of its computing to the last: before it may still take the
    fork, after it give both back, and be kept from the CPU meanwhile.
    """
    tenth = params.eat_ms * 100_000
    found = []
    for span in active(timeline, guest, least_ns=5 * tenth):
        done, begun, over = 0, span.start_ns, span.end_ns
        for row in clip(timeline.of(guest, State.RUNNING), span.start_ns, span.end_ns):
            if done < tenth:
                begun = row.start_ns + min(tenth - done, row.length_ns)
            if done < 9 * tenth:
                over = row.start_ns + min(9 * tenth - done, row.length_ns)
            done += row.length_ns
        found.append(Span(guest.id, begun, over))
    return found


def check_neighbours(timeline: Timeline, params: Settings) -> Answer:
    """Who sit beside each other never eat at once."""
    guests = sorted(_guests(timeline), key=_number)
    meals = [_meals(timeline, guest, params) for guest in guests]
    count = sum(map(len, meals))
    pairs = range(len(meals) if len(meals) > 2 else 1)
    together = merged(
        chain.from_iterable(common(meals[n], meals[(n + 1) % len(meals)]) for n in pairs)
    )
    eaten = total(chain.from_iterable(meals))
    if sum(map(bool, meals)) < 2:
        return not_seen(en=f"They ate only {times(count)}.", zh=f"总共只吃了 {count} 次。")
    if total(together) > 0.05 * eaten:
        need_exact(timeline)
    but = excused(total(together), eaten, 0.05, HANDED_OVER)
    share = percent(total(together), eaten)
    return either(
        total(together) <= 0.05 * eaten,
        en=f"{count} meals; neighbours ate at once for {share} of the time.{but.en}",
        zh=f"共 {count} 餐；相邻两人同时用餐的时间占 {share}。{but.of('zh')}",
        evidence=together or list(chain.from_iterable(meals)),
    )


def check_hunger(timeline: Timeline, params: Settings) -> Answer:
    """Naive: the last wait has no end. Mended: each wait ends."""
    guests = _guests(timeline)
    waits = {guest.id: merged(_hunger(timeline, guest)) for guest in guests}
    if not any(waits.values()):
        return not_seen(en="They never waited for a fork.", zh="没有人等过叉子。")
    endless = []
    for guest in guests:
        # As its process ends it may yet be woken for a moment.
        moment = (end_of(timeline, guest) - guest.start_ns) // 20
        last = waits[guest.id][-1:]
        if (
            last
            and last[0].end_ns >= end_of(timeline, guest) - moment
            and guest not in _done(guests)
        ):
            endless.append(guest)
    longest = max(chain.from_iterable(waits.values()), key=lambda span: span.length_ns)
    who = timeline.tracks[longest.track].name
    en = f"The longest wait was {duration(longest.length_ns)} ({who}); {len(endless)} of "
    en += f"{len(guests)} waited to the very end."
    zh = f"最长的一次等待是 {duration(longest.length_ns)}（{who}）；{len(guests)} 人中有 "
    zh += f"{len(endless)} 人一直等到最后。"
    if params.variant == "naive":
        if len(_done(guests)) == len(guests):
            return not_seen(en=en, zh=zh, evidence=[longest])
        return either(len(endless) == len(guests), en=en, zh=zh, evidence=[longest])
    if endless and _deadlock(timeline) is None:
        return not_seen(en=en + " Main's patience ended first.", zh=zh + "主线程先失去了耐心。")
    if endless and not exact(timeline):
        need_exact(timeline)
    return either(not endless, en=en, zh=zh, evidence=[longest])


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="The dining philosophers", zh="哲学家就餐"),
    summary=Text(
        en="Philosophers share forks with their neighbours: a deadlock of all of them, and three "
        "ways to mend it.",
        zh="哲学家与邻座共用叉子：所有人一起死锁，以及三种修复办法。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.DEADLOCK, Idea.MUTUAL_EXCLUSION),
        primitives=("threading.Lock", "threading.Semaphore", "threading.Thread"),
        states=(State.BLOCKED, State.RUNNING, State.GIL),
        level=2,
    ),
    claims=(
        Claim(
            "cycle",
            lambda params: (
                Text(
                    en="If each takes the left fork first, they all wait in one circle.",
                    zh="如果每个人都先拿左边的叉子，所有人会等成一个环。",
                )
                if params.variant == "naive"
                else Text(
                    en="Mended like this, no circle of waiting closes.",
                    zh="这样修复之后，等待关系不会成环。",
                )
            ),
            check_cycle,
        ),
        Claim(
            "meals",
            lambda params: (
                Text(en="None of them eats to the end.", zh="没有一个人能吃完。")
                if params.variant == "naive"
                else Text(en="All of them eat all their meals.", zh="每个人都能吃完。")
            ),
            check_meals,
        ),
        Claim(
            "neighbours",
            Text(
                en="Two who sit beside each other never eat at the same time.",
                zh="相邻的两个人从不同时用餐。",
            ),
            check_neighbours,
        ),
        Claim(
            "hunger",
            lambda params: (
                Text(en="Their last hunger never ends.", zh="最后一次饥饿永远不会结束。")
                if params.variant == "naive"
                else Text(
                    en="Nobody starves: each wait for a fork comes to an end.",
                    zh="没有人饿死：每一次等叉子都会结束。",
                )
            ),
            check_hunger,
        ),
    ),
)
