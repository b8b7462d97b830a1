"""A bounded queue between processes: order kept, put waits when full, a hidden feeder thread."""

from __future__ import annotations

from itertools import pairwise

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer
from app.catalogue.queue_items import most_inside, passed_on, queue_waits
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, named, starting, total, whole
from app.locale.text import Text, listed
from app.timeline.model import Flow, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    producers: int = integer(2, Text(en="Producers", zh="生产者"), minimum=1, maximum=4)
    items: int = integer(
        10, Text(en="Items of each producer", zh="每个生产者的产品数"), minimum=1, maximum=50
    )
    room: int = integer(
        3,
        Text(en="Room in the queue", zh="队列容量"),
        minimum=1,
        maximum=50,
        help=Text(
            en="put() waits while so many items are in it.",
            zh="队列里有这么多产品时 put() 会等待。",
        ),
    )
    make_ms: int = integer(
        10, Text(en="Time to make an item", zh="生产一个产品"), minimum=0, maximum=500, unit="ms"
    )
    use_ms: int = integer(
        60, Text(en="Time to use an item", zh="消费一个产品"), minimum=0, maximum=500, unit="ms"
    )


def producers_of(timeline: Timeline) -> list[Track]:
    return starting(timeline, "producer-", TrackKind.PROCESS)


def check_order(timeline: Timeline, params: Settings) -> Answer:
    flows = passed_on(timeline)
    by_sender: dict[int, list[Flow]] = {}
    for flow in flows:
        by_sender.setdefault(flow.from_track, []).append(flow)
    swapped = sum(
        before.to_ns > after.to_ns
        for sent in by_sender.values()
        for before, after in pairwise(sent)
    )
    if max(map(len, by_sender.values())) < 2:
        return not_seen(en="No producer sent two items.", zh="没有生产者发送过两个产品。")
    return either(
        swapped == 0,
        en=f"{counted(len(flows), 'item')} passed through; one overtook another of its producer "
        f"{times(swapped)}.",
        zh=f"共传递 {len(flows)} 个产品；同一生产者的产品被后来者超过 {swapped} 次。",
        evidence=[whole(timeline, timeline.tracks[track]) for track in by_sender],
    )


def check_room(timeline: Timeline, params: Settings) -> Answer:
    """Puts that are over, less gets, never exceed the room (and one in the consumer's hand)."""
    flows = passed_on(timeline)
    most = most_inside(flows)
    # The consumer makes room within get(), a moment before that get is over.
    allowed = params.room + 1
    return either(
        most <= allowed,
        en=f"At most {counted(most, 'item was', 'items were')} under way at once (room: "
        f"{params.room}, and one that the consumer is just taking).",
        zh=f"同时在途的产品最多 {most} 个（容量 {params.room}，外加消费者正在取走的一个）。",
        evidence=[row for track in producers_of(timeline) for row in queue_waits(timeline, track)],
    )


def check_put_waits(timeline: Timeline, params: Settings) -> Answer:
    """A get ends each put that waits on a full queue: it comes before the producer's next put."""
    flows = passed_on(timeline)
    puts, gets = [flow.from_ns for flow in flows], [flow.to_ns for flow in flows]
    unfed, full = [], []
    for track in producers_of(timeline):
        for row in queue_waits(timeline, track):
            inside = sum(ns <= row.start_ns for ns in puts) - sum(ns <= row.start_ns for ns in gets)
            if inside < params.room:
                continue  # it waits for something else, such as the start of its feeder
            full.append(row)
            # The get that makes room is over a moment later, maybe when the put has run on.
            own = [flow.from_ns for flow in flows if flow.from_track == track.id]
            later = [ns for ns in own if ns > row.end_ns][1:]
            until = min(later, default=timeline.now_ns)
            if not any(row.start_ns <= ns <= until for ns in gets):
                unfed.append(row)
    if not full:
        return not_seen(
            en="No put had to wait for room. Make items faster, or give the queue less room.",
            zh="没有 put 需要等待空位。可以加快生产，或减小队列容量。",
        )
    return either(
        not unfed,
        en=f"put() waited on a full queue {times(len(full))}, {duration(total(full))} in all; "
        f"{len(unfed)} of them went on without a get.",
        zh=f"put() 在队列满时等待了 {len(full)} 次，共 {duration(total(full))}；"
        f"其中 {len(unfed)} 次没有 get 就继续了。",
        evidence=unfed or full,
    )


