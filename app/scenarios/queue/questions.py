"""Asked before the run: who waits for whom."""

from __future__ import annotations

from app.catalogue.answer_kinds import Choice
from app.catalogue.questions import Question
from app.catalogue.queue_items import queue_waits
from app.catalogue.spans import named, total
from app.locale.text import Text
from app.scenarios.queue.scenario import Settings, producers_of
from app.timeline.timeline import Timeline


def who_waits(timeline: Timeline, params: Settings) -> str:
    (consumer,) = named(timeline, "consumer")
    producers = producers_of(timeline)
    put = total(row for track in producers for row in queue_waits(timeline, track)) / len(producers)
    got = total(queue_waits(timeline, consumer))
    return "put" if put > got else "get"


QUESTIONS = (
    Question(
        "who-waits",
        Text(
            en="Look at how long it takes to make and to use an item, and at how many producers "
            "there are. Who waits longer at the queue?",
            zh="看看生产和消费一个产品各需要多久、有几个生产者。谁在队列上等得更久？",
        ),
        Choice(
            {
                "put": Text(en="A producer, in put().", zh="生产者，在 put() 里。"),
                "get": Text(en="The consumer, in get().", zh="消费者，在 get() 里。"),
            }
        ),
        who_waits,
        {
            "put": Text(
                en="The consumer is slower than all producers together: the queue is mostly full, "
                "and put() waits for room.",
                zh="消费者比所有生产者加起来还慢：队列经常是满的，put() 要等空位。",
            ),
            "get": Text(
                en="The producers together are slower than the consumer: the queue is mostly "
                "empty, and get() waits for an item.",
                zh="所有生产者加起来也比消费者慢：队列经常是空的，get() 要等产品。",
            ),
        },
    ),
)
