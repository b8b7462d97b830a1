"""Asked before the run: how much of one CPU each of several processes gets."""

from __future__ import annotations

from app.catalogue.answer_kinds import Number
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question
from app.catalogue.spans import exit_of, need_exact
from app.locale.text import Text
from app.scenarios.process_states.scenario import Settings, workers_of
from app.timeline.states import State
from app.timeline.timeline import Timeline


def share(timeline: Timeline, params: Settings) -> float:
    """Percent of its life for which the first worker ran."""
    need_exact(timeline)
    if not params.one_cpu:
        raise NotSeen(en="They may use every CPU.", zh="它们可以使用全部 CPU。")
    worker = workers_of(timeline)[0]
    life = exit_of(timeline, worker) - worker.start_ns
    return round(100 * timeline.total_ns(worker, State.RUNNING) / max(1, life), 1)


def why(params: Settings, answer: float) -> Text:
    return Text(
        en=f"All {params.workers} want the one CPU all the time, and the scheduler gives it to "
        f"them in turn, for equal shares: about {100 / params.workers:.0f} % each.",
        zh=f"{params.workers} 个进程一直都想要这一个 CPU，调度器让它们轮流使用，份额相等："
        f"各占约 {100 / params.workers:.0f} %。",
    )


QUESTIONS = (
    Question(
        "share",
        Text(
            en="The workers compute on one CPU beside one another. For what part of its life does "
            "worker-1 run?",
            zh="几个 worker 进程在同一个 CPU 上同时计算。worker-1 有百分之多少的时间真正在运行？",
        ),
        Number(0, 100, "%"),
        share,
        why,
    ),
)
