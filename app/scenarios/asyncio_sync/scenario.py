"""asyncio's lock, semaphore, event and queue: their waiters await, and the thread goes on."""

from __future__ import annotations

import re
from itertools import pairwise as neighbours
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    lines,
    merged,
    need_said,
    peak,
    root,
    said,
    starting,
    stretches,
    total,
    whole,
)
from app.locale.text import Text, verbatim
from app.timeline.model import Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline

#: What a coroutine awaits that wants the shared object.
REASONS = {
    "lock": Reason.LOCK,
    "semaphore": Reason.SEMAPHORE,
    "event": Reason.EVENT,
    "queue": Reason.QUEUE,
}


class Settings(Parameters):
    shared: Literal["lock", "semaphore", "event", "queue", "nothing"] = choice(
        "lock",
        Text(en="The coroutines share", zh="协程之间共享"),
        {
            "lock": verbatim("asyncio.Lock"),
            "semaphore": verbatim("asyncio.Semaphore"),
            "event": verbatim("asyncio.Event"),
            "queue": verbatim("asyncio.Queue"),
            "nothing": Text(en="nothing: everybody enters at will", zh="什么也没有：随意进入"),
        },
    )
    workers: int = integer(4, Text(en="Coroutines", zh="协程数"), minimum=1, maximum=10)
    rounds: int = integer(
        2,
        Text(en="Rounds", zh="轮数"),
        minimum=1,
        maximum=10,
        help=Text(
            en="How often each enters its section, or items for each of them.",
            zh="每个协程进入临界区的次数，或平均每个协程的产品数。",
        ),
    )
    room: int = integer(
        2,
        Text(en="Permits, or places in the queue", zh="许可数，或队列容量"),
        minimum=1,
        maximum=10,
        help=Text(en="Of the semaphore and the queue.", zh="用于信号量和队列。"),
    )
    ms: int = integer(
        50,
        Text(en="A section, or the use of an item, awaits", zh="临界区（或使用产品）中等待"),
        minimum=5,
        maximum=500,
        unit="ms",
    )


def _workers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "worker-", TrackKind.COROUTINE)


def _reason(params: Settings) -> Reason:
    if params.shared == "nothing":
        raise NotSeen(en="They share nothing to wait for.", zh="它们没有共享任何要等待的东西。")
    return REASONS[params.shared]


def _waits(timeline: Timeline, params: Settings) -> list[Span]:
    """When workers awaited the shared object, in order of their begin; a wait during which it
    changed hands is one."""
    reason = _reason(params)
    found = [
        wait
        for track in _workers(timeline)
        for wait in merged(
            row for row in timeline.of(track, State.AWAITING) if row.reason is reason
        )
    ]
    if not found:
        raise NotSeen(en="Nobody had to wait for it.", zh="没有谁需要等待它。")
    return sorted(found, key=lambda row: row.start_ns)


def check_kept(timeline: Timeline, params: Settings) -> Answer:
    """What the object is for: how many get in, when they go on, or which items they have."""
    if params.shared == "event":
        return _event(timeline, params)
    if params.shared == "queue":
        return _queue(timeline, params)
    sections = _sections(timeline)
    if len(sections) < 2:
        return not_seen(en="No two sections were seen.", zh="没有看到两个临界区。")
    most, _ = peak(sections)
    en = f"{len(sections)} sections; at most {most} of the workers were in theirs at once."
    zh = f"共进入临界区 {len(sections)} 次；同时在其中的最多 {most} 个。"
    if params.shared == "nothing":
        if params.workers < 2:
            return not_seen(en="It takes two workers.", zh="需要至少两个协程。")
        return either(most > 1, en=en, zh=zh, evidence=sections)
    return either(
        most <= (params.room if params.shared == "semaphore" else 1),
        en=en,
        zh=zh,
        evidence=sections,
    )


def _sections(timeline: Timeline) -> list[Span]:
    """From a worker's word as it enters to its word as it leaves, of each round."""
    found: list[Span] = []
    for number in {match[1] for match in _said_by_workers(timeline, r"enters (\d+)")}:
        found += stretches(
            timeline, rf"(worker-\d+) enters {number}$", rf"(worker-\d+) leaves {number}$"
        ).values()
    return found


def _said_by_workers(timeline: Timeline, text: str) -> list[re.Match[str]]:
    found = [re.match(rf"worker-\d+ {text}$", line.text) for line in lines(timeline)]
    return [match for match in found if match]


def _event(timeline: Timeline, params: Settings) -> Answer:
    waits = _waits(timeline, params)
    set_ns = need_said(timeline, "main: sets the event").ns
    went = said(timeline, " goes")
    early = [row for row in waits if row.end_ns < set_ns]
    return either(
        not early and len(went) == params.workers and all(line.ns > set_ns for line in went),
        en=f"{len(waits)} workers waited for it; {len(early)} of them no longer when it was set, "
        f"{len(went)} went on after.",
        zh=f"{len(waits)} 个协程等待它；设置之前就不再等的有 {len(early)} 个，之后继续的有 "
        f"{len(went)} 个。",
        evidence=waits,
    )


