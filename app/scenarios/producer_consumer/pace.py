"""Which side waits for the other, and how long it all takes, by how many there are of each."""

from __future__ import annotations

from app.catalogue.claims import Answer, Span, either, not_seen
from app.catalogue.queue_items import passed_on, queue_waits
from app.catalogue.spans import (
    clip,
    computed,
    duration,
    end_of,
    need_exact,
    percent,
    root,
    total,
    whole,
)
from app.locale.text import Text
from app.scenarios.producer_consumer.items import Settings, consumers_of, producers_of, used_items
from app.timeline.model import Track
from app.timeline.states import Reason, State
from app.timeline.timeline import Timeline

#: One side is clearly too many when its share of all processes is so many times the best one.
CLEARLY = 1.5


def _work(timeline: Timeline) -> tuple[int, int]:
    """The time in which all producers computed, and all consumers slept or computed."""
    made = computed(timeline, *producers_of(timeline))
    spent = sum(
        computed(timeline, track)
        + total(row for row in timeline.of(track, State.BLOCKED) if row.reason is Reason.SLEEP)
        for track in consumers_of(timeline)
    )
    return made, spent


def check_pace(timeline: Timeline, params: Settings) -> Answer:
    """From the first put to the last item used it takes the time of the slower side, shared out."""
    need_exact(timeline)
    flows, used = passed_on(timeline), used_items(timeline)
    producers, consumers = producers_of(timeline), consumers_of(timeline)
    if not params.make_ms or not params.use_ms or len(used) < 4 * params.room:
        return not_seen(en="There was too little work to tell.", zh="工作量太小，无法判断。")
    window = flows[0].from_ns, used[-1][0]
    made, spent = _work(timeline)
    needs = made / len(producers), spent / len(consumers)
    took, need = window[1] - window[0], max(needs)
    slower = (
        Text(en="consumers", zh="消费者")
        if needs[1] > needs[0]
        else Text(en="producers", zh="生产者")
    )
    en = f"Shared out, the producers needed {duration(needs[0])} for all items, the consumers "
    en += f"{duration(needs[1])}; the {slower.en} are the slower side. From the first put() to the "
    en += f"last item used it took {duration(took)}."
    zh = f"平均分担下来，生产者总共需要 {duration(needs[0])}，消费者需要 {duration(needs[1])}，"
    zh += f"较慢的一边是{slower.of('zh')}。从第一次 put() 到最后一个产品用完，共 {duration(took)}。"
    rows = clip([whole(timeline, track) for track in (*producers, *consumers)], *window)
    # At the ends one side is idle for an item of the other; no item is cut to share it out better.
    ends = (params.make_ms + 2 * params.use_ms) * 1_000_000
    if took <= CLEARLY * need + ends:
        return either(took >= 0.8 * need, en=en, zh=zh, evidence=rows)
    ready = sum(
        total(clip(timeline.of(track, State.READY), *window))
        for track in (root(timeline), *producers, *consumers)
    )
    if ready > (took - need) / 4:
        return not_seen(en=en + " There were too few CPUs.", zh=zh + "CPU 不够用。", evidence=rows)
    return either(False, en=en, zh=zh, evidence=rows)


def check_ratio(timeline: Timeline, params: Settings) -> Answer:
    """The best p:c is the time to make an item : to use one. The side that is too many waits."""
    need_exact(timeline)
    flows = passed_on(timeline)
    producers, consumers = producers_of(timeline), consumers_of(timeline)
    made, spent = _work(timeline)
    if not params.make_ms or not params.use_ms or not spent or len(flows) < 4 * params.room:
        return not_seen(en="There was too little work to tell.", zh="工作量太小，无法判断。")
    # Both did the same number of items, so the times of all items compare as those of one.
    best = made / spent
    begin, end = flows[0].from_ns, flows[-1].from_ns
    waited = [_waiting(timeline, tracks, begin, end) for tracks in (producers, consumers)]
    lasted = [len(tracks) * (end - begin) for tracks in (producers, consumers)]
    shares = [part / of for part, of in zip(waited, lasted, strict=True)]
    said = percent(waited[0], lasted[0]), percent(waited[1], lasted[1])
    en = f"To make one took {best:.1f} times as long as to use one, so there should be {best:.1f} "
    en += f"producers for each consumer; there were {len(producers)} : {len(consumers)}. Producers "
    en += f"waited for {said[0]} of the time, consumers for {said[1]}."
    zh = f"生产一个产品所需时间是消费的 {best:.1f} 倍，所以每个消费者应配 {best:.1f} 个生产者；"
    zh += f"实际是 {len(producers)} : {len(consumers)}。生产者等待的时间占 {said[0]}，"
    zh += f"消费者占 {said[1]}。"
    rows = [
        row
        for track in producers + consumers
        for row in clip(queue_waits(timeline, track), begin, end)
    ]
    off = len(producers) / len(consumers) / best
    if 1 / CLEARLY < off < CLEARLY:
        return not_seen(
            en=en + " That is near the best.", zh=zh + "已接近最佳比例。", evidence=rows
        )
    as_said = (shares[0] > shares[1]) == (off > 1)
    ready = sum(total(clip(timeline.of(track, State.READY), begin, end)) for track in producers)
    if not as_said and ready > 0.2 * lasted[0]:
        return not_seen(
            en=en + " But producers had no CPU for a part of the time.",
            zh=zh + "但生产者有一部分时间没有 CPU 可用。",
            evidence=rows,
        )
    return either(as_said, en=en, zh=zh, evidence=rows)


def _waiting(timeline: Timeline, tracks: list[Track], begin: int, end: int) -> int:
    """For how long they waited in the queue, or were through with their code, in this window."""
    spans: list[Span] = []
    for track in tracks:
        spans += clip(queue_waits(timeline, track), begin, end)
    return total(spans) + sum(max(0, end - end_of(timeline, track)) for track in tracks)
