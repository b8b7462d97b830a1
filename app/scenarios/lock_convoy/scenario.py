"""A lock that is kept during a slow operation: everybody lines up behind it."""

from __future__ import annotations

from itertools import chain
from typing import Literal

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    duration,
    merged,
    need_exact,
    pairwise,
    percent,
    starting,
    total,
)
from app.catalogue.tolerance import HANDED_OVER, excused
from app.locale.text import Text
from app.timeline.model import Slice
from app.timeline.states import FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    keep: Literal["while-writing", "the-list"] = choice(
        "while-writing",
        Text(en="The lock is kept", zh="持有锁的时间"),
        {
            "while-writing": Text(en="while the disk writes", zh="磁盘写入期间一直持有"),
            "the-list": Text(en="for the change of the list alone", zh="只在修改列表时持有"),
        },
    )
    threads: int = integer(4, Text(en="Threads", zh="线程数"), minimum=1, maximum=8)
    entries: int = integer(
        8, Text(en="Entries of each thread", zh="每个线程写"), minimum=1, maximum=40
    )
    disk_ms: int = integer(
        25, Text(en="The disk takes", zh="磁盘写入"), minimum=5, maximum=200, unit="ms"
    )
    compute_ms: int = integer(
        3, Text(en="Computing for an entry", zh="每条计算"), minimum=0, maximum=100, unit="ms"
    )


def _rows(timeline: Timeline, reason: Reason) -> list[list[Slice]]:
    """Each writer's slices blocked for this reason."""
    return [
        [row for row in timeline.of(track, State.BLOCKED) if row.reason is reason]
        for track in starting(timeline, "writer-", TrackKind.THREAD, least=2)
    ]


def check_line(timeline: Timeline, params: Settings) -> Answer:
    """For most of the time somebody stands at the lock, or hardly ever."""
    waits, writes = _rows(timeline, Reason.LOCK), _rows(timeline, Reason.SLEEP)
    at_all = list(chain.from_iterable(writes))
    if not at_all:
        return not_seen(en="Nobody was seen to write.", zh="没有看到任何线程写入。")
    took = max(row.end_ns for row in at_all) - min(row.start_ns for row in at_all)
    stood = total(merged(chain.from_iterable(waits)))
    en = f"In {duration(took)} somebody stood at the lock for {percent(stood, took)} of the time."
    zh = f"在 {duration(took)} 里，有线程在等锁的时间占 {percent(stood, took)}。"
    spans = list(chain.from_iterable(waits)) or at_all
    if params.keep == "while-writing":
        return either(stood > took / 2, en=en, zh=zh, evidence=spans)
    if stood >= took / 5:
        need_exact(timeline)
    return either(stood < took / 5, en=en, zh=zh, evidence=spans)


def check_one_by_one(timeline: Timeline, params: Settings) -> Answer:
    """Kept: no two entries are written at once, so it takes the sum of all writing."""
    writes = _rows(timeline, Reason.SLEEP)
    if sum(map(bool, writes)) < 2:
        return not_seen(en="It takes two threads that write.", zh="需要至少两个线程在写。")
    rows = list(chain.from_iterable(writes))
    took = max(row.end_ns for row in rows) - min(row.start_ns for row in rows)
    both, summed = total(merged(pairwise(writes))), total(rows)
    en = f"Writing took {duration(summed)} in sum and {duration(took)} on the clock; two wrote at "
    en += f"once for {duration(both)}."
    zh = f"写入合计 {duration(summed)}，实际用时 {duration(took)}；"
    zh += f"两个线程同时在写 {duration(both)}。"
    if params.keep == "while-writing":
        if both > 0.05 * summed:
            need_exact(timeline)
        but = excused(both, summed, 0.05, HANDED_OVER)
        en, zh = en + but.en, zh + but.of("zh")
        return either(both <= 0.05 * summed and took >= 0.9 * summed, en=en, zh=zh, evidence=rows)
    return either(both > 0.05 * summed, en=en, zh=zh, evidence=rows)


