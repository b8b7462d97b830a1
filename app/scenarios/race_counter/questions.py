"""Asked before the run: how many steps are lost."""

from __future__ import annotations

from app.catalogue.questions import Number, Question
from app.catalogue.text import Text
from app.scenarios.race_counter.scenario import Settings, counts
from app.timeline.timeline import Timeline


def lost(timeline: Timeline, params: Settings) -> float:
    made, missing = counts(timeline)
    return round(100 * missing / max(1, made), 1)


QUESTIONS = (
    Question(
        "lost",
        Text(
            "Several threads add to one counter, without a lock or with one, as you have set it. "
            "What part of the steps is lost?",
            "几个线程给同一个计数器加一，有锁或没有锁由你设置。有百分之多少的步数会丢失？",
        ),
        Number(0, 100, "%", near=0.3),
        lost,
    ),
)
