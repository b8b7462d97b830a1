"""Asked before the run: what ends first."""

from __future__ import annotations

from app.catalogue.answer_kinds import Order
from app.catalogue.questions import Question
from app.catalogue.spans import end_of, named, need_said
from app.locale.text import Text
from app.scenarios.daemon_thread.scenario import MAIN_OVER, Settings, worker_over
from app.timeline.timeline import Timeline

#: The daemon's end and the worker's lie so near that the worker's last word decides.
_ITEMS = {
    "logger": Text(en="the daemon thread (logger)", zh="守护线程 logger"),
    "main": Text(en="main's own code", zh="主线程的代码"),
    "worker": Text(en="the ordinary thread (worker)", zh="普通线程 worker"),
}


def ends(timeline: Timeline, params: Settings) -> list[str]:
    (logger,) = named(timeline, "logger")
    at = {
        "main": need_said(timeline, MAIN_OVER).ns,
        "worker": worker_over(timeline),
        "logger": end_of(timeline, logger),
    }
    return sorted(at, key=lambda name: at[name])


QUESTIONS = (
    Question(
        "ends",
        Text(
            en="Main's code takes the least time; worker and logger go on. In which order do they "
            "end?",
            zh="主线程的代码用时最短，worker 和 logger 还在工作。三者按什么顺序结束？",
        ),
        Order(_ITEMS),
        ends,
        Text(
            en="A process waits for its ordinary threads, and for no daemon thread. What is still "
            "running when the process ends is gone with it.",
            zh="进程会等待普通线程，但不等守护线程。进程结束时还在运行的线程随之消失。",
        ),
    ),
)
