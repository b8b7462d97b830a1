"""The parameters, and what a run shows of those who make items and those who use them."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import NotSeen
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.spans import lines, starting
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    producers: int = integer(2, Text(en="Producers", zh="生产者"), minimum=1, maximum=6)
    consumers: int = integer(2, Text(en="Consumers", zh="消费者"), minimum=1, maximum=6)
    items: int = integer(
        12, Text(en="Items of each producer", zh="每个生产者的产品数"), minimum=1, maximum=50
    )
    room: int = integer(
        4,
        Text(en="Room in the buffer", zh="缓冲区容量"),
        minimum=1,
        maximum=50,
        help=Text(en="put() waits while it is full.", zh="缓冲区满时，put() 会等待。"),
    )
    make_ms: int = integer(
        10,
        Text(en="Computing to make an item", zh="生产一个产品要计算"),
        minimum=0,
        maximum=300,
        unit="ms",
    )
    use_ms: int = integer(
        25,
        Text(en="Waiting to use an item", zh="消费一个产品要等待"),
        minimum=0,
        maximum=300,
        unit="ms",
        help=Text(
            en="Waiting needs no CPU, so consumers do not compete for one.",
            zh="等待不需要 CPU，所以消费者之间不会争用 CPU。",
        ),
    )
    ending: Literal["nones", "one-short", "join"] = choice(
        "nones",
        Text(en="How consumers are told to end", zh="如何让消费者结束"),
        {
            "nones": Text(en="a None for each of them", zh="给每个消费者一个 None"),
            "one-short": Text(en="one None too few", zh="少给一个 None"),
            "join": Text(
                en="join() the queue, they are daemons", zh="join() 队列，消费者是守护进程"
            ),
        },
    )


def producers_of(timeline: Timeline) -> list[Track]:
    return starting(timeline, "producer-", TrackKind.PROCESS)


def consumers_of(timeline: Timeline) -> list[Track]:
    return starting(timeline, "consumer-", TrackKind.PROCESS)


def used_items(timeline: Timeline) -> list[tuple[int, str]]:
    """When each item was used, in order, as the consumers told."""
    found = ((line.ns, re.match(r"consumer-\d+ has used (\S+)", line.text)) for line in
             lines(timeline))  # fmt: skip
    used = [(ns, match[1]) for ns, match in found if match]
    if not used:
        raise NotSeen(en="No item was used.", zh="没有产品被消费。")
    return used
