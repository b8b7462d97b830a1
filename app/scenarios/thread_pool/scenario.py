"""A pool of few threads works through many tasks, in waves."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, need_said, peak, root, starting, stretches, whole
from app.locale.text import Text, verbatim
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    workers: int = integer(3, Text(en="Threads in the pool", zh="池中线程数"), minimum=1, maximum=8)
    tasks: int = integer(8, Text(en="Tasks", zh="任务数"), minimum=1, maximum=40)
    work: Literal["wait", "compute"] = choice(
        "wait",
        Text(en="Each task", zh="每个任务"),
        {
            "wait": Text(en="waits (sleep)", zh="等待（sleep）"),
            "compute": Text(en="computes", zh="计算"),
        },
    )
    seconds: float = number(
        0.3,
        Text(en="A task takes", zh="每个任务耗时"),
        minimum=0.05,
        maximum=2,
        step=0.05,
        unit="s",
    )
    call: Literal["submit", "map"] = choice(
        "submit",
        Text(en="Handed over by", zh="提交方式"),
        {"submit": verbatim("submit()"), "map": verbatim("map()")},
    )


def task_spans(timeline: Timeline) -> list[Span]:
    """Each task from its first line to its last, on the track of the thread that ran it."""
    spans = list(stretches(timeline, r"task (\d+) begins", r"task (\d+) is done").values())
    if not spans:
        raise NotSeen(
            en="No task was seen from its begin to its end.", zh="没有看到任何完整的任务。"
        )
    return spans


def check_at_most(timeline: Timeline, params: Settings) -> Answer:
    spans = task_spans(timeline)
    threads = starting(timeline, "pool", TrackKind.THREAD)
    most, _ = peak(spans)
    return either(
        most <= params.workers and len(threads) <= params.workers,
        en=f"{counted(len(spans), 'task')} ran in {counted(len(threads), 'thread')}, at most "
        f"{most} at once.",
        zh=f"{len(spans)} 个任务由 {len(threads)} 个线程执行，同时进行的最多 {most} 个。",
        evidence=[whole(timeline, thread) for thread in threads],
    )


def check_waves(timeline: Timeline, params: Settings) -> Answer:
    spans = task_spans(timeline)
    if params.work != "wait":
        return not_seen(
            en="Tasks that compute share the GIL and do not end in step.",
            zh="计算任务要争用 GIL，不会整齐地一批批结束。",
        )
    if len(spans) < params.tasks:
        return not_seen(
            en=f"Only {len(spans)} of {params.tasks} tasks were seen whole.",
            zh=f"{params.tasks} 个任务中只看到 {len(spans)} 个完整的。",
        )
    waves = -(-params.tasks // params.workers)
    per_thread: dict[int, int] = {}
    for span in spans:
        per_thread[span.track] = per_thread.get(span.track, 0) + 1
    took = max(span.end_ns for span in spans) - min(span.start_ns for span in spans)
    one = min(span.length_ns for span in spans)
    figure = took / one
    # A wave can't be shorter than its shortest task; a loaded machine only makes it longer.
    return either(
        figure >= waves * 0.95 and max(per_thread.values()) <= waves + 1 and figure < params.tasks
        if params.workers > 1 and params.tasks > params.workers + 1
        else figure >= waves * 0.95,
        en=f"All took {duration(took)}, {figure:.1f} times the shortest task; "
        f"{counted(waves, 'wave is', 'waves are')} due. "
        f"The busiest thread did {max(per_thread.values())}.",
        zh=f"总共用了 {duration(took)}，是最短任务的 {figure:.1f} 倍；应为 {waves} 批。"
        f"最忙的线程做了 {max(per_thread.values())} 个任务。",
        evidence=spans,
    )


def check_submit(timeline: Timeline, params: Settings) -> Answer:
    spans = task_spans(timeline)
    handed = need_said(timeline, "main: all tasks are handed over")
    first = min(span.end_ns for span in spans)
    if params.work == "compute" and handed.ns > first:
        return not_seen(
            en="Main had to wait for the GIL meanwhile, so the order tells nothing.",
            zh="主线程期间要等待 GIL，先后顺序说明不了问题。",
        )
    return either(
        handed.ns < first,
        en=f"All {params.tasks} were handed over at {duration(handed.ns)}; the first task ended at "
        f"{duration(first)}.",
        zh=f"{params.tasks} 个任务在 {duration(handed.ns)} 全部提交完毕；第一个任务在 "
        f"{duration(first)} 才结束。",
        evidence=[Span(root(timeline).id, root(timeline).start_ns, handed.ns)],
    )


def check_result_waits(timeline: Timeline, params: Settings) -> Answer:
    spans = task_spans(timeline)
    main = root(timeline)
    handed = need_said(timeline, "main: all tasks are handed over").ns
    answer = need_said(timeline, "main: the results are").ns
    last = max(span.end_ns for span in spans)
    blocked = [
        row
        for row in timeline.of(main, State.BLOCKED)
        if row.start_ns < last and row.end_ns > handed
    ]
    if params.work == "compute" and not blocked:
        return not_seen(en="Main was not seen to wait.", zh="没有看到主线程等待。")
    return either(
        answer >= last and bool(blocked),
        en=f"The last task ended at {duration(last)}, main had the results at {duration(answer)} "
        f"and was blocked {times(len(blocked))} before.",
        zh=f"最后一个任务在 {duration(last)} 结束，主线程在 {duration(answer)} 拿到结果，"
        f"在此之前阻塞了 {len(blocked)} 次。",
        evidence=blocked,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.POOLS,
    title=Text(en="Thread pool", zh="线程池"),
    summary=Text(
        en="Eight tasks, three threads: who does what, when, and what submit() and result() do.",
        zh="八个任务，三个线程：谁在什么时候做什么，submit() 与 result() 又做了什么。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.POOLING, Idea.BLOCKING),
        primitives=("concurrent.futures.ThreadPoolExecutor", "Future.result"),
        states=(State.BLOCKED, State.RUNNING),
        level=2,
    ),
    claims=(
        Claim(
            "at-most",
            Text(
                en="A pool of w threads runs at most w tasks at once; the others wait their turn.",
                zh="有 w 个线程的池同时最多执行 w 个任务，其余任务排队等待。",
            ),
            check_at_most,
        ),
        Claim(
            "waves",
            Text(
                en="n equal tasks take ⌈n/w⌉ times as long as one.",
                zh="n 个同样的任务需要一个任务的 ⌈n/w⌉ 倍时间。",
            ),
            check_waves,
        ),
        Claim(
            "submit",
            Text(
                en="Handing over does not wait: all tasks are handed over before the first is "
                "done.",
                zh="提交任务不会等待：第一个任务还没完成，所有任务就已提交完毕。",
            ),
            check_submit,
        ),
        Claim(
            "result-waits",
            Text(
                en="Asking for a result blocks until the task is done.",
                zh="索取结果会阻塞，直到任务完成。",
            ),
            check_result_waits,
        ),
    ),
)
