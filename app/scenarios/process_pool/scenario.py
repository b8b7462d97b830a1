"""A pool of processes: who is used again, who waits, and in which order results come."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, holds, not_seen
from app.catalogue.counting import counted
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    need_said,
    peak,
    root,
    said,
    stretches,
    total,
    whole,
)
from app.locale.text import Text, listed, verbatim
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: Those that come back with the results; the others come back at once.
WAITS = ("apply", "map")


class Settings(Parameters):
    call: Literal["apply", "apply_async", "map", "imap_unordered", "executor.map"] = choice(
        "imap_unordered",
        Text(en="Tasks are handed over by", zh="提交任务的方式"),
        {
            "apply": Text(en="Pool.apply, one after the other", zh="Pool.apply，逐个提交"),
            "apply_async": verbatim("Pool.apply_async"),
            "map": verbatim("Pool.map"),
            "imap_unordered": verbatim("Pool.imap_unordered"),
            "executor.map": verbatim("ProcessPoolExecutor.map"),
        },
    )
    workers: int = integer(
        2, Text(en="Processes in the pool", zh="池中进程数"), minimum=1, maximum=6
    )
    tasks: int = integer(
        6,
        Text(en="Tasks", zh="任务数"),
        minimum=1,
        maximum=12,
        help=Text(en="The first is the longest.", zh="第一个任务最长。"),
    )
    step_ms: int = integer(
        40,
        Text(en="The last task computes for", zh="最后一个任务的计算时间"),
        minimum=5,
        maximum=100,
        unit="ms",
        help=Text(
            en="The one before twice as long, and so on.", zh="倒数第二个是它的两倍，依此类推。"
        ),
    )
    tasks_per_worker: int = integer(
        0,
        Text(en="Tasks until a worker is replaced", zh="每个进程最多执行的任务数"),
        minimum=0,
        maximum=12,
        help=Text(en="0: never. For a Pool only.", zh="0 表示不替换。只对 Pool 有效。"),
    )


def _tasks(timeline: Timeline) -> dict[int, Span]:
    """Each task from its first line to its last, on the track of the process that did it."""
    found = stretches(timeline, r"task (\d+) begins", r"task (\d+) is done")
    if not found:
        raise NotSeen(
            en="No task was seen from its begin to its end.", zh="没有看到任何完整的任务。"
        )
    return {int(number): span for number, span in found.items()}


def _results(timeline: Timeline) -> list[int]:
    """The tasks in the order in which main had their results."""
    found = said(timeline, "main: result of task ")
    if len(found) < 2:
        raise NotSeen(en="Main had no two results.", zh="主进程没有得到两个结果。")
    return [int(line.text.rsplit(maxsplit=1)[1]) for line in found]


def check_reused(timeline: Timeline, params: Settings) -> Answer:
    tasks = _tasks(timeline)
    done_by: dict[int, int] = {}
    for span in tasks.values():
        done_by[span.track] = done_by.get(span.track, 0) + 1
    processes = [timeline.tracks[track] for track in done_by]
    most = max(done_by.values())
    en = f"{counted(len(tasks), 'task was', 'tasks were')} done by "
    en += f"{counted(len(processes), 'process', 'processes')}, {most} by the busiest."
    zh = f"{len(tasks)} 个任务由 {len(processes)} 个进程完成，最忙的做了 {most} 个。"
    evidence = [whole(timeline, track) for track in processes]
    limit = params.tasks_per_worker if params.call != "executor.map" else 0
    if len(tasks) <= (limit or params.workers):
        return not_seen(
            en=f"{en} There were too few tasks.", zh=f"{zh}任务太少。", evidence=evidence
        )
    if limit:
        return either(most <= limit, en=en, zh=zh, evidence=evidence)
    return either(len(processes) <= params.workers, en=en, zh=zh, evidence=evidence)


def check_at_most(timeline: Timeline, params: Settings) -> Answer:
    tasks = _tasks(timeline)
    most, _ = peak(tasks.values())
    if len(tasks) < 2:
        return not_seen(en="There was one task only.", zh="只有一个任务。")
    return either(
        most <= (1 if params.call == "apply" else params.workers),
        en=f"Of {len(tasks)} tasks at most {most} were under way at once.",
        zh=f"{len(tasks)} 个任务中，同时进行的最多 {most} 个。",
        evidence=tasks.values(),
    )


def check_hands_over(timeline: Timeline, params: Settings) -> Answer:
    tasks = _tasks(timeline)
    main = root(timeline)
    begin = need_said(timeline, "main: hands over", main).ns
    back = need_said(timeline, "main: has handed over", main).ns
    first, last = (pick(span.end_ns for span in tasks.values()) for pick in (min, max))
    en = f"Main was back after {duration(back - begin)}; the first task was done after "
    en += f"{duration(first - begin)}, the last after {duration(last - begin)}."
    zh = (
        f"主进程在 {duration(back - begin)} 后返回；第一个任务在 {duration(first - begin)} 后完成，"
    )
    zh += f"最后一个在 {duration(last - begin)} 后完成。"
    window = Span(main.id, begin, back)
    if params.call in WAITS:
        return either(back >= last, en=en, zh=zh, evidence=[window])
    if back < first:
        return holds(en=en, zh=zh, evidence=[window])
    kept = clip(timeline.of(main, State.READY, State.UNKNOWN), begin, back)
    if total(kept) > window.length_ns / 5:
        return not_seen(
            en=f"{en} It had no CPU for {duration(total(kept))}.",
            zh=f"{zh}其中有 {duration(total(kept))} 没有 CPU 可用。",
            evidence=kept,
        )
    return either(False, en=en, zh=zh, evidence=[window])


def check_order(timeline: Timeline, params: Settings) -> Answer:
    tasks, results = _tasks(timeline), _results(timeline)
    known = [number for number in results if number in tasks]
    done = sorted(known, key=lambda number: tasks[number].end_ns)
    en = f"Done in this order: {_row(done)}; main had the results in this: {_row(results)}."
    zh = f"完成的顺序：{_row(done)}；主进程得到结果的顺序：{_row(results)}。"
    evidence = [tasks[number] for number in done]
    if done == sorted(done):
        return not_seen(
            en=f"{en} No task overtook another.", zh=f"{zh}没有任务超过另一个。", evidence=evidence
        )
    if params.call != "imap_unordered":
        return either(results == sorted(results), en=en, zh=zh, evidence=evidence)
    wrong = [
        (one, other)
        for one in known
        for other in known
        if _surely_before(tasks, one, other) and results.index(one) > results.index(other)
    ]
    return either(not wrong, en=en, zh=zh, evidence=evidence)


def _surely_before(tasks: dict[int, Span], one: int, other: int) -> bool:
    """A worker has sent its result before it begins its next task; "done" alone is too early."""
    following = [
        span.start_ns
        for span in tasks.values()
        if span.track == tasks[one].track and span.start_ns > tasks[one].start_ns
    ]
    return bool(following) and min(following) < tasks[other].end_ns


def _row(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))


def check_helpers(timeline: Timeline, params: Settings) -> Answer:
    _tasks(timeline)
    main = root(timeline)
    threads = [track for track in timeline.children(main) if track.kind is TrackKind.THREAD]
    names = listed(track.name for track in threads)
    return either(
        bool(threads),
        en=f"Main's process has {counted(len(threads), 'thread')} that the program never made: "
        f"{names.en}.",
        zh=f"主进程里有 {len(threads)} 个程序没有创建过的线程：{names.of('zh')}。",
        evidence=[whole(timeline, track) for track in threads],
    )


def _hands_over_text(params: Settings) -> Text:
    if params.call in WAITS:
        return Text(
            en=f"{params.call}() comes back with the results only: main waits for them all.",
            zh=f"{params.call}() 直到有了结果才返回：主进程要等所有任务完成。",
        )
    return Text(
        en=f"{params.call}() comes back at once, before the first task is done.",
        zh=f"{params.call}() 立即返回，这时第一个任务还没完成。",
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.POOLS,
    title=Text(en="Process pool", zh="进程池"),
    summary=Text(
        en="Tasks of different length in a few processes: apply, map, imap_unordered and their "
        "like.",
        zh="几个进程执行长短不一的任务：apply、map、imap_unordered 等方式有何不同。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.POOLING, Idea.PARALLELISM),
        primitives=("multiprocessing.Pool", "concurrent.futures.ProcessPoolExecutor"),
        states=(State.RUNNING, State.BLOCKED),
        level=2,
    ),
    claims=(
        Claim(
            "reused",
            lambda params: (
                Text(
                    en="A worker that has done its number of tasks ends, and a new one takes over.",
                    zh="工作进程做满规定的任务数就结束，由新的进程接替。",
                )
                if params.tasks_per_worker and params.call != "executor.map"
                else Text(
                    en="The processes of the pool are used again: none is started for a task.",
                    zh="池中的进程会重复使用，不会为每个任务新建进程。",
                )
            ),
            check_reused,
        ),
        Claim(
            "at-most",
            lambda params: (
                Text(
                    en="With apply() only one task is under way at a time, however large the pool.",
                    zh="使用 apply() 时，无论池有多大，一次只有一个任务在进行。",
                )
                if params.call == "apply"
                else Text(
                    en="A pool of w processes has at most w tasks under way at once.",
                    zh="有 w 个进程的池，同时进行的任务最多 w 个。",
                )
            ),
            check_at_most,
        ),
        Claim("hands-over", _hands_over_text, check_hands_over),
        Claim(
            "order",
            lambda params: (
                Text(
                    en="imap_unordered() gives each result as it comes, in order of completion.",
                    zh="imap_unordered() 谁先完成就先给出谁的结果。",
                )
                if params.call == "imap_unordered"
                else Text(
                    en="Results come in the order of the tasks, though another was done first.",
                    zh="结果按任务的顺序给出，即使后面的任务先完成。",
                )
            ),
            check_order,
        ),
        Claim(
            "helpers",
            Text(
                en="Hidden threads of the main process carry tasks to the pool and results back.",
                zh="主进程中隐藏的线程把任务送进池里，再把结果取回来。",
            ),
            check_helpers,
        ),
    ),
)
