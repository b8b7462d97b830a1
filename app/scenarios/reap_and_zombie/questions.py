"""Asked before the run: what a child is between its end and the join."""

from __future__ import annotations

from app.catalogue.answer_kinds import Choice
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question
from app.catalogue.spans import exit_of, named, need_said
from app.locale.text import Text
from app.scenarios.reap_and_zombie.scenario import Settings
from app.timeline.states import State
from app.timeline.timeline import Timeline


def what_it_is(timeline: Timeline, params: Settings) -> str:
    (child,) = named(timeline, "child")
    work_ended = need_said(timeline, "main: my work is done").ns
    wait = work_ended - exit_of(timeline, child)
    if params.join == "soon" or wait <= 0:
        raise NotSeen(en="Nobody was late to join it.", zh="没有出现回收迟到的情况。")
    zombie = timeline.total_ns(child, State.ZOMBIE)
    blocked = timeline.total_ns(child, State.BLOCKED)
    return "zombie" if zombie > wait / 2 else "blocked" if blocked > wait / 2 else "gone"


QUESTIONS = (
    Question(
        "meanwhile",
        Text(
            en="The child's code is over, but main goes on working before it calls join(). What is "
            "the child meanwhile?",
            zh="子进程的代码已经结束，主进程还要工作一阵才调用 join()。"
            "这段时间里子进程是什么状态？",
        ),
        Choice(
            {
                "gone": Text(en="Gone: nothing of it is left.", zh="已经消失，什么也不剩。"),
                "blocked": Text(
                    en="Blocked, until its parent joins it.", zh="阻塞，直到父进程 join。"
                ),
                "zombie": Text(
                    en="A zombie: over, but not forgotten.", zh="僵尸：已经结束，但还没有被回收。"
                ),
            }
        ),
        what_it_is,
        {
            "gone": Text(
                en="Its exit status had been fetched by then. An is_alive() or the start of "
                "another child does that, too.",
                zh="它的退出状态此前已经被取走。is_alive() 或再启动一个子进程也会取走它。",
            ),
            "blocked": Text(
                en="Its process had not ended yet: it was still waiting for something.",
                zh="它的进程还没有结束，仍在等待什么。",
            ),
            "zombie": Text(
                en="The kernel keeps the exit status until the parent fetches it, and join() is "
                "the first to do so.",
                zh="内核会保留退出状态，直到父进程来取；而父进程要到 join() 才来取。",
            ),
        },
    ),
)
