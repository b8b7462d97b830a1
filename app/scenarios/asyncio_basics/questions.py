"""Asked before the run: how long all tasks take together."""

from __future__ import annotations

from app.catalogue.questions import Number, Question
from app.catalogue.spans import whole
from app.catalogue.text import Text
from app.scenarios.asyncio_basics.scenario import Settings, tasks_of
from app.timeline.timeline import Timeline


def seconds(timeline: Timeline, params: Settings) -> float:
    lives = [whole(timeline, task) for task in tasks_of(timeline)]
    took = max(life.end_ns for life in lives) - min(life.start_ns for life in lives)
    return round(took / 1e9, 3)


QUESTIONS = (
    Question(
        "seconds",
        Text(
            "The first task waits as long as you have set, the second twice as long, and so on. "
            "How long do all of them take together?",
            "第一个任务等待所设的时间，第二个是它的两倍，依此类推。全部任务总共要用多少秒？",
        ),
        Number(0, 600, "s"),
        seconds,
    ),
)
