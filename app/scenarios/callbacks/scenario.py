"""Who runs a future's callback, and what wait, as_completed and result() do."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    need_exact,
    need_said,
    root,
    said,
    stretches,
    total,
)
from app.locale.text import Text, listed
from app.timeline.model import Output
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    pool: Literal["threads", "processes"] = choice(
        "threads",
        Text(en="The tasks run in a pool of", zh="任务在哪种池里运行"),
        {
            "threads": Text(en="threads", zh="线程池"),
            "processes": Text(en="processes", zh="进程池"),
        },
    )
    tasks: int = integer(
        4,
        Text(en="Tasks", zh="任务数"),
        minimum=2,
        maximum=8,
        help=Text(en="The first waits for the longest time.", zh="第一个任务等待得最久。"),
    )
    step_ms: int = integer(
        150,
        Text(en="The last task waits for", zh="最后一个任务的等待时间"),
        minimum=20,
        maximum=500,
        unit="ms",
        help=Text(
            en="The one before twice as long, and so on.", zh="倒数第二个是它的两倍，依此类推。"
        ),
    )


def _tasks(timeline: Timeline) -> dict[int, Span]:
    """Each task from its first line to its last, on the track of who did it."""
    found = stretches(timeline, r"task (\d+) begins", r"task (\d+) is done")
    if len(found) < 2:
        raise NotSeen(en="No two tasks were seen whole.", zh="没有看到两个完整的任务。")
    return {int(number): span for number, span in found.items()}


def _main_said(timeline: Timeline, text: str) -> Output:
    return need_said(timeline, text, root(timeline))


def check_where(timeline: Timeline, params: Settings) -> Answer:
    """The first callback of each task that was not done yet when the callback was added."""
    tasks, main = _tasks(timeline), root(timeline)
    added = _main_said(timeline, "main: waits for the first").ns
    asked = _main_said(timeline, "main: adds a callback").ns
    right: list[Span] = []
    wrong: list[Span] = []
    for line in said(timeline, "callback of task "):
        match = re.match(r"callback of task (\d+) in", line.text)
        task = tasks.get(int(match[1])) if match else None
        if task is None or task.end_ns < added or line.ns > asked:
            continue
        track = timeline.tracks[line.track]
        if params.pool == "threads":
            as_said = track.id == task.track
        else:
            as_said = track.kind is TrackKind.THREAD and track.parent == main.id
        (right if as_said else wrong).append(Span(line.track, line.ns, line.ns))
    if not right and not wrong:
        return not_seen(en="No callback was seen.", zh="没有看到任何回调。")
    names = listed(dict.fromkeys(timeline.tracks[span.track].name for span in right + wrong))
    return either(
        not wrong,
        en=f"{len(right) + len(wrong)} callbacks ran in: {names.en}.",
        zh=f"{len(right) + len(wrong)} 个回调的执行者：{names.of('zh')}。",
        evidence=wrong or right,
    )


def check_at_once(timeline: Timeline, params: Settings) -> Answer:
    main = root(timeline)
    begin = _main_said(timeline, "main: adds a callback").ns
    end = _main_said(timeline, "main: has added it").ns
    inside = [
        line
        for line in said(timeline, "callback of task ", main)
        if begin <= line.ns <= end
    ]  # fmt: skip
    return either(
        bool(inside),
        en=f"add_done_callback took {duration(end - begin)}; within it main itself ran "
        f"{len(inside)} callback(s).",
        zh=f"add_done_callback 用了 {duration(end - begin)}，"
        f"期间主线程自己执行了 {len(inside)} 个回调。",
        evidence=[Span(main.id, begin, end)],
    )


def check_as_completed(timeline: Timeline, params: Settings) -> Answer:
    """Of those that were done before as_completed was called the order is free."""
    tasks = _tasks(timeline)
    called = _main_said(timeline, "is done, ").ns
    gave = [int(line.text.split()[-1]) for line in said(timeline, "main: as_completed gives task ")]
    known = [number for number in gave if number in tasks and tasks[number].end_ns > called]
    if len(known) < 2:
        return not_seen(en="It gave no two tasks that were awaited.", zh="它没有等到两个任务。")
    sure_ns = min(span.length_ns for span in tasks.values()) / 2
    wrong = [
        (one, other)
        for place, one in enumerate(known)
        for other in known[place + 1 :]
        if tasks[other].end_ns + sure_ns < tasks[one].end_ns
    ]
    row = " ".join(map(str, gave))
    return either(
        not wrong and known != sorted(known),
        en=f"Handed over as {' '.join(map(str, sorted(gave)))}, given as {row}.",
        zh=f"提交的顺序：{' '.join(map(str, sorted(gave)))}；给出的顺序：{row}。",
        evidence=[tasks[number] for number in known],
    )


def _waited(timeline: Timeline, begin: int, end: int, done: int) -> Answer:
    """Whether main was blocked from ``begin`` until ``done``, and came back no sooner."""
    main = root(timeline)
    if done <= begin:
        return not_seen(en="It was done before main asked.", zh="主线程询问之前它就已完成。")
    blocked = clip(timeline.of(main, State.BLOCKED), begin, end)
    as_said = end >= done and 2 * total(clip(blocked, begin, done)) > done - begin
    if not as_said and end >= done:
        need_exact(timeline)
    return either(
        as_said,
        en=f"Main was blocked for {duration(total(blocked))}; the task was done "
        f"{duration(done - begin)} after main had asked, and main went on after "
        f"{duration(end - begin)}.",
        zh=f"主线程阻塞了 {duration(total(blocked))}；任务在询问后 {duration(done - begin)} 完成，"
        f"主线程在 {duration(end - begin)} 后继续。",
        evidence=blocked,
    )


def check_wait_first(timeline: Timeline, params: Settings) -> Answer:
    ends = sorted(span.end_ns for span in _tasks(timeline).values())
    begin = _main_said(timeline, "main: waits for the first").ns
    end = _main_said(timeline, "is done, ").ns
    answer = _waited(timeline, begin, end, ends[0])
    kept = clip(timeline.of(root(timeline), State.READY, State.GIL), ends[0], end)
    if end >= ends[-1] and total(kept) < (ends[-1] - ends[0]) / 4:
        return either(
            False,
            en=f"Main went on only when all {len(ends)} tasks were done.",
            zh=f"主线程直到 {len(ends)} 个任务全部完成才继续。",
            evidence=[Span(root(timeline).id, begin, end)],
        )
    return answer


def check_result(timeline: Timeline, params: Settings) -> Answer:
    tasks = _tasks(timeline)
    begin = _main_said(timeline, "main: asks for the result of task 1").ns
    end = _main_said(timeline, "main: has the result of task 1").ns
    if 1 not in tasks:
        return not_seen(en="Task 1 was not seen whole.", zh="没有看到完整的任务 1。")
    return _waited(timeline, begin, end, tasks[1].end_ns)


SCENARIO = Scenario(
    file=__file__,
    group=Group.POOLS,
    title=Text(en="Futures and their callbacks", zh="Future 与回调"),
    summary=Text(
        en="Four ways to learn that a task is done, and which thread runs a callback.",
        zh="得知任务完成的四种办法，以及回调由哪个线程执行。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.POOLING, Idea.BLOCKING),
        primitives=(
            "Future.add_done_callback",
            "Future.result",
            "concurrent.futures.as_completed",
            "concurrent.futures.wait",
        ),
        states=(State.BLOCKED, State.RUNNING),
        level=2,
    ),
    claims=(
        Claim(
            "where",
            lambda params: (
                Text(
                    en="A callback runs in the pool's thread that did the task.",
                    zh="回调由池中执行该任务的那个线程来执行。",
                )
                if params.pool == "threads"
                else Text(
                    en="A callback runs in a hidden thread of the main process, not in the worker.",
                    zh="回调由主进程里一个隐藏的线程执行，而不是在工作进程里。",
                )
            ),
            check_where,
        ),
        Claim(
            "at-once",
            Text(
                en="Added to a future that is done, a callback runs at once, in the thread that "
                "adds it.",
                zh="给已完成的 Future 添加回调，回调立即执行，就在添加它的线程里。",
            ),
            check_at_once,
        ),
        Claim(
            "as-completed",
            Text(
                en="as_completed() gives futures in the order in which they are done.",
                zh="as_completed() 按完成的先后给出 Future。",
            ),
            check_as_completed,
        ),
        Claim(
            "wait-first",
            Text(
                en="wait() for the first one blocks until one is done, and leaves the others "
                "going.",
                zh="wait() 等待第一个：有一个完成就返回，其余的继续进行。",
            ),
            check_wait_first,
        ),
        Claim(
            "result",
            Text(
                en="result() blocks until the task is done.",
                zh="result() 会阻塞，直到任务完成。",
            ),
            check_result,
        ),
    ),
)
