"""Asked before the run: how many tasks run at once, and how long all of them take."""

from __future__ import annotations

from statistics import median

from app.catalogue.answer_kinds import Number
from app.catalogue.claims import NotSeen
from app.catalogue.counting import counted
from app.catalogue.questions import Question
from app.catalogue.spans import peak
from app.locale.text import NO_TEXT, Text
from app.scenarios.thread_pool.scenario import Settings, task_spans
from app.timeline.timeline import Timeline

#: Tasks divided by threads, not rounded up, must not count as right: 8 / 3 is 11 % less than 3.
_NEAR = 0.05
#: The whole time is a whole number of times one task, but for this part, or it tells nothing.
_IN_STEP = 0.04
_ONE_COMPUTES = Text(
    en=" Under the GIL only one of them computes at any instant.",
    zh="但在 GIL 之下，任一时刻只有一个在计算。",
)


def at_once(timeline: Timeline, params: Settings) -> float:
    return peak(task_spans(timeline))[0]


def waves(timeline: Timeline, params: Settings) -> float:
    if params.work != "wait":
        raise NotSeen(
            en="No answer: tasks that compute share the GIL and do not end in rounds.",
            zh="没有答案：计算任务要争用 GIL，不会整齐地一批批结束。",
        )
    spans = task_spans(timeline)
    took = max(span.end_ns for span in spans) - min(span.start_ns for span in spans)
    times = took / median(span.length_ns for span in spans)
    if abs(times - round(times)) > _IN_STEP * times:
        raise NotSeen(
            en="The machine was busy: the tasks did not end in step.",
            zh="机器太忙，任务没有整齐地一批批结束。",
        )
    return round(times, 2)


def why_at_once(params: Settings, answer: float) -> Text:
    gil = _ONE_COMPUTES if params.work == "compute" and answer > 1 else NO_TEXT
    if params.tasks < params.workers:
        return Text(
            en=f"There are fewer tasks than the pool may have threads.{gil.en}",
            zh=f"任务数少于池的最大线程数。{gil.of('zh')}",
        )
    return Text(
        en=f"As many as the pool has threads. The other tasks wait in the pool's queue.{gil.en}",
        zh=f"池有几个线程，就有几个任务在进行；其他任务在池的队列里等待。{gil.of('zh')}",
    )


def why_waves(params: Settings, answer: float) -> Text:
    tasks, workers = params.tasks, params.workers
    rounds = -(-tasks // workers)
    made = f"{'is' if tasks == 1 else 'are'} {counted(rounds, 'round')}"
    if tasks % workers == 0:
        return Text(
            en=f"{counted(tasks, 'task')} on {counted(workers, 'thread')} {made}, and each takes "
            "as long as one task.",
            zh=f"{workers} 个线程执行 {tasks} 个任务，要分 {rounds} 批，每批的时间等于单个任务。",
        )
    return Text(
        en=f"{counted(tasks, 'task')} on {counted(workers, 'thread')} {made}. The last one is not "
        f"full, but takes as long as any other: {tasks} / {workers}, rounded up.",
        zh=f"{workers} 个线程执行 {tasks} 个任务，要分 {rounds} 批。最后一批虽然不满，"
        f"用的时间却一样长：{tasks} / {workers} 要向上取整。",
    )


QUESTIONS = (
    Question(
        "waves",
        Text(
            en="Each task takes equally long by itself. How many times as long as one task do all "
            "of them take?",
            zh="每个任务单独执行所需的时间相同。全部任务用的总时间是单个任务的几倍？",
        ),
        Number(0, 1000, near=_NEAR),
        waves,
        why_waves,
    ),
    Question(
        "at-once",
        Text(
            en="How many tasks are under way at the same time, at most?",
            zh="同一时刻最多有几个任务在进行？",
        ),
        Number(0, 100, whole=True),
        at_once,
        why_at_once,
    ),
)
