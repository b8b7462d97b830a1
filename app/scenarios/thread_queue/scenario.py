"""The four queues for threads: the order out, each item once, and who waits."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.counting import counted
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, lines, merged, starting, whole
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    kind: Literal["fifo", "lifo", "priority", "simple"] = choice(
        "fifo",
        Text(en="Queue", zh="队列"),
        {
            "fifo": Text(en="Queue: first in, first out", zh="Queue：先进先出"),
            "lifo": Text(en="LifoQueue: last in, first out", zh="LifoQueue：后进先出"),
            "priority": Text(
                en="PriorityQueue: the smallest first", zh="PriorityQueue：最小的先出"
            ),
            "simple": Text(en="SimpleQueue: first in, first out", zh="SimpleQueue：先进先出"),
        },
    )
    consumers: int = integer(2, Text(en="Consumers", zh="消费者"), minimum=1, maximum=6)
    items: int = integer(5, Text(en="Items for each", zh="每个消费者取"), minimum=2, maximum=40)
    use_ms: int = integer(
        5, Text(en="Time to use an item", zh="消费一个产品"), minimum=0, maximum=200, unit="ms"
    )
    late_seconds: float = number(
        0.4,
        Text(en="The last items come after", zh="最后的产品来得晚"),
        minimum=0.1,
        maximum=5,
        unit="s",
    )


def _consumers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "consumer-", TrackKind.THREAD)


def _put(timeline: Timeline) -> list[list[int]]:
    """What main said it had put: all early items, then each late one."""
    found = [re.match(r"main put ([\d ]+)$", line.text) for line in lines(timeline)]
    put = [[int(item) for item in match[1].split()] for match in found if match]
    if not put:
        raise NotSeen(en="Nothing was put.", zh="没有放入任何产品。")
    return put


def _got(timeline: Timeline) -> dict[int, list[int]]:
    """What each consumer said it got, in its own order, by track."""
    found: dict[int, list[int]] = {}
    for track in _consumers(timeline):
        for line in lines(timeline):
            match = re.match(r"consumer-\d+ got (\d+)$", line.text)
            if match and line.track == track.id:
                found.setdefault(track.id, []).append(int(match[1]))
    if not found:
        raise NotSeen(en="Nothing was taken.", zh="没有取出任何产品。")
    return found


def check_order(timeline: Timeline, params: Settings) -> Answer:
    """Of those put before anyone took: each consumer's own items are in the queue's order."""
    early = _put(timeline)[0]
    keys = {item: place for place, item in enumerate(early)}
    if params.kind == "lifo":
        keys = {item: -place for item, place in keys.items()}
    elif params.kind == "priority":
        keys = {item: item for item in early}
    got = {
        track: [item for item in items if item in keys] for track, items in _got(timeline).items()
    }
    compared = sum(len(items) - 1 for items in got.values() if items)
    wrong = sum(
        keys[one] > keys[two] for items in got.values() for one, two in pairwise(items)
    )  # fmt: skip
    if compared < 1:
        return not_seen(
            en="No consumer took two of the early items.", zh="没有消费者取到两个早放入的产品。"
        )
    sample = " ".join(map(str, next(items for items in got.values() if len(items) > 1)))
    return either(
        wrong == 0,
        en=f"Put {' '.join(map(str, early))}; one consumer got {sample}. {wrong} of {compared} "
        "times an item came out of order.",
        zh=f"放入 {' '.join(map(str, early))}；其中一个消费者取到 {sample}。"
        f"{compared} 次中有 {wrong} 次不合顺序。",
        evidence=[whole(timeline, timeline.tracks[track]) for track in got],
    )


def check_once(timeline: Timeline, params: Settings) -> Answer:
    put = sorted(item for items in _put(timeline) for item in items)
    got = sorted(item for items in _got(timeline).values() for item in items)
    if len(put) < params.items * params.consumers:
        return not_seen(en="Main never came to its last item.", zh="主线程没有放完所有产品。")
    return either(
        put == got,
        en=f"{counted(len(put), 'item was', 'items were')} put, {len(got)} taken, {len(set(got))} "
        "of them different.",
        zh=f"放入 {len(put)} 个，取出 {len(got)} 个，其中不同的有 {len(set(got))} 个。",
        evidence=[whole(timeline, track) for track in _consumers(timeline)],
    )


def check_waits(timeline: Timeline, params: Settings) -> Answer:
    """Each consumer's longest wait in get() lasts until main puts an item."""
    flows = [flow for flow in timeline.flows if flow.kind is FlowKind.PUT_GET]
    waits, unfed = [], []
    for track in _consumers(timeline):
        rows = merged(
            row for row in timeline.of(track, State.BLOCKED) if row.reason is Reason.QUEUE
        )
        if not rows or not flows:
            continue
        longest = max(rows, key=lambda row: row.length_ns)
        # A short one may be for its turn at the queue, while another consumer is at it.
        if longest.length_ns < params.late_seconds * 0.1e9:
            continue
        waits.append(longest)
        # It goes on when the item is there, a moment before put() has told of it; another
        # consumer that comes just then may get the item, and this one waits again.
        slack = longest.length_ns // 10
        if not any(longest.start_ns <= f.from_ns <= longest.end_ns + slack for f in flows):
            unfed.append(longest)
    if not waits:
        return not_seen(
            en="No consumer had to wait. Let the last items come later.",
            zh="没有消费者需要等待。可以让最后的产品来得更晚。",
        )
    return either(
        not unfed,
        en=f"{len(waits)} consumers waited in get(), {duration(waits[0].length_ns)} the first; "
        f"{len(unfed)} of them went on without an item put meanwhile.",
        zh=f"{len(waits)} 个消费者在 get() 中等待，第一个等了 {duration(waits[0].length_ns)}；"
        f"其中 {len(unfed)} 个在没有新产品放入时就继续了。",
        evidence=unfed or waits,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="Queues between threads", zh="线程间的队列"),
    summary=Text(
        en="Queue, LifoQueue, PriorityQueue and SimpleQueue: in which order items come out, and "
        "who waits for them.",
        zh="Queue、LifoQueue、PriorityQueue 与 SimpleQueue：产品按什么顺序取出，谁在等待。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.BLOCKING),
        primitives=(
            "queue.Queue",
            "queue.LifoQueue",
            "queue.PriorityQueue",
            "queue.SimpleQueue",
        ),
        states=(State.BLOCKED, State.RUNNING),
        level=1,
    ),
    claims=(
        Claim(
            "order",
            lambda params: {
                "lifo": Text(
                    en="From a LifoQueue the item put last comes first.",
                    zh="LifoQueue 最后放入的最先取出。",
                ),
                "priority": Text(
                    en="From a PriorityQueue the smallest item comes first, whenever it was put.",
                    zh="PriorityQueue 总是最小的先取出，与放入的先后无关。",
                ),
            }.get(
                params.kind,
                Text(en="The item put first comes out first.", zh="先放入的先取出。"),
            ),
            check_order,
        ),
        Claim(
            "once",
            Text(
                en="Each item is taken exactly once, however many threads take, and without a lock "
                "of the program's own.",
                zh="无论有多少线程在取，每个产品恰好被取出一次，程序自己无需加锁。",
            ),
            check_once,
        ),
        Claim(
            "waits",
            Text(
                en="get() on an empty queue is blocked until another thread puts an item.",
                zh="队列空时，get() 会阻塞到另一个线程放入产品为止。",
            ),
            check_waits,
        ),
    ),
)
