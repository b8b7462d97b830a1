"""Asked before the run: which way to start a process is the quickest."""

from __future__ import annotations

from statistics import median

from app.catalogue.answer_kinds import Order
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question
from app.locale.text import Text, verbatim
from app.scenarios.start_process.scenario import METHODS, Settings, start_costs
from app.timeline.timeline import Timeline


def quickest_first(timeline: Timeline, params: Settings) -> list[str]:
    costs = start_costs(timeline)
    if set(costs) != set(METHODS):
        raise NotSeen(
            en="To compare, take all three methods.", zh="要比较，请选择全部三种启动方式。"
        )
    return sorted(METHODS, key=lambda name: median(span.length_ns for span in costs[name]))


QUESTIONS = (
    Question(
        "quickest",
        Text(
            en="Which way brings a child to its first line soonest? From the quickest to the "
            "slowest.",
            zh="哪种方式最快让子进程执行到第一行？请从最快排到最慢。",
        ),
        Order({name: verbatim(name) for name in sorted(METHODS)}),
        quickest_first,
        Text(
            en="fork copies the process that runs already. forkserver asks a server to fork. spawn "
            "starts a new interpreter, which has to import the program again.",
            zh="fork 复制正在运行的进程；forkserver 请服务进程来 fork；spawn 启动全新的解释器，"
            "还要重新导入程序。",
        ),
    ),
)
