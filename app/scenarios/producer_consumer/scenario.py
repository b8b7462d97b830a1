"""Producers and consumers around a bounded buffer: what passes, who waits, and how it ends."""

from __future__ import annotations

from collections import Counter

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.counting import counted
from app.catalogue.groups import Group, Idea
from app.catalogue.queue_items import most_inside, passed_on, queue_waits
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    duration,
    lines,
    need_said,
    total,
    whole,
)
from app.locale.text import Text
from app.scenarios.producer_consumer.items import Settings, consumers_of, producers_of, used_items
from app.scenarios.producer_consumer.pace import check_pace, check_ratio
from app.timeline.model import Track
from app.timeline.states import Cause, State
from app.timeline.timeline import Timeline


def check_room(timeline: Timeline, params: Settings) -> Answer:
    """Items that were put and not yet got, at any instant."""
    most = most_inside(passed_on(timeline))
    waits = [row for track in producers_of(timeline) for row in queue_waits(timeline, track)]
    return either(
        most <= params.room,
        en=f"At most {most} items were in the buffer at once (room: {params.room}); put() waited "
        f"for {duration(total(waits))} in all.",
        zh=f"缓冲区里同时最多有 {most} 个产品（容量 {params.room}）；"
        f"put() 总共等待了 {duration(total(waits))}。",
        evidence=waits,
    )


def check_once(timeline: Timeline, params: Settings) -> Answer:
    consumers = consumers_of(timeline)
    used = Counter(item for _, item in used_items(timeline))
    made = {
        f"{number}.{n}"
        for number in range(1, params.producers + 1)
        for n in range(1, params.items + 1)
    }
    twice = sum(count > 1 for count in used.values())
    missing = len(made - used.keys())
    if missing and not _all_over(timeline, params):
        return not_seen(
            en="The run ended before all was used.", zh="运行在全部消费完之前就结束了。"
        )
    return either(
        used.keys() == made and not twice,
        en=f"{counted(len(made), 'item was', 'items were')} made; {missing} of them were never "
        f"used, {twice} more than once.",
        zh=f"共生产 {len(made)} 个产品；从未被消费的 {missing} 个，被消费多次的 {twice} 个。",
        evidence=[whole(timeline, consumer) for consumer in consumers],
    )


def _all_over(timeline: Timeline, params: Settings) -> bool:
    """Whether the consumers were through: by the Nones they got, or as main was told."""
    got = sum("has got None" in line.text for line in lines(timeline))
    if params.ending == "nones":
        return got == params.consumers
    return any(line.text == "main: every item is used" for line in lines(timeline))


def check_ending(timeline: Timeline, params: Settings) -> Answer:
    consumers = consumers_of(timeline)
    causes = Counter(consumer.end.cause for consumer in consumers if consumer.end)
    if params.ending == "join":
        return _check_join(timeline, consumers, causes)
    returned = causes[Cause.RETURNED]
    if params.ending == "nones":
        return either(
            returned == len(consumers),
            en=f"{returned} of {len(consumers)} consumers came to the end of their code.",
            zh=f"{len(consumers)} 个消费者中有 {returned} 个执行完了自己的代码。",
            evidence=[whole(timeline, consumer) for consumer in consumers],
        )
    need_said(timeline, "main: every item is used")
    killed = [item for item in consumers if item.end and item.end.cause is Cause.SIGNAL]
    if len(killed) > 1:
        return not_seen(
            en=f"Main's patience ended before {len(killed)} consumers did: the machine was busy.",
            zh=f"机器太忙，{len(killed)} 个消费者结束之前，主进程就失去了耐心。",
        )
    waits = [row for item in killed for row in timeline.of(item, State.BLOCKED)[-1:]]
    return either(
        len(killed) == 1 and returned == len(consumers) - 1,
        en=f"{returned} of {len(consumers)} consumers ended by themselves; {len(killed)} "
        f"waited in get() until main ended them, {duration(total(waits))} at last.",
        zh=f"{len(consumers)} 个消费者中有 {returned} 个自行结束；{len(killed)} 个"
        f"一直在 get() 里等待，直到被主进程终止，最后一次等了 {duration(total(waits))}。",
        evidence=waits or [whole(timeline, consumer) for consumer in consumers],
    )


def _check_join(timeline: Timeline, consumers: list[Track], causes: Counter[Cause]) -> Answer:
    """join() came back after the last item was used, and the daemons went with main's code."""
    over = need_said(timeline, "main: every item is used").ns
    last = max(ns for ns, _ in used_items(timeline))
    daemons = causes[Cause.DAEMON] + causes[Cause.SIGNAL]
    return either(
        over >= last and daemons == len(consumers),
        en=f"The last item was used at {duration(last)}, join() was over at {duration(over)}; "
        f"{daemons} of {len(consumers)} consumers were then ended as daemons.",
        zh=f"最后一个产品在 {duration(last)} 消费完，join() 在 {duration(over)} 返回；"
        f"此后 {len(consumers)} 个消费者中有 {daemons} 个作为守护进程被终止。",
        evidence=[whole(timeline, consumer) for consumer in consumers],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="Producers and consumers", zh="生产者与消费者"),
    summary=Text(
        en="A bounded buffer between producers and consumers: who waits, how many of each are "
        "best, and how they learn that it is over.",
        zh="生产者与消费者之间的有界缓冲区：谁在等待，两边各几个最合适，又如何知道已经结束。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.BLOCKING, Idea.LIFETIME),
        primitives=("multiprocessing.JoinableQueue", "multiprocessing.Process"),
        states=(State.BLOCKED, State.RUNNING, State.READY),
        level=2,
    ),
    claims=(
        Claim(
            "room",
            Text(
                en="The buffer never holds more than it has room for.",
                zh="缓冲区里的产品从不超过它的容量。",
            ),
            check_room,
        ),
        Claim(
            "once",
            Text(en="Every item is used exactly once.", zh="每个产品恰好被消费一次。"),
            check_once,
        ),
        Claim(
            "ending",
            lambda params: {
                "nones": Text(
                    en="One None for each consumer ends them all.",
                    zh="给每个消费者一个 None，它们就都会结束。",
                ),
                "one-short": Text(
                    en="With one None too few, one consumer waits for ever.",
                    zh="少给一个 None，就有一个消费者永远等下去。",
                ),
                "join": Text(
                    en="join() of a JoinableQueue waits until every item is used, not only taken.",
                    zh="JoinableQueue 的 join() 会等到每个产品都用完，而不只是被取走。",
                ),
            }[params.ending],
            check_ending,
        ),
        Claim(
            "ratio",
            Text(
                en="Given enough CPUs, the best number of producers for one consumer is the time "
                "to make an item divided by the time to use it; the side that is too many waits.",
                zh="只要 CPU 够用，每个消费者的最佳生产者数，等于生产时间除以消费时间；"
                "哪一边多了，哪一边就要等待。",
            ),
            check_ratio,
        ),
        Claim(
            "pace",
            Text(
                en="Given enough CPUs, all takes as long as the slower side needs for its share of "
                "the work.",
                zh="只要 CPU 够用，总时间就等于较慢的一边分担全部工作所需的时间。",
            ),
            check_pace,
        ),
    ),
)
