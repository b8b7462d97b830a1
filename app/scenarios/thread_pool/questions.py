"""Asked before the run: how many tasks run at once, and how long all of them take."""

from __future__ import annotations

from app.catalogue.claims import NotSeen
from app.catalogue.questions import Number, Question
from app.catalogue.spans import peak
from app.catalogue.text import Text
from app.scenarios.thread_pool.scenario import Settings, task_spans
from app.timeline.timeline import Timeline


def at_once(timeline: Timeline, params: Settings) -> float:
    return peak(task_spans(timeline))[0]


def waves(timeline: Timeline, params: Settings) -> float:
    if params.work != "wait":
        raise NotSeen(
            "Tasks that compute share the GIL and do not end in step.",
            "计算任务要争用 GIL，不会整齐地一批批结束。",
        )
    spans = task_spans(timeline)
    took = max(span.end_ns for span in spans) - min(span.start_ns for span in spans)
    return round(took / min(span.length_ns for span in spans), 2)


QUESTIONS = (
    Question(
        "at-once",
        Text(
            "How many tasks are under way at the same time, at most?",
            "同一时刻最多有几个任务在进行？",
        ),
        Number(0, 100, whole=True),
        at_once,
    ),
    Question(
        "waves",
        Text(
            "Each task waits equally long. How many times as long as one task do all of them take?",
            "每个任务等待的时间相同。全部任务用的总时间是单个任务的几倍？",
        ),
        Number(0, 1000),
        waves,
    ),
)