def check_waiting(timeline: Timeline, params: Settings) -> Answer:
    """Three and more threads wait longer for the lock than they write."""
    waits = list(chain.from_iterable(_rows(timeline, Reason.LOCK)))
    writes = list(chain.from_iterable(_rows(timeline, Reason.SLEEP)))
    if params.keep == "while-writing" and params.threads < 3:
        return not_seen(en="It takes three threads.", zh="需要至少三个线程。")
    if not writes:
        return not_seen(en="Nobody was seen to write.", zh="没有看到任何线程写入。")
    en = f"They waited for the lock for {duration(total(waits))} in sum, and wrote for "
    en += f"{duration(total(writes))}."
    zh = f"等锁合计 {duration(total(waits))}，写入合计 {duration(total(writes))}。"
    if params.keep == "while-writing":
        return either(total(waits) > total(writes), en=en, zh=zh, evidence=waits)
    return either(total(waits) < total(writes) / 2, en=en, zh=zh, evidence=waits)


def check_handed_on(timeline: Timeline, params: Settings) -> Answer:
    """Each release lets another writer go on at once."""
    waits = _rows(timeline, Reason.LOCK)
    if params.keep != "while-writing":
        return not_seen(en="The lock is nearly always free.", zh="锁几乎总是空闲的。")
    # Where wake-ups are not told, a wait's end is known to some milliseconds.
    handed = [
        flow
        for flow in timeline.flows
        if flow.kind is FlowKind.RELEASE
        and flow.from_track != flow.to_track
        and any(
            row.start_ns <= flow.from_ns <= row.end_ns + params.disk_ms * 500_000
            for rows in waits
            for row in rows
            if row.track == flow.to_track
        )
    ]
    writings = params.threads * params.entries
    return either(
        len(handed) > writings / 3,
        en=f"The lock was handed to one who waited {times(len(handed))}, for {writings} entries.",
        zh=f"写了 {writings} 条，其中 {len(handed)} 次把锁直接交给了正在等待的线程。",
        evidence=[row for rows in waits for row in rows],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="A convoy at a lock", zh="锁的护航效应"),
    summary=Text(
        en="A lock that is kept while the disk writes: everybody lines up behind it, and more "
        "threads do not help.",
        zh="磁盘写入期间一直持有锁：所有线程排成一队，线程再多也没有用。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MUTUAL_EXCLUSION, Idea.SCHEDULING),
        primitives=("threading.Lock", "threading.Thread"),
        states=(State.BLOCKED, State.RUNNING),
        level=3,
    ),
    claims=(
        Claim(
            "line",
            lambda params: (
                Text(
                    en="There is nearly always somebody who stands in line for the lock.",
                    zh="几乎始终有线程在排队等锁。",
                )
                if params.keep == "while-writing"
                else Text(
                    en="If the lock is kept for a moment only, hardly anybody waits for it.",
                    zh="只在一瞬间持有锁，就几乎没有线程等它。",
                )
            ),
            check_line,
        ),
        Claim(
            "one-by-one",
            lambda params: (
                Text(
                    en="The entries are written one by one: it takes the sum, whatever the number "
                    "of threads.",
                    zh="各条记录只能逐条写入：无论有多少线程，总时间都是各次之和。",
                )
                if params.keep == "while-writing"
                else Text(en="Several entries are written at once.", zh="多条记录可以同时写入。")
            ),
            check_one_by_one,
        ),
        Claim(
            "waiting",
            lambda params: (
                Text(
                    en="The threads wait for the lock longer than for the disk.",
                    zh="线程等锁的时间比等磁盘还长。",
                )
                if params.keep == "while-writing"
                else Text(
                    en="The threads wait for the disk, and not for each other.",
                    zh="线程等的是磁盘，而不是彼此。",
                )
            ),
            check_waiting,
        ),
        Claim(
            "handed-on",
            Text(
                en="Each release goes straight to one who waits: the convoy moves on by one.",
                zh="每次释放都直接轮到一个等待者：队伍向前挪一位。",
            ),
            check_handed_on,
        ),
    ),
)
