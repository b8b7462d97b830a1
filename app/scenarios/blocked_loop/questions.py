"""Asked before the run: what the other coroutines do while one sleeps."""

from __future__ import annotations

from app.catalogue.questions import Choice, Question
from app.catalogue.spans import clip, starting, total
from app.catalogue.text import Text
from app.scenarios.blocked_loop.scenario import Settings, sleep_of
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


def meanwhile(timeline: Timeline, params: Settings) -> str:
    sleep = sleep_of(timeline)
    tickers = starting(timeline, "ticker", TrackKind.COROUTINE)

    def during(state: State) -> int:
        rows = [row for track in tickers for row in timeline.of(track, state)]
        return total(clip(rows, sleep.start_ns, sleep.end_ns))

    if during(State.RUNNING):
        return "run"
    return "ready" if during(State.READY) >= during(State.AWAITING) else "await"


QUESTIONS = (
    Question(
        "meanwhile",
        Text(
            "One coroutine sleeps, in the way that you have set. What do the tickers do meanwhile?",
            "一个协程按你选择的方式睡眠。这段时间里，那些 ticker 协程在做什么？",
        ),
        Choice(
            {
                "run": Text("They run every now and then.", "每隔一会儿就运行一次。"),
                "ready": Text(
                    "They are ready most of the time, but none of them runs.",
                    "大部分时间处于就绪状态，却一个也没有运行。",
                ),
                "await": Text(
                    "They await their own sleep, and none of them runs.",
                    "都在等待自己的睡眠结束，一个也没有运行。",
                ),
            }
        ),
        meanwhile,
    ),
)
