"""What the interpreter lock lets happen at the same time, and what not."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    common,
    duration,
    exit_of,
    lines,
    merged,
    need_exact,
    need_gil,
    pairwise,
    percent,
    root,
    starting,
    total,
    whole,
)
from app.catalogue.tolerance import ASKS, excused
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import Reason, State
from app.timeline.timeline import Timeline

#: Running at once under the GIL, as a part of all running: waking up to ask for it takes CPU too.
AT_ONCE = 0.02


class Settings(Parameters):
    mode: Literal["serial", "threads", "processes"] = choice(
        "threads",
        Text(en="The tasks run", zh="任务的运行方式"),
        {
            "serial": Text(en="one after the other", zh="依次运行"),
            "threads": Text(en="each in a thread", zh="每个任务一个线程"),
            "processes": Text(en="each in a process", zh="每个任务一个进程"),
        },
    )
    work: Literal["compute", "sleep"] = choice(
        "compute",
        Text(en="Each task", zh="每个任务"),
        {"compute": Text(en="computes", zh="计算"), "sleep": Text(en="sleeps", zh="睡眠")},
    )
    tasks: int = integer(2, Text(en="Tasks", zh="任务数"), minimum=1, maximum=8)
    turns: int = integer(
        12_000_000,
        Text(en="Turns of the loop", zh="循环次数"),
        minimum=100_000,
        maximum=100_000_000,
        help=Text(en="Of each task that computes.", zh="每个计算任务的循环次数。"),
    )
    sleep_seconds: float = number(
        0.5, Text(en="Sleep of a task", zh="每个任务的睡眠时间"), minimum=0.1, maximum=3, unit="s"
    )
    switch_ms: float = number(
        5.0,
        Text(en="Switch interval", zh="线程切换间隔"),
        minimum=0.1,
        maximum=100,
        step=0.1,
        unit="ms",
        help=Text(
            en="A thread that is asked for the lock gives it up after this time.",
            zh="有线程请求锁时，持有者经过这段时间就让出。",
        ),
    )


def tasks_of(timeline: Timeline, params: Settings) -> list[Track]:
    if params.mode == "serial" or params.tasks < 2:
        raise NotSeen(en="It takes two tasks at once.", zh="需要至少两个任务同时进行。")
    return starting(timeline, "task-", least=2)


_WORDS = {"threads": "线程", "processes": "进程", "compute": "计算", "sleep": "睡眠"}


def _need(params: Settings, mode: str, work: str) -> None:
    if (params.mode, params.work) != (mode, work):
        raise NotSeen(
            en=f"It takes tasks that {work} in {mode}; this run had others.",
            zh=f"需要各在一个{_WORDS[mode]}里的{_WORDS[work]}任务，本次运行不是。",
        )


def check_never_two(timeline: Timeline, params: Settings) -> Answer:
    _need(params, "threads", "compute")
    need_gil(timeline)
    tasks = tasks_of(timeline, params)
    need_exact(timeline)
    running = [timeline.of(task, State.RUNNING) for task in tasks]
    together, ran = pairwise(running), sum(map(total, running))
    if not ran:
        return not_seen(en="No task was seen running.", zh="没有看到任务运行。")
    but = excused(total(together), ran, AT_ONCE, ASKS)
    return either(
        total(together) <= AT_ONCE * ran,
        en=f"Of {duration(ran)} of computing, {percent(total(together), ran)} was done by two "
        f"threads at once.{but.en}",
        zh=f"总共 {duration(ran)} 的计算中，有 {percent(total(together), ran)} 是两个线程同时进行"
        f"的。{but.of('zh')}",
        evidence=together
        if total(together) > AT_ONCE * ran
        else [row for rows in running for row in rows],
    )


def check_wants_gil(timeline: Timeline, params: Settings) -> Answer:
    """While one runs, the others want the GIL; being ready, without a CPU, tells nothing."""
    _need(params, "threads", "compute")
    need_gil(timeline)
    tasks = tasks_of(timeline, params)
    need_exact(timeline)
    wanting, other = [], []
    for one, two in permutations(tasks, 2):
        running = timeline.of(one, State.RUNNING)
        wanting += common(timeline.of(two, State.GIL), running)
        other += common(timeline.of(two, State.RUNNING, State.BLOCKED), running)
    if total(wanting) + total(other) < 10 * params.switch_ms * 1e6:
        return not_seen(
            en="They were together for too short a time.", zh="它们同时存在的时间太短。"
        )
    share = percent(total(wanting), total(wanting) + total(other))
    return either(
        total(wanting) > 0.8 * (total(wanting) + total(other)),
        en=f"While another one ran, they wanted the GIL for {share} of the time: for "
        f"{duration(total(wanting))}, and did other things for {duration(total(other))}.",
        zh=f"别的线程运行时，它们有 {share} 的时间在等待 GIL：共 {duration(total(wanting))}，"
        f"做其他事情 {duration(total(other))}。",
        evidence=wanting,
    )


def check_processes_overlap(timeline: Timeline, params: Settings) -> Answer:
    _need(params, "processes", "compute")
    tasks = tasks_of(timeline, params)
    need_exact(timeline)
    running = [timeline.of(task, State.RUNNING) for task in tasks]
    together = pairwise(running)
    cpus = {row.cpu for rows in running for row in rows if row.cpu >= 0}
    if len(cpus) < 2:
        return not_seen(
            en=f"They had {len(cpus)} CPU to run on.", zh=f"它们只用到了 {len(cpus)} 个 CPU。"
        )
    shortest = min(map(total, running))
    if total(together) <= 0.1 * shortest and _cpu_was_short(timeline, tasks):
        return not_seen(
            en="The machine had no second CPU to spare.",
            zh="机器没有空闲的第二个 CPU。",
            evidence=together,
        )
    return either(
        total(together) > 0.1 * shortest,
        en=f"Two of them ran at the same instant for {duration(total(together))}.",
        zh=f"两个进程同时运行的时间合计 {duration(total(together))}。",
        evidence=together,
    )


def check_sleeps_overlap(timeline: Timeline, params: Settings) -> Answer:
    if params.work != "sleep":
        raise NotSeen(en="These tasks compute.", zh="这些任务是计算任务。")
    tasks = tasks_of(timeline, params)
    asleep = [
        [row for row in timeline.of(task, State.BLOCKED) if row.reason is Reason.SLEEP]
        for task in tasks
    ]
    if not all(asleep):
        return not_seen(en="Not every task was seen asleep.", zh="并非每个任务都被看到在睡眠。")
    together = pairwise(asleep)
    shortest = min(map(total, asleep))
    first = min(task.start_ns for task in tasks)
    last = max(exit_of(timeline, task) for task in tasks)
    return either(
        total(together) > 0.1 * shortest and last - first < sum(map(total, asleep)),
        en=f"They slept {duration(sum(map(total, asleep)))} in all, within "
        f"{duration(last - first)}.",
        zh=f"睡眠时间合计 {duration(sum(map(total, asleep)))}，"
        f"实际只用了 {duration(last - first)}。",
        evidence=[row for rows in asleep for row in rows],
    )


def check_speed_up(timeline: Timeline, params: Settings) -> Answer:
    """How much was done at once: by the CPU time of computing, by the clock for sleeping.

    The clock alone would measure what else this machine had to do meanwhile.
    """
    text = "\n".join(line.text for line in lines(timeline))
    one = re.search(r"one task alone: ([\d.]+) s", text)
    many = re.search(r"tasks, \w+: ([\d.]+) s", text)
    if not one or not many:
        return not_seen(en="The program did not come to its figures.", zh="程序没有输出结果。")
    if params.tasks < 2:
        return not_seen(en="One task can't be sped up by sharing.", zh="只有一个任务，谈不上加速。")
    en = f"One task took {one[1]} s alone, {params.tasks} took {many[1]} s"
    zh = f"单个任务 {one[1]} s，{params.tasks} 个任务 {many[1]} s"
    if params.work == "compute":
        return _computed_at_once(timeline, params, en, zh)
    speed_up = float(one[1]) * params.tasks / float(many[1])
    as_claimed = speed_up > 1.3 if params.mode != "serial" else speed_up < 1.2
    queued = [row for track in timeline.tracks.values() for row in timeline.of(track, State.READY)]
    if not as_claimed and total(queued) > 0.1e9 * float(many[1]):
        return not_seen(
            en=f"{en}; they stood ready, without a CPU, for {duration(total(queued))} of it.",
            zh=f"{zh}；其中有 {duration(total(queued))} 处于就绪状态，没有 CPU 可用。",
            evidence=queued,
        )
    return either(
        as_claimed,
        en=f"{en}: {speed_up:.2f} times.",
        zh=f"{zh}：加速比 {speed_up:.2f}。",
        evidence=[whole(timeline, root(timeline))],
    )


def _computed_at_once(timeline: Timeline, params: Settings, en: str, zh: str) -> Answer:
    """CPU time of all tasks over the time in which any of them ran: 1 is taking turns."""
    if params.mode == "serial":
        return not_seen(
            en=f"{en}: there is nothing at once here to measure.",
            zh=f"{zh}：这里没有同时进行的任务可测。",
        )
    if params.mode == "threads":
        need_gil(timeline)
    tasks = tasks_of(timeline, params)
    need_exact(timeline)
    running = [row for task in tasks for row in timeline.of(task, State.RUNNING)]
    if not running:
        return not_seen(en="No task was seen running.", zh="没有看到任务运行。")
    figure = total(running) / total(merged(running))
    en += f"; while any of them ran, {figure:.2f} of them ran on average."
    zh += f"；在有任务运行的时间里，平均有 {figure:.2f} 个在运行。"
    if params.mode == "threads":
        return either(figure < 1.1, en=en, zh=zh, evidence=running)
    if figure <= 1.2 and _cpu_was_short(timeline, tasks):
        return not_seen(
            en=en + " The machine had no second CPU to spare.",
            zh=zh + "机器没有空闲的第二个 CPU。",
            evidence=running,
        )
    return either(figure > 1.2, en=en, zh=zh, evidence=running)


def _cpu_was_short(timeline: Timeline, tasks: list[Track]) -> bool:
    """Fewer than two CPUs, or the tasks stood ready for much of their life: others had them."""
    running = [row for task in tasks for row in timeline.of(task, State.RUNNING)]
    ready = sum(timeline.total_ns(task, State.READY) for task in tasks)
    return len({row.cpu for row in running}) < 2 or ready > 0.25 * total(running)


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="The global interpreter lock", zh="全局解释器锁（GIL）"),
    summary=Text(
        en="The same tasks one after the other, in threads and in processes: what gets faster?",
        zh="同样的任务依次运行、用线程运行、用进程运行：哪些会变快？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.PARALLELISM, Idea.SCHEDULING),
        primitives=("threading.Thread", "multiprocessing.Process", "sys.setswitchinterval"),
        states=(State.GIL, State.RUNNING, State.BLOCKED),
        level=1,
    ),
    claims=(
        Claim(
            "never-two",
            Text(
                en="Two threads of one process never run Python code at the same instant.",
                zh="同一进程的两个线程不会在同一时刻运行 Python 代码。",
            ),
            check_never_two,
        ),
        Claim(
            "wants-gil",
            Text(
                en="While one thread computes, the others wait for the interpreter lock.",
                zh="一个线程在计算时，其他线程都在等待全局解释器锁。",
            ),
            check_wants_gil,
        ),
        Claim(
            "processes-overlap",
            Text(
                en="Processes have an interpreter lock each, and compute at the same instant.",
                zh="每个进程都有自己的解释器锁，可以在同一时刻进行计算。",
            ),
            check_processes_overlap,
        ),
        Claim(
            "sleeps-overlap",
            Text(
                en="A task that sleeps holds no lock: sleeps go on side by side.",
                zh="睡眠的任务不持有解释器锁：多个睡眠可以同时进行。",
            ),
            check_sleeps_overlap,
        ),
        Claim(
            "speed-up",
            lambda params: (
                Text(
                    en="Threads do not speed up computing.",
                    zh="线程不能加快纯计算。",
                )
                if (params.mode, params.work) == ("threads", "compute")
                else Text(
                    en="Run at once, these tasks take less time than one after the other.",
                    zh="同时运行这些任务，比依次运行更省时间。",
                )
                if params.mode != "serial"
                else Text(
                    en="One after the other, tasks take the sum of their times.",
                    zh="依次运行，总时间是各任务时间之和。",
                )
            ),
            check_speed_up,
        ),
    ),
)
