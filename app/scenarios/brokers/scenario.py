"""The same producers and consumers over Redis, Memcached, RabbitMQ and Kafka."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Literal

from app.catalogue.brokers import BROKERS, obstacle
from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, fails, holds, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    computed,
    duration,
    lines,
    need_exact,
    percent,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Flow, Track
from app.timeline.states import Cause, FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline

_SENT = re.compile(r"producer-\d+ sent (producer-\d+)/(\d+)$")
_TOOK = re.compile(r"(consumer-\d+) took (producer-\d+)/(\d+)$")


class Settings(Parameters):
    broker: Literal["redis", "memcached", "rabbitmq", "kafka"] = choice(
        "redis",
        Text(en="Broker", zh="消息中间件"),
        {
            "redis": Text(en="Redis: a list", zh="Redis：列表"),
            "memcached": Text(en="Memcached: a cache, no queue", zh="Memcached：缓存，不是队列"),
            "rabbitmq": Text(
                en="RabbitMQ: a queue with confirmations", zh="RabbitMQ：带确认的队列"
            ),
            "kafka": Text(en="Kafka: a log in partitions", zh="Kafka：分区日志"),
        },
        help=Text(en="A server that must run already.", zh="服务器必须已经在运行。"),
        obstacle=obstacle,
    )
    producers: int = integer(2, Text(en="Producers", zh="生产者数"), minimum=1, maximum=4)
    consumers: int = integer(2, Text(en="Consumers", zh="消费者数"), minimum=1, maximum=4)
    messages: int = integer(
        10, Text(en="Messages of each producer", zh="每个生产者的消息数"), minimum=1, maximum=100
    )
    ms: int = integer(
        20,
        Text(en="Time between two messages", zh="两条消息之间"),
        minimum=0,
        maximum=100,
        unit="ms",
        help=Text(en="Computing time of a producer.", zh="生产者的计算时间。"),
    )


def _taken(timeline: Timeline) -> list[tuple[str, str, int]]:
    """What was taken, in the order of the output: by whom, whose, which."""
    found = (_TOOK.match(line.text) for line in lines(timeline))
    return [(match[1], match[2], int(match[3])) for match in found if match]


def _consumers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "consumer-", TrackKind.PROCESS)


def _producers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "producer-", TrackKind.PROCESS)


def _well(timeline: Timeline) -> list[Track]:
    """All producers and consumers. Raises NotSeen where one of them did not come to its end."""
    tracks = _producers(timeline) + _consumers(timeline)
    for track in tracks:
        if track.end is None or track.end.cause is not Cause.RETURNED:
            raise NotSeen(
                en=f"{track.name} did not come to its end.", zh=f"{track.name} 没有正常结束。"
            )
    return tracks


def check_once(timeline: Timeline, params: Settings) -> Answer:
    tracks = _well(timeline)
    matches = (_SENT.match(line.text) for line in lines(timeline))
    sent = Counter((match[1], int(match[2])) for match in matches if match)
    taken = Counter((whose, number) for _, whose, number in _taken(timeline))
    twice = sum(count > 1 for count in taken.values())
    lost = len(sent.keys() - taken.keys())
    groups = len({by for by, _, _ in _taken(timeline)})
    return either(
        sent == taken,
        en=f"{sum(sent.values())} messages were sent, and {groups} consumers took "
        f"{sum(taken.values())}: {lost} lost, {twice} taken twice.",
        zh=f"发出 {sum(sent.values())} 条消息，{groups} 个消费者取走 {sum(taken.values())} 条："
        f"丢失 {lost} 条，重复 {twice} 条。",
        evidence=[whole(timeline, track) for track in tracks],
    )


def check_order(timeline: Timeline, params: Settings) -> Answer:
    """Among the messages that one consumer took from one producer."""
    if params.broker == "memcached":
        return not_seen(
            en="Memcached keeps values by name, and promises no order.",
            zh="Memcached 按名字保存值，不保证任何顺序。",
        )
    rows: dict[tuple[str, str], list[int]] = {}
    for by, whose, number in _taken(timeline):
        rows.setdefault((by, whose), []).append(number)
    pairs = sum(len(numbers) - 1 for numbers in rows.values())
    if not pairs:
        return not_seen(
            en="No consumer took two messages of one producer.",
            zh="没有消费者取走同一生产者的两条消息。",
        )
    wrong = sum(
        later < earlier for numbers in rows.values() for earlier, later in pairwise(numbers)
    )
    return either(
        wrong == 0,
        en=f"Of {counted(pairs, 'time')} that a consumer took another message of the same "
        f"producer, {wrong} were out of order.",
        zh=f"消费者先后取走同一生产者的两条消息，共 {pairs} 次，其中 {wrong} 次顺序颠倒。",
        evidence=[whole(timeline, track) for track in _consumers(timeline)],
    )


def check_waits(timeline: Timeline, params: Settings) -> Answer:
    """How consumers wait: at the server's socket (or in the poll for it), or asleep."""
    consumers = _consumers(timeline)
    blocked = [row for track in consumers for row in timeline.of(track, State.BLOCKED)]
    ran = computed(timeline, *consumers)
    memcached = params.broker == "memcached"
    reasons = {Reason.SLEEP} if memcached else {Reason.SOCKET, Reason.POLL}
    so = [row for row in blocked if row.reason in reasons]
    if not _taken(timeline) or total(blocked) <= ran:
        return not_seen(en="The consumers hardly waited.", zh="消费者几乎没有等待。")
    if total(so) <= total(blocked) / 2:
        need_exact(timeline)
    where = ("in time.sleep", "time.sleep") if memcached else ("for the server", "等服务器")
    return either(
        total(so) > total(blocked) / 2,
        en=f"The consumers were blocked for {duration(total(blocked))}, of that "
        f"{percent(total(so), total(blocked))} {where[0]}; they ran for {duration(ran)}.",
        zh=f"消费者共阻塞 {duration(total(blocked))}，其中 {percent(total(so), total(blocked))} 是"
        f"{'在 ' if memcached else '在'}{where[1]}；运行 {duration(ran)}。",
        evidence=so or blocked,
    )