def check_get_waits(timeline: Timeline, params: Settings) -> Answer:
    """A get that waits ends by an item arriving."""
    flows = passed_on(timeline)
    (consumer,) = named(timeline, "consumer")
    waits = [row for row in queue_waits(timeline, consumer) if row.end_ns < consumer.end_ns]
    if not waits:
        return not_seen(en="No get had to wait.", zh="没有 get 需要等待。")
    first = waits[0]
    length = first.end_ns - first.start_ns
    arrived = [flow for flow in flows if flow.to_ns >= first.start_ns]
    fed = [flow for flow in arrived if flow.from_ns <= first.end_ns]
    return either(
        bool(fed) or not arrived,
        en=f"get() waited {times(len(waits))}; the first wait, of {duration(length)}, ended "
        f"{'after a put' if fed else 'before any put'}.",
        zh=f"get() 等待了 {len(waits)} 次；第一次等了 {duration(length)}，"
        f"{'在 put 之后' if fed else '在任何 put 之前'}结束。",
        evidence=waits,
    )


def check_feeder(timeline: Timeline, params: Settings) -> Answer:
    producers = producers_of(timeline)
    threads = {
        track.id: [child for child in timeline.children(track) if child.kind is TrackKind.THREAD]
        for track in producers
    }
    with_feeder = [track for track in producers if threads[track.id]]
    names = listed(sorted({child.name for found in threads.values() for child in found}))
    return either(
        len(with_feeder) == len(producers),
        en=f"{len(with_feeder)} of {len(producers)} producers have a second thread ({names.en}).",
        zh=f"{len(producers)} 个生产者中有 {len(with_feeder)} 个多了一个线程（{names.of('zh')}）。",
        evidence=[whole(timeline, child) for found in threads.values() for child in found],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="A queue between processes", zh="进程间的队列"),
    summary=Text(
        en="Producers put, a consumer gets: who waits when the queue is full or empty, and who "
        "carries the items.",
        zh="生产者放入，消费者取出：队列满了或空了谁在等待，产品又是由谁传送的。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.BLOCKING),
        primitives=("multiprocessing.Queue", "multiprocessing.Process"),
        states=(State.BLOCKED, State.RUNNING, State.READY),
        level=2,
    ),
    claims=(
        Claim(
            "order",
            Text(
                en="Items of one producer arrive in the order they were put.",
                zh="同一个生产者的产品按放入的顺序到达。",
            ),
            check_order,
        ),
        Claim(
            "room",
            Text(
                en="There are never more items in the queue than it has room for.",
                zh="队列中的产品数从不超过它的容量。",
            ),
            check_room,
        ),
        Claim(
            "put-waits",
            Text(
                en="put() on a full queue waits until a get() makes room.",
                zh="队列满时，put() 会一直等到某次 get() 腾出位置。",
            ),
            check_put_waits,
        ),
        Claim(
            "get-waits",
            Text(
                en="get() on an empty queue waits until an item comes.",
                zh="队列空时，get() 会一直等到有产品到来。",
            ),
            check_get_waits,
        ),
        Claim(
            "feeder",
            Text(
                en="put() hands the item to a hidden feeder thread of the producer, which writes "
                "it to the pipe.",
                zh="put() 只是把产品交给生产者内部一个隐藏的 feeder 线程，由它写入管道。",
            ),
            check_feeder,
        ),
    ),
)
