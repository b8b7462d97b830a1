"""Lost updates: which ways of adding to a counter lose steps, on the interpreter that ran."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    computed,
    exact,
    lines,
    percent,
    python_of,
    runs_free,
    starting,
    whole,
)
from app.locale.text import Text, verbatim
from app.timeline.model import Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline

#: So many hand-overs from one adder to another leave no room for "they never met".
MANY_TURNS = 20

Variant = Literal["plain", "call", "split", "lock", "append"]


class Settings(Parameters):
    variant: Variant = choice(
        "call",
        Text(en="How a step is made", zh="每一步怎么做"),
        {
            "plain": Text(en="a plain counter += 1", zh="直接 counter += 1"),
            "call": Text(
                en="counter += one(), through a call", zh="counter += one()，中间有函数调用"
            ),
            "split": Text(en="read, a small loop, write", zh="先读，循环一下，再写回"),
            "lock": Text(en="the call again, with a lock", zh="同样的调用，加锁"),
            "append": verbatim("list.append"),
        },
    )
    threads: int = integer(4, Text(en="Threads", zh="线程数"), minimum=1, maximum=8)
    times: int = integer(
        10_000,
        Text(en="Steps of each thread", zh="每个线程的步数"),
        minimum=100,
        maximum=1_000_000,
        help=Text(
            en="With the lock every step leaves a record: choose fewer.",
            zh="加锁时每一步都会留下记录，宜少一些。",
        ),
    )
    switch_ms: float = number(
        0.1,
        Text(en="Switch interval", zh="线程切换间隔"),
        minimum=0.01,
        maximum=100,
        step=0.01,
        unit="ms",
        help=Text(
            en="Python's own default is 5 ms; shorter means more switches.",
            zh="Python 的默认值是 5 ms；越短，切换越频繁。",
        ),
    )


def _adders(timeline: Timeline) -> list[Track]:
    return starting(timeline, "adder-", TrackKind.THREAD)


def counts(timeline: Timeline) -> list[tuple[int, int]]:
    """Steps made and steps lost in each of its two races, as the program printed them."""
    pattern = r"(\d+) steps were made, (\d+) were counted, (-?\d+) were"
    found = [match for line in lines(timeline) if (match := re.match(pattern, line.text))]
    if len(found) < 2:
        raise NotSeen(en="The program never came to its count.", zh="程序没有输出计数结果。")
    return [(int(match[1]), int(match[3])) for match in found]


def _turns(timeline: Timeline, adders: list[Track]) -> list[Slice]:
    """Running slices of an adder that follow another adder's: the hand-overs."""
    rows = sorted(
        (row for track in adders for row in timeline.of(track, State.RUNNING)),
        key=lambda row: row.start_ns,
    )
    return [row for before, row in pairwise(rows) if row.track != before.track]


def _python(timeline: Timeline) -> tuple[str, tuple[int, int] | None, bool]:
    """The interpreter's name, its version, and whether it runs without the GIL."""
    name = python_of(timeline)
    match = re.search(r"(\d+)\.(\d+)", name)
    version = (int(match[1]), int(match[2])) if match else None
    return name, version, runs_free(timeline)


def _losing(timeline: Timeline, params: Settings) -> bool | None:
    """Whether the notes expect lost steps; None where they say nothing of this interpreter."""
    if params.variant in ("lock", "append"):
        return False
    if params.variant != "plain":
        return True
    name, version, free = _python(timeline)
    if "CPython" not in name or version is None:
        return None
    # Since 3.10 the plain statement has no switch point between reading and writing.
    return free or version < (3, 10)


def check_count(timeline: Timeline, params: Settings) -> Answer:
    adders = _adders(timeline)
    races = counts(timeline)
    made, lost = (sum(figures) for figures in zip(*races, strict=True))
    losing = _losing(timeline, params)
    turns = _turns(timeline, adders)
    name = _python(timeline)[0]
    first, second = (str(of_race) for _, of_race in races)
    en = f"{lost} of {made} steps were lost ({percent(lost, made)}; {first} in the first race, "
    en += f"{second} in the second), on {name}"
    zh = f"{made} 步丢失了 {lost} 步（{percent(lost, made)}；第一次 {first}，第二次 {second}），"
    zh += f"解释器：{name}"
    if exact(timeline):
        en += f"; the threads took over from each other {times(len(turns))}"
        zh += f"；线程之间交接 {len(turns)} 次"
    spans = [whole(timeline, adder) for adder in adders]
    if losing is None:
        return not_seen(en=en + ".", zh=zh + "。", evidence=spans)
    if not losing:
        return either(lost == 0, en=en + ".", zh=zh + "。", evidence=spans)
    if lost == 0 and not (exact(timeline) and len(turns) >= MANY_TURNS):
        return not_seen(
            en=en + ": too few to tell.", zh=zh + "。机会太少，无法判断。", evidence=spans
        )
    return either(lost > 0, en=en + ".", zh=zh + "。", evidence=spans)


