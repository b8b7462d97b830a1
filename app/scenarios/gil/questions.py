"""Asked before the run: whether threads make computing quicker."""

from __future__ import annotations

from app.catalogue.answer_kinds import Choice
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question
from app.catalogue.spans import merged, need_exact, total
from app.locale.text import Text
from app.scenarios.gil.scenario import Settings, tasks_of
from app.timeline.states import State
from app.timeline.timeline import Timeline


def at_once(timeline: Timeline, params: Settings) -> str:
    """By how many of the tasks ran, on average, while any of them did."""
    if params.work != "compute":
        raise NotSeen(en="These tasks sleep.", zh="这些任务在睡眠，而不是计算。")
    tasks = tasks_of(timeline, params)
    need_exact(timeline)
    running = [row for task in tasks for row in timeline.of(task, State.RUNNING)]
    if not running:
        raise NotSeen(en="No task was seen running.", zh="没有看到任务运行。")
    figure = total(running) / total(merged(running))
    return "one" if figure < 1.15 else "all" if figure > 0.8 * params.tasks else "some"


def why(params: Settings, answer: str) -> Text:
    if params.mode == "serial":
        return Text(
            en="Each begins when the one before it is done.", zh="前一个完成，后一个才开始。"
        )
    if params.mode == "processes":
        return Text(
            en="Each process has an interpreter and a GIL of its own. How many run at one instant "
            "depends on how many CPUs are free.",
            zh="每个进程有自己的解释器和自己的 GIL。同一时刻能运行几个，取决于有几个空闲的 CPU。",
        )
    if answer == "one":
        return Text(
            en="Only the thread that holds the GIL executes Python code, so they take turns, "
            "however many CPUs there are.",
            zh="只有持有 GIL 的线程才能执行 Python 代码，所以无论有几个 CPU，它们都轮流运行。",
        )
    return Text(
        en="Threads execute Python code at the same instant only where there is no GIL, as in a "
        "free-threaded build.",
        zh="只有在没有 GIL 的解释器上（例如自由线程版本），线程才能在同一时刻执行 Python 代码。",
    )


QUESTIONS = (
    Question(
        "at-once",
        Text(
            en="The tasks compute, all at the same time. How many of them really run at one "
            "instant?",
            zh="所有任务同时进行计算。同一时刻真正在运行的有几个？",
        ),
        Choice(
            {
                "one": Text(
                    en="One: they take as long as one after the other.",
                    zh="一个：总时间和依次运行一样长。",
                ),
                "some": Text(
                    en="Some of them, now more, now fewer.", zh="有时多有时少，只有一部分。"
                ),
                "all": Text(
                    en="All: they take as long as one alone.", zh="全部：总时间和单个任务一样长。"
                ),
            }
        ),
        at_once,
        why,
    ),
)