def _messages(timeline: Timeline) -> list[Flow]:
    return [flow for flow in timeline.flows if flow.kind is FlowKind.SEND_RECV]


def _process_of(timeline: Timeline, track: int) -> int:
    """The process that a thread or a coroutine belongs to."""
    found = timeline.tracks[track]
    while found.kind in (TrackKind.THREAD, TrackKind.COROUTINE) and found.parent:
        found = timeline.tracks[found.parent]
    return found.id


def check_outside(timeline: Timeline, params: Settings) -> Answer:
    """All messages go to the server or come from it; whatever it does itself is not seen."""
    servers = timeline.of_kind(TrackKind.EXTERNAL)
    crew = _producers(timeline) + _consumers(timeline)
    if not servers:
        return not_seen(en="No message to a server was seen.", zh="没有看到发往服务器的消息。")
    names, ids = {track.id: track.name for track in servers}, {track.id for track in crew}
    reached: Counter[int] = Counter()
    direct = 0
    for flow in _messages(timeline):
        ends = [_process_of(timeline, track) for track in (flow.from_track, flow.to_track)]
        direct += ids.issuperset(ends)
        reached.update(end for end in ends if end in ids and not names.keys().isdisjoint(ends))
    en = f"Bytes went to or came from {', '.join(names.values())} "
    en += f"{times(sum(reached.values()))}; "
    en += f"{len(reached)} of {len(crew)} producers and consumers took part, and {direct} "
    en += "messages went from one to the other directly."
    zh = f"与 {'、'.join(names.values())} 之间共收发 {sum(reached.values())} 次；"
    zh += f"{len(crew)} 个生产者和消费者中有 {len(reached)} 个参与；"
    zh += f"彼此直接发送的消息有 {direct} 条。"
    evidence = [Span(server.id, server.start_ns, timeline.now_ns) for server in servers]
    if direct:
        return fails(en=en, zh=zh, evidence=evidence)
    if len(reached) < len(crew):
        return not_seen(en=en, zh=zh, evidence=evidence)
    return holds(en=en, zh=zh, evidence=evidence)


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="Message brokers", zh="消息中间件"),
    summary=Text(
        en="The same producers and consumers over Redis, Memcached, RabbitMQ and Kafka: real "
        "servers outside the program.",
        zh="同样的生产者与消费者，分别通过 Redis、Memcached、RabbitMQ 和 Kafka："
        "程序之外的真实服务器。",
    ),
    parameters=Settings,
    by="broker",
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.BLOCKING),
        primitives=("redis.Redis", "pymemcache.Client", "pika", "aiokafka"),
        states=(State.BLOCKED, State.RUNNING, State.UNKNOWN),
        level=3,
    ),
    requires=tuple(broker.library for broker in BROKERS.values()),
    claims=(
        Claim(
            "once",
            Text(
                en="Each message is taken by one consumer of the group, once.",
                zh="每条消息只被组里的一个消费者取走一次。",
            ),
            check_once,
        ),
        Claim(
            "order",
            lambda params: (
                Text(en="A cache keeps no order of messages.", zh="缓存不保持消息的顺序。")
                if params.broker == "memcached"
                else Text(
                    en="A consumer gets the messages of one producer in the order they were sent.",
                    zh="消费者按发送顺序收到同一个生产者的消息。",
                )
            ),
            check_order,
        ),
        Claim(
            "waits",
            lambda params: (
                Text(
                    en="Memcached has nothing to wait for: a consumer sleeps, and asks again.",
                    zh="Memcached 没有可以等待的东西：消费者只能睡一会儿再问。",
                )
                if params.broker == "memcached"
                else Text(
                    en="A consumer without a message is blocked at the server's socket, and uses "
                    "no CPU.",
                    zh="没有消息时，消费者阻塞在与服务器相连的套接字上，不占用 CPU。",
                )
            ),
            check_waits,
        ),
        Claim(
            "outside",
            Text(
                en="Producers and consumers never talk to each other: all goes through a server "
                "outside the program, and what it does inside is not seen.",
                zh="生产者与消费者从不直接通信：一切都经过程序之外的服务器，它内部做什么看不到。",
            ),
            check_outside,
        ),
    ),
)
