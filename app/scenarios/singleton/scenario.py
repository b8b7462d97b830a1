"""One object of a class, asked for by several threads at once: with a lock and without."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, exact, lines, pairwise, starting, total, whole
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    guard: Literal["none", "lock", "double-checked"] = choice(
        "lock",
        Text(en="What guards __new__", zh="__new__ 的保护方式"),
        {
            "none": Text(en="Nothing", zh="不保护"),
            "lock": Text(en="A lock around looking and making", zh="用锁保护“检查并创建”"),
            "double-checked": Text(
                en="Look first, then lock and look again", zh="先检查，再加锁并复查（双重检查）"
            ),
        },
    )
    threads: int = integer(4, Text(en="Threads", zh="线程数"), minimum=1, maximum=8)
    read_ms: int = integer(
        100,
        Text(en="Making the object takes", zh="创建对象耗时"),
        minimum=0,
        maximum=1000,
        unit="ms",
        help=Text(
            en="It reads its settings and waits meanwhile.", zh="创建时要读取配置，期间在等待。"
        ),
    )
    ask_again: int = integer(
        5,
        Text(en="Each asks again", zh="之后每个线程再取"),
        minimum=0,
        maximum=1000,
        help=Text(en="How often, when the object is there.", zh="对象已存在之后，再取多少次。"),
    )


def _askers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "asker-", TrackKind.THREAD)


def _rows(timeline: Timeline, track: Track, *reasons: Reason) -> list[Slice]:
    return [row for row in timeline.of(track, State.BLOCKED) if row.reason in reasons]


def check_count(timeline: Timeline, params: Settings) -> Answer:
    askers = _askers(timeline)
    for line in lines(timeline):
        if match := re.match(r"(\d+) times Settings\(\) was called, (\d+) different", line.text):
            called, different = int(match[1]), int(match[2])
            break
    else:
        return not_seen(en="The program never came to its count.", zh="程序没有输出计数结果。")
    en = f"Of {called} calls came {different} different object{'s' * (different != 1)}."
    zh = f"调用 {called} 次，得到 {different} 个不同的对象。"
    spans = [whole(timeline, asker) for asker in askers]
    if params.guard != "none":
        return either(different == 1, en=en, zh=zh, evidence=spans)
    making = [_rows(timeline, asker, Reason.SLEEP) for asker in askers]
    if different == 1 and not pairwise(making):
        return not_seen(
            en=en + " They never met in it.", zh=zh + "它们没有同时创建。", evidence=spans
        )
    return either(different > 1, en=en, zh=zh, evidence=spans)


def check_makers(timeline: Timeline, params: Settings) -> Answer:
    """Who makes the object waits for its settings: one thread alone, or several at once."""
    askers = _askers(timeline)
    making = {asker.id: _rows(timeline, asker, Reason.SLEEP) for asker in askers}
    makers = [asker.name for asker in askers if making[asker.id]]
    if not makers or len(askers) < 2:
        return not_seen(
            en="Nobody was seen to wait while making it.", zh="没有看到任何线程在创建时等待。"
        )
    spans = [row for rows in making.values() for row in rows]
    en = f"Made by {', '.join(makers)}."
    zh = f"由 {'、'.join(makers)} 创建。"
    if params.guard != "none":
        return either(len(makers) == 1, en=en, zh=zh, evidence=spans)
    together = pairwise(list(making.values()))
    en += f" Two were at it at once for {duration(total(together))}."
    zh += f"两个同时在创建的时间共 {duration(total(together))}。"
    if len(makers) == 1 and not exact(timeline):
        return not_seen(en=en, zh=zh, evidence=spans)
    return either(len(makers) > 1 and bool(together), en=en, zh=zh, evidence=spans)


def check_waits(timeline: Timeline, params: Settings) -> Answer:
    """The others wait for the lock, which the maker holds while it waits for its settings."""
    askers = _askers(timeline)
    if params.guard == "none":
        return not_seen(en="There was no lock.", zh="没有使用锁。")
    makers = {asker.id for asker in askers if _rows(timeline, asker, Reason.SLEEP)}
    waits = [
        row
        for asker in askers
        for row in _rows(timeline, asker, Reason.LOCK)
        if row.end_ns - row.start_ns > params.read_ms * 500_000
    ]
    if not waits or not makers:
        return not_seen(en="Nobody had to wait for the lock.", zh="没有线程需要等锁。")
    wrong = [row for row in waits if row.holder not in makers or row.track in makers]
    return either(
        not wrong,
        en=f"{len(waits) - len(wrong)} of {len(waits)} waits for the lock were for the thread that "
        f"made the object; {duration(total(waits))} in all.",
        zh=f"{len(waits)} 次等锁中，有 {len(waits) - len(wrong)} 次等的是正在创建对象的线程；"
        f"合计 {duration(total(waits))}。",
        evidence=wrong or waits,
    )


def check_later(timeline: Timeline, params: Settings) -> Answer:
    """After the making nobody waits long for the lock again."""
    askers = _askers(timeline)
    if params.guard != "double-checked":
        return not_seen(
            en="Every call took the lock, or there was none.", zh="每次调用都加锁，或者没有锁。"
        )
    made = [row for asker in askers for row in _rows(timeline, asker, Reason.SLEEP)]
    if not made or not params.ask_again or len(askers) < 2:
        return not_seen(en="Nobody asked again.", zh="没有线程再次获取。")
    # Those who stood at the lock while it was made take it one after the other, and then meet.
    met = [row for asker in askers for row in _rows(timeline, asker, Reason.BARRIER)]
    since = max(row.end_ns for row in [*made, *met])
    late = [
        row
        for asker in askers
        for row in _rows(timeline, asker, Reason.LOCK)
        if row.start_ns >= since
    ]
    return either(
        not late,
        en=f"When the object was there, {len(askers)} threads asked {times(params.ask_again)} "
        f"each, and waited for the lock {times(len(late))}.",
        zh=f"对象已存在之后，{len(askers)} 个线程各取 {params.ask_again} 次，等锁 {len(late)} 次。",
        evidence=late or made,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="A singleton and its race", zh="单例与竞态条件"),
    summary=Text(
        en="Threads ask for the only object of a class at the same time; __new__ makes it, with a "
        "lock and without: how many are there?",
        zh="多个线程同时获取一个类的唯一对象，由 __new__ 创建，加锁与不加锁：最后有几个对象？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.RACE, Idea.MUTUAL_EXCLUSION),
        primitives=("__new__", "threading.Lock", "threading.Barrier"),
        states=(State.BLOCKED, State.RUNNING),
        level=2,
    ),
    claims=(
        Claim(
            "count",
            lambda params: (
                Text(
                    en="Without a lock, a “singleton” is made several times.",
                    zh="不加锁时，“单例”会被创建多次。",
                )
                if params.guard == "none"
                else Text(
                    en="With looking and making under one lock, there is only one object.",
                    zh="把“检查并创建”放在同一把锁里，就只有一个对象。",
                )
            ),
            check_count,
        ),
        Claim(
            "makers",
            lambda params: (
                Text(
                    en="Several threads find no object and make one at the same time.",
                    zh="多个线程都发现对象还不存在，于是同时各自创建。",
                )
                if params.guard == "none"
                else Text(en="Only one thread makes the object.", zh="只有一个线程创建对象。")
            ),
            check_makers,
        ),
        Claim(
            "waits",
            Text(
                en="While one thread makes it, the others wait for the lock that this one holds.",
                zh="一个线程创建对象时，其他线程等待它持有的锁。",
            ),
            check_waits,
        ),
        Claim(
            "later",
            Text(
                en="Looking before the lock too, nobody waits for it once the object is there.",
                zh="加锁之前也先检查一次，对象存在之后就没有线程再等锁。",
            ),
            check_later,
        ),
    ),
)
