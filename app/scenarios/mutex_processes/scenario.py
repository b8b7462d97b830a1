"""Processes and a critical section, with a lock and without."""

from __future__ import annotations

import re
from itertools import chain
from itertools import pairwise as successive

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    active,
    common,
    duration,
    exact,
    lines,
    merged,
    need_exact,
    pairwise,
    percent,
    starting,
    total,
    whole,
    worked,
)  # fmt: skip
from app.catalogue.tolerance import HANDED_OVER, excused
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    lock: bool = flag(
        True,
        Text(en="Use the lock", zh="使用锁"),
        help=Text(en="Off: nobody guards the critical section.", zh="关闭后，临界区无人把守。"),
    )
    processes: int = integer(3, Text(en="Processes", zh="进程数"), minimum=1, maximum=6)
    rounds: int = integer(
        4, Text(en="Rounds of each process", zh="每个进程的轮数"), minimum=1, maximum=20
    )
    inside_ms: int = integer(
        60,
        Text(en="Time in the critical section", zh="临界区内计算"),
        minimum=10,
        maximum=500,
        unit="ms",
    )
    rest_ms: int = integer(
        20, Text(en="Rest after each round", zh="每轮之后休息"), minimum=0, maximum=500, unit="ms"
    )


def _workers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "worker-", TrackKind.PROCESS)


def _stays(timeline: Timeline, params: Settings) -> list[list[Span]]:
    """Each worker's stays in the critical section: where it computes between two waits.

    It computes nowhere else. A stay is over when it passes the lock on; then it goes to rest.
    """
    found = []
    for track in _workers(timeline):
        passes = [
            flow.from_ns
            for flow in timeline.flows
            if flow.kind is FlowKind.RELEASE and flow.from_track == track.id
        ]
        stays = []
        for span in active(timeline, track, least_ns=params.inside_ms * 500_000):
            over = [ns for ns in passes if span.start_ns < ns < span.end_ns]
            cuts = [span.start_ns, *over, span.end_ns]
            stays += [Span(track.id, *cut) for cut in successive(cuts)]
        found.append([stay for stay in stays if _inner(timeline, stay, params)])
    if sum(map(bool, found)) < 2:
        raise NotSeen(
            en="This needs two processes in the critical section.", zh="需要两个进程进入过临界区。"
        )
    return found


def _inner(timeline: Timeline, stay: Span, params: Settings) -> Span | None:
    """The part of a stay in which it surely holds the lock; None where it hardly computes.

    Before, it may still take the lock; after, it gives it back, off the CPU maybe.
    """
    tenth = params.inside_ms * 100_000
    return worked(timeline, stay, tenth, 8 * tenth)


def _sections(timeline: Timeline, params: Settings) -> list[list[Span]]:
    """The inner part of each worker's stays, for what is inside at the same time."""
    return [
        [part for stay in stays if (part := _inner(timeline, stay, params))]
        for stays in _stays(timeline, params)
    ]


def check_overlap(timeline: Timeline, params: Settings) -> Answer:
    """Lock: no two stays overlap. None: they do. A process that is ready is inside, too."""
    sections = _sections(timeline, params)
    together = merged(pairwise(sections))
    stays = list(chain.from_iterable(sections))
    share = percent(total(together), total(merged(stays)))
    en = f"{len(stays)} stays in the critical section; two were inside at once for "
    en += f"{duration(total(together))}, {share} of the time in which anybody was."
    zh = f"共进入临界区 {len(stays)} 次；两个同时在内 {duration(total(together))}，"
    zh += f"占有人在内的时间的 {share}。"
    overlap = total(together) > 0.05 * total(merged(stays))
    if overlap == params.lock and not exact(timeline):
        need_exact(timeline)
    if params.lock:
        but = excused(total(together), total(merged(stays)), 0.05, HANDED_OVER)
        en, zh = en + but.en, zh + but.of("zh")
    return either(overlap != params.lock, en=en, zh=zh, evidence=together or stays)


def check_lost(timeline: Timeline, params: Settings) -> Answer:
    for line in lines(timeline):
        if match := re.match(r"(\d+) changes were made, (\d+) were counted, (\d+)", line.text):
            made, lost = int(match[1]), int(match[3])
            break
    else:
        return not_seen(en="The program never came to its count.", zh="程序没有输出计数结果。")
    en, zh = f"{lost} of {made} changes were lost.", f"{made} 次修改丢失了 {lost} 次。"
    if not params.lock and not lost:
        sections = _sections(timeline, params)
        need_exact(timeline)
        if total(pairwise(sections)) < 0.05 * total(chain.from_iterable(sections)):
            return not_seen(en="They hardly met.", zh="它们几乎没有相遇。")
    return either(
        (lost == 0) == params.lock,
        en=en,
        zh=zh,
        evidence=[whole(timeline, t) for t in _workers(timeline)],
    )


