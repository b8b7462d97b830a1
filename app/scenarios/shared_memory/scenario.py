"""A counter in shared memory, in a named block, and in a manager: lost updates and their price."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, either, fails, holds, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, flag, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    computed,
    duration,
    exact,
    lines,
    need_exact,
    pairwise,
    root,
    total,
    whole,
)
from app.locale.text import Text, listed
from app.timeline.model import Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline

PLACES = ("value", "block", "manager")

_LOCKS = (Reason.LOCK, Reason.RLOCK, Reason.SEMAPHORE)


class Settings(Parameters):
    place: Literal["value", "block", "manager", "all"] = choice(
        "all",
        Text(en="Where the counter is", zh="计数器放在哪里"),
        {
            "value": Text(en="Value: a number in shared memory", zh="Value：共享内存里的一个数"),
            "block": Text(
                en="SharedMemory: a block with a name", zh="SharedMemory：有名字的内存块"
            ),
            "manager": Text(en="Manager: in a process of its own", zh="Manager：在另一个进程里"),
            "all": Text(en="each of them in turn", zh="依次使用以上三种"),
        },
    )
    lock: bool = flag(
        False,
        Text(en="Use a lock", zh="使用锁"),
        help=Text(
            en="From reading the counter to writing it.", zh="从读计数器到写计数器，一直持有。"
        ),
    )
    adders: int = integer(2, Text(en="Adders", zh="加一的进程数"), minimum=1, maximum=4)
    steps: int = integer(
        500, Text(en="Steps of each adder", zh="每个进程的步数"), minimum=10, maximum=5000
    )


class _Count(NamedTuple):
    """What the program printed of one place."""

    place: str
    made: int
    lost: int


def _counts(timeline: Timeline) -> list[_Count]:
    found = [
        _Count(match[1], int(match[2]), int(match[3]))
        for line in lines(timeline)
        if (match := re.match(r"(\w+): (\d+) steps, \d+ counted, (-?\d+) lost", line.text))
    ]
    if not found:
        raise NotSeen(en="The program never came to its count.", zh="程序没有输出计数结果。")
    return found


def _adders(timeline: Timeline, place: str = "") -> list[Track]:
    """The adders of one place, or of all."""
    pattern = re.compile(rf"{place or '[a-z]+'}-adder-\d+$")
    return [track for track in timeline.of_kind(TrackKind.PROCESS) if pattern.match(track.name)]


def _at_once(timeline: Timeline, place: str) -> tuple[int, int]:
    """For how long two adders of a place ran at one instant, and how long all ran in sum."""
    rows = [timeline.of(adder, State.RUNNING) for adder in _adders(timeline, place)]
    return total(pairwise(rows)), sum(map(total, rows))


def check_count(timeline: Timeline, params: Settings) -> Answer:
    counts = _counts(timeline)
    each = [
        (f"{lost} of {made} steps in {place}", f"{place} 的 {made} 步中丢失 {lost} 步")
        for place, made, lost in counts
    ]
    en = f"Lost: {', '.join(item[0] for item in each)}."
    zh = f"{'，'.join(item[1] for item in each)}。"
    spans = [whole(timeline, adder) for adder in _adders(timeline)]
    if params.lock or params.adders == 1:
        return either(all(count.lost == 0 for count in counts), en=en, zh=zh, evidence=spans)
    spared = [count.place for count in counts if count.lost == 0]
    if not spared:
        return holds(en=en, zh=zh, evidence=spans)
    met = [_at_once(timeline, place) for place in spared]
    if not exact(timeline) or any(both < ran / 5 for both, ran in met):
        return not_seen(en=en + " They hardly met.", zh=zh + "它们几乎没有相遇。", evidence=spans)
    return either(False, en=en, zh=zh, evidence=spans)


def _lock_waits(timeline: Timeline) -> list[Slice]:
    return [
        row
        for adder in _adders(timeline)
        for row in timeline.of(adder, State.BLOCKED)
        if row.reason in _LOCKS
    ]


def check_turns(timeline: Timeline, params: Settings) -> Answer:
    """Without a lock adders run side by side; with one, who waits names who has it."""
    adders = _adders(timeline)
    if len(adders) < 2:
        return not_seen(en="There is one adder alone.", zh="只有一个进程在加。")
    if not params.lock:
        need_exact(timeline)
        rows = [timeline.of(adder, State.RUNNING) for adder in adders]
        both = pairwise(rows)
        ran = sum(map(total, rows))
        en = f"Two adders ran at one instant for {duration(total(both))}; all of them ran for "
        en += f"{duration(ran)} in sum."
        zh = f"两个进程同时运行 {duration(total(both))}；所有进程的运行时间合计 {duration(ran)}。"
        return holds(en=en, zh=zh, evidence=both) if both else not_seen(en=en, zh=zh)
    ids = {adder.id for adder in adders}
    waits = [
        row
        for adder in adders
        for row in timeline.of(adder, State.BLOCKED)
        if row.reason in _LOCKS and row.holder
    ]
    if not waits:
        return not_seen(
            en="No adder was seen to wait for a lock whose holder is known.",
            zh="没有看到进程等待一把已知持有者的锁。",
        )
    wrong = [row for row in waits if row.holder == row.track or row.holder not in ids]
    return either(
        not wrong,
        en=f"Adders waited {times(len(waits))} for the lock, {duration(total(waits))} in all; "
        f"its holder was no other adder {times(len(wrong))}.",
        zh=f"等锁 {len(waits)} 次，共 {duration(total(waits))}；"
        f"其中 {len(wrong)} 次持有者不是另一个加一的进程。",
        evidence=wrong or waits,
    )


def _managers(timeline: Timeline) -> list[Track]:
    found = timeline.of_kind(TrackKind.PROCESS)
    return [track for track in found if track.name.startswith("SyncManager")]


def check_manager(timeline: Timeline, params: Settings) -> Answer:
    """A process beside main and the adders, from which the adders wait for answers."""
    adders = _adders(timeline, "manager")
    main = root(timeline)
    if params.place not in ("manager", "all") or not adders:
        return not_seen(en="No manager was asked for.", zh="没有使用 Manager。")
    managers = _managers(timeline)
    if not managers:
        return fails(
            en="There is no other process than main and the adders.",
            zh="除了主进程和加一的进程，没有别的进程。",
            evidence=[whole(timeline, adder) for adder in adders],
        )
    need_exact(timeline)
    waits = [
        row
        for adder in adders
        for row in timeline.of(adder, State.BLOCKED)
        if row.reason is Reason.PIPE
    ]
    pids = {main.pid, *(adder.pid for adder in adders)}
    own = all(manager.pid not in pids for manager in managers)
    each = len(waits) / (len(adders) * params.steps)
    return either(
        own and each > 0.5,
        en=f"{managers[0].name} has the pid {managers[0].pid}, main {main.pid}; the adders waited "
        f"for an answer {times(len(waits))}, {each:.1f} times a step.",
        zh=f"{managers[0].name} 的 pid 是 {managers[0].pid}，主进程是 {main.pid}；"
        f"各进程等待答复共 {len(waits)} 次，平均每步 {each:.1f} 次。",
        evidence=[*(whole(timeline, manager) for manager in managers), *waits],
    )


def _cpu(timeline: Timeline, tracks: list[Track]) -> int:
    """CPU time of processes with all their threads."""
    threads = [
        child
        for track in tracks
        for child in timeline.children(track)
        if child.kind is TrackKind.THREAD
    ]
    return computed(timeline, *tracks, *threads)


def check_price(timeline: Timeline, params: Settings) -> Answer:
    """CPU time of a step in a manager, its process included, beside one in shared memory."""
    if params.place != "all":
        return not_seen(en="To compare, use all places in turn.", zh="要比较，请依次使用三种位置。")
    groups = {place: _adders(timeline, place) for place in PLACES}
    if not all(groups.values()):
        return not_seen(en="Not every place came to its turn.", zh="并非每种位置都运行过。")
    steps = params.adders * params.steps
    groups["manager"] += _managers(timeline)
    cost = {place: _cpu(timeline, tracks) / steps for place, tracks in groups.items()}
    each = listed(f"{place} {duration(cost[place])}" for place in PLACES)
    return either(
        cost["manager"] > max(cost["value"], cost["block"]),
        en=f"CPU time of a step: {each.en}.",
        zh=f"每一步的 CPU 时间：{each.of('zh')}。",
        evidence=[whole(timeline, track) for tracks in groups.values() for track in tracks],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="Shared memory, and a manager", zh="共享内存与 Manager"),
    summary=Text(
        en="Processes add to one counter in a Value, in a SharedMemory block, or through a "
        "Manager: what is lost, and what it costs.",
        zh="多个进程给同一个计数器加一：放在 Value、SharedMemory 或 Manager 里，丢多少，代价多大？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.RACE, Idea.MUTUAL_EXCLUSION, Idea.PARALLELISM),
        primitives=(
            "multiprocessing.Value",
            "multiprocessing.shared_memory.SharedMemory",
            "multiprocessing.Manager",
        ),
        states=(State.RUNNING, State.BLOCKED, State.READY),
        level=2,
    ),
    claims=(
        Claim(
            "count",
            lambda params: (
                Text(
                    en="With a lock from reading to writing nothing is lost.",
                    zh="从读到写一直持有锁，就不会丢失更新。",
                )
                if params.lock
                else Text(
                    en="One adder alone loses nothing.",
                    zh="只有一个进程在加，不会丢失更新。",
                )
                if params.adders == 1
                else Text(
                    en="Shared memory protects nobody: without a lock updates are lost.",
                    zh="共享内存本身不提供保护：不加锁就会丢失更新。",
                )
            ),
            check_count,
        ),
        Claim(
            "turns",
            lambda params: (
                Text(
                    en="With the lock, whoever waits waits for another adder.",
                    zh="加锁后，等待的进程等的是另一个正在加一的进程。",
                )
                if params.lock
                else Text(
                    en="Processes share no GIL: they add at the very same instant.",
                    zh="进程之间没有共同的 GIL：它们在同一时刻一起加。",
                )
            ),
            check_turns,
        ),
        Claim(
            "manager",
            Text(
                en="A manager is a process of its own: each access is a question to it, and a wait "
                "for the answer.",
                zh="Manager 是一个独立的进程：每次访问都是向它提问，并等待答复。",
            ),
            check_manager,
        ),
        Claim(
            "price",
            Text(
                en="A step through a manager costs more CPU time than one in shared memory.",
                zh="通过 Manager 的一步，比在共享内存里的一步花费更多 CPU 时间。",
            ),
            check_price,
        ),
    ),
)