def _queue(timeline: Timeline, params: Settings) -> Answer:
    items = [int(match[1]) for match in _said_by_workers(timeline, r"has item (\d+)")]
    due = params.workers * params.rounds
    if len(items) < 2:
        return not_seen(en="No two items were seen.", zh="没有看到两个产品。")
    if not said(timeline, "main: all workers are done"):
        return not_seen(en="The run did not come to its end.", zh="程序没有运行到最后。")
    return either(
        sorted(items) == list(range(1, due + 1)) and items == sorted(items),
        en=f"{due} items were put; {len(items)} came out, {len(set(items))} different ones, "
        f"{times(sum(one > other for one, other in neighbours(items)))} out of order.",
        zh=f"放入 {due} 个产品，取出 {len(items)} 个，其中不同的 {len(set(items))} 个，"
        f"次序颠倒 {sum(one > other for one, other in neighbours(items))} 次。",
        evidence=[whole(timeline, track) for track in _workers(timeline)],
    )


def check_awaits(timeline: Timeline, params: Settings) -> Answer:
    """While a worker awaits the object, its thread is at nobody's lock: it polls, or runs."""
    waits, main = _waits(timeline, params), root(timeline)
    begin, end = waits[0].start_ns, max(row.end_ns for row in waits)
    blocked = [row for row in timeline.of(main, State.BLOCKED) if row.end_ns > begin]
    blocked = [row for row in blocked if row.start_ns < end]
    for_it = [row for row in blocked if row.reason in REASONS.values()]
    polls = clip([row for row in blocked if row.reason is Reason.POLL], begin, end)
    return either(
        not for_it,
        en=f"Workers awaited it {times(len(waits))}, {duration(total(waits))} in all; meanwhile "
        f"their thread was in its event loop's poll for {duration(total(polls))}, and blocked "
        f"{times(len(for_it))} by a lock or the like.",
        zh=f"协程等待了它 {len(waits)} 次，共 {duration(total(waits))}；其间所在线程在事件循环的 "
        f"poll 中 {duration(total(polls))}，因锁之类的对象阻塞 {len(for_it)} 次。",
        evidence=for_it or waits,
    )


def check_one_thread(timeline: Timeline, params: Settings) -> Answer:
    workers, main = _workers(timeline), root(timeline)
    if len(workers) < 2:
        return not_seen(en="It takes two workers.", zh="需要至少两个协程。")
    threads = timeline.of_kind(TrackKind.THREAD)
    own = [track for track in workers if track.parent == main.id]
    return either(
        len(own) == len(workers) and not threads,
        en=f"{len(own)} of {len(workers)} workers are coroutines of the main thread; there are "
        f"{len(threads)} other threads.",
        zh=f"{len(workers)} 个协程中有 {len(own)} 个属于主线程；另外还有 {len(threads)} 个线程。",
        evidence=[whole(timeline, track) for track in workers],
    )


def check_fair(timeline: Timeline, params: Settings) -> Answer:
    """First come, first served: waits end in the order in which they began."""
    if params.shared not in ("lock", "semaphore"):
        raise NotSeen(en="There is nothing to be in line for.", zh="这里不需要排队。")
    waits = _waits(timeline, params)
    if len(waits) < 2 or not any(two.start_ns < one.end_ns for one, two in neighbours(waits)):
        return not_seen(en="No two were waiting at once.", zh="没有两个协程同时等待。")
    swapped = sum(one.end_ns > two.end_ns for one, two in neighbours(waits))
    return either(
        swapped == 0,
        en=f"{counted(len(waits), 'wait')}; one who came later was served first {times(swapped)}.",
        zh=f"共等待 {len(waits)} 次；后来者先得到的有 {swapped} 次。",
        evidence=waits,
    )


_KEPT = {
    "lock": Text(
        en="With an asyncio.Lock no two are in their section, though each awaits inside.",
        zh="有了 asyncio.Lock，任一时刻只有一个协程在临界区里，尽管它在里面 await。",
    ),
    "semaphore": Text(
        en="An asyncio.Semaphore lets so many in as it has permits.",
        zh="asyncio.Semaphore 有几个许可，就最多放几个协程进去。",
    ),
    "event": Text(
        en="All wait until the asyncio.Event is set; then all go on.",
        zh="asyncio.Event 设置之前大家都在等，设置之后全部继续。",
    ),
    "queue": Text(
        en="Each item of an asyncio.Queue comes out once, in the order in which it was put.",
        zh="asyncio.Queue 里的每个产品只取出一次，且按放入的顺序。",
    ),
    "nothing": Text(
        en="Without a lock several are in their section at once: while one waits at an await, "
        "another runs.",
        zh="没有锁，就会有几个协程同时在临界区里：一个在 await 处等待时，别的协程就会运行。",
    ),
}


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="asyncio: locks and queues", zh="asyncio：锁与队列"),
    summary=Text(
        en="Lock, Semaphore, Event and Queue for coroutines: like those of threads, on one thread.",
        zh="协程的 Lock、Semaphore、Event 和 Queue：与线程的相似，却只有一个线程。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.MUTUAL_EXCLUSION),
        primitives=("asyncio.Lock", "asyncio.Semaphore", "asyncio.Event", "asyncio.Queue"),
        states=(State.AWAITING, State.READY, State.RUNNING),
        level=2,
    ),
    claims=(
        Claim("kept", lambda params: _KEPT[params.shared], check_kept),
        Claim(
            "awaits",
            Text(
                en="Who has to wait awaits; the thread is not blocked by it and serves the others.",
                zh="需要等待的协程在 await；线程不会因此阻塞，继续为其他协程服务。",
            ),
            check_awaits,
        ),
        Claim(
            "one-thread",
            Text(
                en="All of it happens on one thread.",
                zh="这一切都发生在一个线程里。",
            ),
            check_one_thread,
        ),
        Claim(
            "fair",
            Text(
                en="Waiters are served in the order in which they came.",
                zh="等待者按到来的先后得到服务。",
            ),
            check_fair,
        ),
    ),
)