def check_time(timeline: Timeline, params: Settings) -> Answer:
    """Lock: from first to last it takes the sum of the stays, or more. None: less, on two CPUs."""
    stays = _stays(timeline, params)
    sections = list(chain.from_iterable(stays))
    running = [
        common(timeline.of(track, State.RUNNING), inside)
        for track, inside in zip(_workers(timeline), stays, strict=True)
    ]
    computed = total(chain.from_iterable(running))
    took = max(row.end_ns for row in sections) - min(row.start_ns for row in sections)
    if params.lock:
        inside, empty = total(sections), took - total(merged(sections))
        return either(
            took >= 0.9 * inside,
            en=f"{len(sections)} stays in the critical section lasted {duration(inside)} in all. "
            f"From the first to the last it took {duration(took)}; for {duration(empty)} of it "
            "nobody was inside.",
            zh=f"进入临界区 {len(sections)} 次，合计停留 {duration(inside)}。从第一次进入到最后一次"
            f"离开用时 {duration(took)}，其中 {duration(empty)} 没有人在里面。",
            evidence=sections,
        )
    en = f"They computed for {duration(computed)} in all; it took {duration(took)}."
    zh = f"合计计算 {duration(computed)}；实际用时 {duration(took)}。"
    both = pairwise(running)
    if took >= 0.9 * computed and total(both) < 0.2 * computed:
        return not_seen(
            en=en + " They hardly had two CPUs at once.", zh=zh + "它们几乎没有同时用到两个 CPU。"
        )
    return either(took < computed, en=en, zh=zh, evidence=both)


def _lock_waits(timeline: Timeline) -> list[Slice]:
    return [
        row
        for track in _workers(timeline)
        for row in timeline.of(track, State.BLOCKED)
        if row.reason is Reason.LOCK
    ]


def check_holder(timeline: Timeline, params: Settings) -> Answer:
    """Who waits for the lock waits for another worker, and has it from that one's release."""
    workers = {track.id for track in _workers(timeline)}
    waits = _lock_waits(timeline)
    if not params.lock:
        return not_seen(en="No lock was used.", zh="没有使用锁。")
    known = [row for row in waits if row.holder]
    if not known:
        return not_seen(en="Nobody had to wait for the lock.", zh="没有谁需要等锁。")
    wrong = [row for row in known if row.holder == row.track or row.holder not in workers]
    passed = [
        flow
        for flow in timeline.flows
        if flow.kind is FlowKind.RELEASE and {flow.from_track, flow.to_track} <= workers
    ]
    whose = Text(en="always for a lock that another worker held", zh="每次都是别的 worker 持有锁")
    if wrong:
        whose = Text(
            en=f"{times(len(wrong))} for a lock that no other worker held",
            zh=f"其中 {len(wrong)} 次持有锁的不是别的 worker",
        )
    return either(
        not wrong and bool(passed),
        en=f"They waited {duration(total(waits))} in all, {whose.en}; the lock was handed over "
        f"{times(len(passed))}.",
        zh=f"等锁合计 {duration(total(waits))}，{whose.of('zh')}；锁被交接 {len(passed)} 次。",
        evidence=wrong or known,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="Mutual exclusion of processes", zh="进程间的互斥"),
    summary=Text(
        en="Processes change one number in shared memory, with a lock and without: who is in the "
        "critical section, and what is lost.",
        zh="多个进程修改共享内存里的同一个数，加锁与不加锁：谁在临界区里，又丢失了什么。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MUTUAL_EXCLUSION, Idea.RACE),
        primitives=("multiprocessing.Lock", "multiprocessing.Process", "RawValue"),
        states=(State.RUNNING, State.READY, State.BLOCKED),
        level=1,
    ),
    claims=(
        Claim(
            "overlap",
            lambda params: (
                Text(
                    en="With the lock, no two processes are in the critical section at once.",
                    zh="加锁后，任何两个进程都不会同时处于临界区。",
                )
                if params.lock
                else Text(
                    en="Without a lock, several processes are in the critical section at once.",
                    zh="不加锁时，会有多个进程同时处于临界区。",
                )
            ),
            check_overlap,
        ),
        Claim(
            "lost",
            lambda params: (
                Text(en="With the lock, no change is lost.", zh="加锁后，没有修改丢失。")
                if params.lock
                else Text(
                    en="Without a lock, changes are lost: who read an old number writes it back.",
                    zh="不加锁时会丢失修改：读到旧值的进程把过时的结果写了回去。",
                )
            ),
            check_lost,
        ),
        Claim(
            "time",
            lambda params: (
                Text(
                    en="With the lock the processes go one after the other: it takes no less than "
                    "the sum of their stays in the critical section, however many CPUs there are.",
                    zh="加锁后各进程串行：无论有多少 CPU，总时间都不少于各次停留在临界区的时间之"
                    "和。",
                )
                if params.lock
                else Text(
                    en="Without the lock it is faster on several CPUs, and wrong.",
                    zh="不加锁时，在多个 CPU 上更快，但结果是错的。",
                )
            ),
            check_time,
        ),
        Claim(
            "holder",
            Text(
                en="Who finds the lock taken is blocked until the process that holds it releases "
                "it.",
                zh="发现锁已被占用的进程会阻塞，直到持有锁的进程释放它。",
            ),
            check_holder,
        ),
    ),
)
