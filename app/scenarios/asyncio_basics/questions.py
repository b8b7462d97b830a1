"""Asked before the run: how long all tasks take together."""

from __future__ import annotations

from app.catalogue.answer_kinds import Number
from app.catalogue.questions import Question
from app.catalogue.spans import whole
from app.locale.text import Text
from app.scenarios.asyncio_basics.scenario import Settings, tasks_of
from app.timeline.timeline import Timeline


def seconds(timeline: Timeline, params: Settings) -> float:
    lives = [whole(timeline, task) for task in tasks_of(timeline)]
    took = max(life.end_ns for life in lives) - min(life.start_ns for life in lives)
    return round(took / 1e9, 3)


def why(params: Settings, answer: float) -> Text:
    if params.style == "one-by-one":
        return Text(
            en="Each task is awaited before the next one is made, so their waits add up.",
            zh="前一个任务等到了才创建下一个，所以等待时间相加。",
        )
    if params.style == "timeout":
        return Text(
            en="They wait at the same time; those that would take longer than the limit are "
            "cancelled. So it takes the longest wait, or the limit.",
            zh="它们同时等待，超过时限的会被取消。所以总时间是最长的那个等待，或者就是时限。",
        )
    return Text(
        en="They wait at the same time: to wait, a task needs neither the thread nor a CPU. So it "
        "takes as long as the longest wait.",
        zh="它们同时等待：任务在等待时既不占用线程，也不占用 CPU。所以总时间就是最长的那个等待。",
    )


QUESTIONS = (
    Question(
        "seconds",
        Text(
            en="The first task waits as long as you have set, the second twice as long, and so on. "
            "How long do all of them take together?",
            zh="第一个任务等待所设的时间，第二个是它的两倍，依此类推。全部任务总共要用多少秒？",
        ),
        Number(0, 600, "s"),
        seconds,
        why,
    ),
)