def check_take_turns(timeline: Timeline, params: Settings) -> Answer:
    """Between an adder's first and last running, another one ran."""
    adders = _adders(timeline)
    turns = _turns(timeline, adders)
    if len(adders) < 2:
        return not_seen(
            en="One thread has nobody to take turns with.", zh="只有一个线程，谈不上交替。"
        )
    en = f"The threads took over from each other {times(len(turns))}."
    zh = f"线程之间交接 {len(turns)} 次。"
    if len(turns) < len(adders):
        busy = min(computed(timeline, adder) for adder in adders)
        if not exact(timeline) or busy < params.switch_ms * 1e6 * len(adders):
            return not_seen(
                en=en + " They were too short to meet.",
                zh=zh + "它们太短，没有相遇。",
                evidence=turns,
            )
    return either(len(turns) >= len(adders), en=en, zh=zh, evidence=turns)


def check_lock_waits(timeline: Timeline, params: Settings) -> Answer:
    """Who waits for the lock waits for another thread, which holds it."""
    adders = {adder.id for adder in _adders(timeline)}
    waits = [
        row
        for adder in _adders(timeline)
        for row in timeline.of(adder, State.BLOCKED)
        if row.reason is Reason.LOCK
    ]
    if params.variant != "lock":
        return not_seen(en="This variant uses no lock.", zh="这种做法没有用锁。")
    known = [row for row in waits if row.holder]
    if not known:
        return not_seen(
            en=f"They waited for the lock {times(len(waits))}, the holder never being known.",
            zh=f"等锁 {len(waits)} 次，持有者均未知。",
            evidence=waits,
        )
    wrong = [row for row in known if row.holder == row.track or row.holder not in adders]
    return either(
        not wrong,
        en=f"They waited {times(len(waits))}; where the holder is known it was another adder in "
        f"{len(known) - len(wrong)} of {len(known)} cases.",
        zh=f"共等待 {len(waits)} 次；在已知持有者的 {len(known)} 次中，"
        f"有 {len(known) - len(wrong)} 次是另一个线程。",
        evidence=wrong or known,
    )


_SENTENCES = {
    "plain": Text(
        en="A plain x += 1 loses nothing on CPython 3.10 and later with the GIL: there is no "
        "switch point inside it. Before, and without the GIL, it does.",
        zh="直接写 x += 1，在带 GIL 的 CPython 3.10 及以后版本上不会丢失更新：其中没有切换点。"
        "更早的版本、或没有 GIL 时则会丢失。",
    ),
    "call": Text(
        en="With a call between reading and writing, updates are lost.",
        zh="读与写之间有一次函数调用时，会丢失更新。",
    ),
    "split": Text(
        en="With a loop between reading and writing, updates are lost.",
        zh="读与写之间隔着一个循环时，会丢失更新。",
    ),
    "lock": Text(
        en="With a lock around the step, nothing is lost.", zh="给这一步加锁后，不会丢失更新。"
    ),
    "append": Text(
        en="list.append is one indivisible step: nothing is lost.",
        zh="list.append 是不可分割的一步：不会丢失。",
    ),
}

SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="A race for a counter", zh="计数器上的竞态条件"),
    summary=Text(
        en="Threads add to one counter in five ways: which of them lose steps, on this Python?",
        zh="多个线程用五种方式给同一个计数器加一：在这个 Python 上，哪几种会丢失更新？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.RACE, Idea.MUTUAL_EXCLUSION),
        primitives=("threading.Thread", "threading.Lock", "sys.setswitchinterval"),
        states=(State.GIL, State.RUNNING, State.BLOCKED),
        level=2,
    ),
    claims=(
        Claim("count", lambda params: _SENTENCES[params.variant], check_count),
        Claim(
            "take-turns",
            Text(
                en="The threads take over from one another again and again, between two increments "
                "or within one.",
                zh="线程之间不断交接，可能在两次加一之间，也可能在一次加一的中途。",
            ),
            check_take_turns,
        ),
        Claim(
            "lock-waits",
            Text(
                en="Whoever waits for the lock waits for the thread that holds it.",
                zh="等锁的线程，等的是另一个持有锁的线程。",
            ),
            check_lock_waits,
        ),
    ),
)
