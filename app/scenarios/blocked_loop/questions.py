"""Asked before the run: what the other coroutines do while one sleeps."""

from __future__ import annotations

from app.catalogue.answer_kinds import Choice
from app.catalogue.questions import Question
from app.catalogue.spans import clip, starting, total
from app.locale.text import Text
from app.scenarios.blocked_loop.scenario import Settings, sleep_of
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


def meanwhile(timeline: Timeline, params: Settings) -> str:
    sleep = sleep_of(timeline)
    tickers = starting(timeline, "ticker", TrackKind.COROUTINE)

    def during(state: State) -> int:
        rows = [row for track in tickers for row in timeline.of(track, state)]
        return total(clip(rows, sleep.start_ns, sleep.end_ns))

    return "run" if during(State.RUNNING) else "none"


def listener_is(timeline: Timeline, params: Settings) -> str:
    """What it is for most of the sleep, if it does not run within it."""
    sleep = sleep_of(timeline)
    (listener,) = starting(timeline, "listener", TrackKind.COROUTINE)[:1]

    def during(state: State) -> int:
        return total(clip(timeline.of(listener, state), sleep.start_ns, sleep.end_ns))

    if during(State.RUNNING):
        return "runs"
    return "ready" if during(State.READY) > during(State.AWAITING) else "awaits"


_BLOCKED = Text(
    en="time.sleep() keeps the thread, and the event loop has no other: until it returns, the loop "
    "can look neither at its timers nor at what is ready.",
    zh="time.sleep() 占住线程不放，而事件循环只有这一个线程：在它返回之前，"
    "事件循环既不能查看定时器，也不能运行就绪的任务。",
)
_FREE = Text(
    en="The sleep does not keep the loop's thread: the loop goes on to run whatever is ready.",
    zh="这样的睡眠不占用事件循环的线程：凡是就绪的任务，事件循环都照常运行。",
)


_NOT_DUE = Text(
    en="The loop could have run them, but in so short a sleep none of them was due.",
    zh="事件循环本可以运行它们，但睡眠太短，没有一个到时间。",
)


def why_meanwhile(params: Settings, answer: str) -> Text:
    if answer == "run":
        return _FREE
    return _BLOCKED if params.sleep == "time.sleep" else _NOT_DUE


QUESTIONS = (
    Question(
        "meanwhile",
        Text(
            en="One coroutine sleeps, in the way that you have set. What do the tickers do "
            "meanwhile?",
            zh="一个协程按你选择的方式睡眠。这段时间里，那些 ticker 协程在做什么？",
        ),
        Choice(
            {
                "run": Text(en="They run every now and then.", zh="每隔一会儿就运行一次。"),
                "none": Text(en="None of them runs.", zh="一个也没有运行。"),
            }
        ),
        meanwhile,
        why_meanwhile,
    ),
    Question(
        "listener",
        Text(
            en="Just before the sleep the message comes that the listener awaits. What does the "
            "listener do during the sleep?",
            zh="就在睡眠开始之前，listener 等待的消息已经到了。睡眠期间它在做什么？",
        ),
        Choice(
            {
                "runs": Text(
                    en="It runs, and then awaits the next message.", zh="运行，然后等待下一条消息。"
                ),
                "ready": Text(
                    en="It is ready all the time, and does not run.", zh="一直就绪，却没有运行。"
                ),
                "awaits": Text(
                    en="It goes on awaiting, as if there were no message.",
                    zh="继续等待，好像消息没有来一样。",
                ),
            }
        ),
        listener_is,
        {
            "runs": Text(
                en="The message makes it ready, and the loop, whose thread is free, runs it.",
                zh="消息使它就绪；事件循环的线程空着，于是就运行它。",
            ),
            "ready": Text(
                en="The message makes it ready. But the loop's only thread is inside time.sleep(), "
                "so nothing can run it.",
                zh="消息使它就绪，但事件循环唯一的线程正在 time.sleep() 里，没有谁能运行它。",
            ),
            "awaits": Text(
                en="The message had not reached it yet.",
                zh="消息还没有送到它那里。",
            ),
        },
    ),
)
