"""Coroutines that wait at the same time on one thread, started in seven ways."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    lines,
    need_said,
    pairwise,
    root,
    starting,
    total,
    whole,
)
from app.locale.text import Text, verbatim
from app.timeline.model import Track
from app.timeline.states import Cause, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    style: Literal["gather", "wait", "group", "timeout", "one-by-one", "no-wait", "old"] = choice(
        "gather",
        Text(en="How they are started", zh="启动方式"),
        {
            "gather": verbatim("asyncio.gather"),
            "wait": verbatim("asyncio.wait"),
            "group": Text(en="TaskGroup (Python 3.11+)", zh="TaskGroup（Python 3.11 起）"),
            "timeout": Text(en="gather with a time limit for each", zh="gather，并给每个任务限时"),
            "one-by-one": Text(en="one awaited after the other", zh="逐个 await"),
            "no-wait": Text(
                en="first an await that has nothing to wait for", zh="先 await 不用等的东西"
            ),
            "old": Text(
                en="the old way: asyncio.wait of coroutines", zh="旧写法：asyncio.wait 直接等协程"
            ),
        },
    )
    tasks: int = integer(4, Text(en="Tasks", zh="任务数"), minimum=1, maximum=10)
    seconds: float = number(
        0.3,
        Text(en="The first waits", zh="第一个任务等待"),
        minimum=0.05,
        maximum=2,
        step=0.05,
        unit="s",
        help=Text(en="The second twice as long, and so on.", zh="第二个是它的两倍，依此类推。"),
    )
    limit: float = number(
        0.8,
        Text(en="Time limit", zh="时限"),
        minimum=0.05,
        maximum=10,
        step=0.05,
        unit="s",
        help=Text(en="Only for the way with a time limit.", zh="只用于限时的方式。"),
    )


def tasks_of(timeline: Timeline, least: int = 2) -> list[Track]:
    return starting(timeline, "fetch", TrackKind.COROUTINE, least=least)


def check_total(timeline: Timeline, params: Settings) -> Answer:
    tasks = tasks_of(timeline)
    lives = [whole(timeline, task) for task in tasks]
    took = max(life.end_ns for life in lives) - min(life.start_ns for life in lives)
    longest, summed = max(life.length_ns for life in lives), total(lives)
    en = f"The tasks lived {duration(summed)} in all, the longest {duration(longest)}; together "
    en += f"they took {duration(took)}."
    zh = f"合计 {duration(summed)}，最长 {duration(longest)}；总共用了 {duration(took)}。"
    if params.style == "one-by-one":
        return either(took >= 0.95 * summed, en=en, zh=zh, evidence=lives)
    return either(longest <= took < longest + (summed - longest) / 2, en=en, zh=zh, evidence=lives)


def check_one_thread(timeline: Timeline, params: Settings) -> Answer:
    """No two coroutines run at one instant, and all belong to one thread."""
    tasks = timeline.of_kind(TrackKind.COROUTINE)
    if len(tasks_of(timeline)) < 2:
        return not_seen(en="It takes two tasks.", zh="需要至少两个任务。")
    parents = {task.parent for task in tasks}
    running = [timeline.of(task, State.RUNNING) for task in tasks]
    together = pairwise(running)
    return either(
        len(parents) == 1 and not together,
        en=f"{len(tasks)} tasks ran {times(sum(map(len, running)))} on {len(parents)} thread; "
        f"two of them at once {times(len(together))}.",
        zh=f"{len(tasks)} 个任务在 {len(parents)} 个线程上共运行 {sum(map(len, running))} 次；"
        f"其中两个同时运行 {len(together)} 次。",
        evidence=together or [row for rows in running for row in rows],
    )


def check_await_lets_others(timeline: Timeline, params: Settings) -> Answer:
    """While one task awaits, another runs."""
    tasks = tasks_of(timeline)
    if params.style == "one-by-one":
        return not_seen(en="Here there is only one task at a time.", zh="这里每次只有一个任务。")
    found: list[Span] = []
    let = set()
    for task in tasks:
        for row in timeline.of(task, State.AWAITING):
            others = [
                span
                for other in tasks
                if other is not task
                for span in clip(timeline.of(other, State.RUNNING), row.start_ns, row.end_ns)
            ]
            if others:
                let.add(task.id)
                found += others
    return either(
        len(let) == len(tasks),
        en=f"{len(let)} of {len(tasks)} tasks were awaiting while another ran.",
        zh=f"{len(tasks)} 个任务中，有 {len(let)} 个在等待期间让别的任务运行了。",
        evidence=found,
    )


def check_no_wait(timeline: Timeline, params: Settings) -> Answer:
    """No task begins at an await of what is there; all begin at one that gives the thread back."""
    if params.style != "no-wait":
        return not_seen(
            en="Main awaited nothing that was there already.", zh="main 没有 await 过不用等的东西。"
        )
    tasks = tasks_of(timeline)
    awaited = need_said(timeline, "main: awaited what did not have to wait").ns
    gave_way = need_said(timeline, "main: awaited asyncio.sleep(0)").ns
    begun = [rows[0].start_ns for task in tasks if (rows := timeline.of(task, State.RUNNING))]
    early = sum(ns < awaited for ns in begun)
    then = sum(awaited <= ns < gave_way for ns in begun)
    return either(
        early == 0 and then == len(tasks),
        en=f"Of {len(tasks)} tasks {early} had begun when main had awaited a coroutine without a "
        f"wait and a free lock; {then} began while it awaited asyncio.sleep(0).",
        zh=f"main 先 await 一个不用等的协程和一把空闲的锁，此时 {len(tasks)} 个任务中有 {early} 个"
        f"已经开始；await asyncio.sleep(0) 时，有 {then} 个开始。",
        evidence=[Span(task.id, task.start_ns, gave_way) for task in tasks],
    )


def check_cancelled(timeline: Timeline, params: Settings) -> Answer:
    if params.style != "timeout":
        return not_seen(en="No time limit was asked for.", zh="没有设置时限。")
    tasks = tasks_of(timeline)
    late = [task for task in tasks if task.end and task.end.cause is Cause.CANCELLED]
    early = [task for task in tasks if task.end and task.end.cause is Cause.RETURNED]
    # Those that had to wait clearly less, or clearly more, than the limit.
    delays = {task.id: number * params.seconds for number, task in enumerate(tasks, 1)}
    due = {task for task, delay in delays.items() if delay > params.limit * 1.5}
    safe = {task for task, delay in delays.items() if delay < params.limit / 1.5}
    if not due and not late:
        return not_seen(en="No task had to wait so long.", zh="没有任务等待那么久。")
    return either(
        due <= {task.id for task in late} and safe <= {task.id for task in early},
        en=f"{counted(len(late), 'task was', 'tasks were')} cancelled, {len(early)} returned; "
        f"the limit was {params.limit} s.",
        zh=f"{len(late)} 个任务被取消，{len(early)} 个正常返回；时限 {params.limit} s。",
        evidence=[whole(timeline, task) for task in late],
    )


def check_old(timeline: Timeline, params: Settings) -> Answer:
    if params.style != "old":
        return not_seen(en="The old way was not asked for.", zh="没有使用旧写法。")
    refused = [line for line in lines(timeline) if line.text.startswith("TypeError")]
    answers = [line for line in lines(timeline) if line.text.startswith("answer ")]
    name = root(timeline).python or str(timeline.run.get("python", ""))
    match = re.search(r"(\d+)\.(\d+)", name)
    if not match:
        return not_seen(en="It is not known which Python ran.", zh="不知道是哪个版本的 Python。")
    modern = (int(match[1]), int(match[2])) >= (3, 11)
    what = refused[0].text if refused else f"{len(answers)} answers"
    return either(
        bool(refused) == modern and bool(answers) != modern,
        en=f"On {name}: {what}",
        zh=f"在 {name} 上：{what}",
        evidence=[whole(timeline, root(timeline))],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="asyncio: waiting together", zh="asyncio：一起等待"),
    summary=Text(
        en="Coroutines that wait at the same time on one thread, started in seven ways.",
        zh="多个协程在同一个线程上同时等待，用七种方式启动。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.STATES),
        primitives=("async/await", "asyncio.gather", "asyncio.wait", "asyncio.TaskGroup"),
        states=(State.READY, State.RUNNING, State.AWAITING),
        level=1,
    ),
    claims=(
        Claim(
            "total",
            lambda params: (
                Text(
                    en="Awaited one after the other, tasks take the sum of their times.",
                    zh="逐个 await 时，总时间是各任务时间之和。",
                )
                if params.style == "one-by-one"
                else Text(
                    en="Waiting together takes about as long as the longest wait, not as the sum.",
                    zh="一起等待所需的时间约等于最长的那个，而不是总和。",
                )
            ),
            check_total,
        ),
        Claim(
            "one-thread",
            Text(
                en="All tasks share one thread, and only one of them runs at any instant.",
                zh="所有任务共用一个线程，任一时刻只有一个在运行。",
            ),
            check_one_thread,
        ),
        Claim(
            "await-lets-others",
            Text(
                en="While a task waits at an await, others run: the thread is back with the event "
                "loop.",
                zh="任务在 await 处等待时，其他任务得以运行：线程交还给了事件循环。",
            ),
            check_await_lets_others,
        ),
        Claim(
            "no-wait",
            Text(
                en="An await of something that is there already lets no other task run.",
                zh="await 的东西已经到来时，别的任务得不到运行。",
            ),
            check_no_wait,
        ),
        Claim(
            "cancelled",
            Text(
                en="A task that exceeds its time limit is cancelled; the others return as usual.",
                zh="超过时限的任务会被取消，其他任务照常返回。",
            ),
            check_cancelled,
        ),
        Claim(
            "old-way",
            Text(
                en="asyncio.wait takes no bare coroutines since Python 3.11: it raises TypeError.",
                zh="从 Python 3.11 起，asyncio.wait 不再接受裸协程，会抛出 TypeError。",
            ),
            check_old,
        ),
    ),
)
