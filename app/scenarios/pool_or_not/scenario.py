"""A new worker for each task, or a pool: which is done sooner, and what it costs."""

from __future__ import annotations

from typing import Literal, NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    need_exact,
    need_gil,
    need_said,
    peak,
    root,
    stretches,
    total,
    whole,
)
from app.locale.text import NO_TEXT, Text
from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    workers_are: Literal["processes", "threads"] = choice(
        "processes",
        Text(en="Workers are", zh="工作者是"),
        {"processes": Text(en="processes", zh="进程"), "threads": Text(en="threads", zh="线程")},
    )
    work: Literal["compute", "wait"] = choice(
        "compute",
        Text(en="Each task", zh="每个任务"),
        {
            "compute": Text(en="computes", zh="计算"),
            "wait": Text(en="waits (sleep)", zh="等待（sleep）"),
        },
    )
    tasks: int = integer(24, Text(en="Tasks", zh="任务数"), minimum=1, maximum=40)
    task_ms: int = integer(
        2, Text(en="A task takes", zh="每个任务耗时"), minimum=1, maximum=100, unit="ms"
    )
    pool: int = integer(
        2, Text(en="Workers in the pool", zh="池中的工作者数"), minimum=1, maximum=8
    )


class Part(NamedTuple):
    """One of the two ways: when it lasted, its tasks, and who did them."""

    span: Span
    tasks: list[Span]
    workers: list[Track]


def _parts(timeline: Timeline, params: Settings) -> tuple[Part, Part]:
    """With a new worker for each task, and with a pool. Raises NotSeen unless both are whole."""
    main = root(timeline)
    done = stretches(timeline, r"task (\d+) begins", r"task (\d+) is done")
    parts = []
    for name in ("new ones", "a pool"):
        begin = need_said(timeline, f"{name}: begin", main).ns
        end = need_said(timeline, f"{name}: {params.tasks} tasks took", main).ns
        tasks = [span for span in done.values() if begin <= span.start_ns <= end]
        if len(tasks) < params.tasks:
            raise NotSeen(
                en=f"Of {params.tasks} tasks only {len(tasks)} were seen whole.",
                zh=f"{params.tasks} 个任务中只看到 {len(tasks)} 个完整的。",
            )
        workers = [timeline.tracks[track] for track in dict.fromkeys(span.track for span in tasks)]
        parts.append(Part(Span(main.id, begin, end), tasks, workers))
    return parts[0], parts[1]


def _times(new: Part, pool: Part) -> tuple[str, str]:
    one, other = duration(new.span.length_ns), duration(pool.span.length_ns)
    return f"New ones took {one}, the pool {other}.", f"逐个新建用了 {one}，池用了 {other}。"


def check_starts(timeline: Timeline, params: Settings) -> Answer:
    new, pool = _parts(timeline, params)
    if params.tasks <= params.pool:
        return not_seen(en="There were too few tasks for this pool.", zh="任务太少，池还没用满。")
    return either(
        len(new.workers) == params.tasks and len(pool.workers) <= params.pool,
        en=f"{params.tasks} tasks were done by {len(new.workers)} new workers, and by "
        f"{len(pool.workers)} of the pool.",
        zh=f"{params.tasks} 个任务：逐个新建时有 {len(new.workers)} 个工作者，"
        f"用池时只有 {len(pool.workers)} 个。",
        evidence=[whole(timeline, track) for track in pool.workers],
    )


def check_at_once(timeline: Timeline, params: Settings) -> Answer:
    new, pool = _parts(timeline, params)
    (most_new, _), (most_pool, _) = peak(new.tasks), peak(pool.tasks)
    en = f"At once there were up to {most_new} tasks of new workers, and {most_pool} of the pool."
    zh = f"同时进行的任务：逐个新建时最多 {most_new} 个，用池时最多 {most_pool} 个。"
    if most_new <= params.pool and most_pool <= params.pool:
        return not_seen(
            en=f"{en} The new ones were done too soon to meet.", zh=f"{zh}新建的工作者来不及碰面。"
        )
    return either(most_pool <= params.pool, en=en, zh=zh, evidence=[*new.tasks, *pool.tasks])


def _besides(timeline: Timeline, part: Part) -> int:
    """CPU time of the whole program during ``part`` that went into no task."""
    all_ns = sum(
        total(clip(timeline.of(track, State.RUNNING), part.span.start_ns, part.span.end_ns))
        for track in timeline.of_kind(TrackKind.PROCESS, TrackKind.THREAD)
    )
    own_ns = sum(
        total(clip(timeline.of(timeline.tracks[span.track], State.RUNNING), span.start_ns,
                   span.end_ns))
        for span in part.tasks
    )  # fmt: skip
    return all_ns - own_ns


def check_cost(timeline: Timeline, params: Settings) -> Answer:
    new, pool = _parts(timeline, params)
    if params.workers_are == "threads":
        return not_seen(
            en="A thread's start is too cheap to tell it from handing a task to a pool.",
            zh="启动线程的开销太小，与向池提交任务的开销分不清。",
        )
    if params.tasks < 4 * params.pool:
        return not_seen(
            en="It takes four times as many tasks as workers.", zh="任务数需达到池的四倍。"
        )
    need_exact(timeline)
    one, other = _besides(timeline, new), _besides(timeline, pool)
    return either(
        one > other,
        en=f"Besides the tasks themselves, new workers cost {duration(one)} of CPU time, the pool "
        f"{duration(other)}.",
        zh=f"除任务本身外，逐个新建另耗 CPU 时间 {duration(one)}，池另耗 {duration(other)}。",
        evidence=[new.span, pool.span],
    )


def check_sooner(timeline: Timeline, params: Settings) -> Answer:
    new, pool = _parts(timeline, params)
    en, zh = _times(new, pool)
    evidence = [new.span, pool.span]
    ratio = new.span.length_ns / pool.span.length_ns
    if params.tasks < 4 * params.pool:
        return not_seen(
            en=f"{en} There were too few tasks.", zh=f"{zh}任务太少。", evidence=evidence
        )
    if params.work == "wait":
        as_said = ratio < 0.9
        births = [track.start_ns for track in new.workers]
        doubt = max(births) - min(births) > pool.span.length_ns / 2
        why = Text(en="The starts alone took most of it.", zh="光是启动就占了大部分时间。")
    elif params.workers_are == "threads":
        need_gil(timeline)
        as_said, doubt = 0.5 < ratio < 2, False
        why = NO_TEXT
    else:
        as_said, doubt = ratio > 1.1, ratio > 0.9 or _cpus(timeline, new) > params.pool
        why = Text(
            en="That is too near, or the pool had fewer workers than there are CPUs.",
            zh="两者太接近，或者池中的进程比 CPU 还少。",
        )
    if not as_said and doubt:
        return not_seen(en=f"{en} {why.en}", zh=f"{zh}{why.of('zh')}", evidence=evidence)
    if not as_said and _crowded(timeline, [new, pool]):
        return not_seen(en=f"{en} The machine was busy.", zh=f"{zh}机器正忙。", evidence=evidence)
    return either(as_said, en=en, zh=zh, evidence=evidence)


def _cpus(timeline: Timeline, part: Part) -> int:
    rows = [row for track in part.workers for row in timeline.of(track, State.RUNNING)]
    return len({row.cpu for row in rows if row.cpu >= 0})


def _crowded(timeline: Timeline, parts: list[Part]) -> bool:
    """Whether those that could run lacked a CPU for a fifth of the pool's time, in all."""
    tracks = {root(timeline).id, *(track.id for part in parts for track in part.workers)}
    ready = sum(timeline.total_ns(timeline.tracks[track], State.READY) for track in tracks)
    return ready > parts[-1].span.length_ns / 5


def _sooner_text(params: Settings) -> Text:
    if params.work == "wait":
        return Text(
            en="Tasks that wait are done sooner by a new worker each: they all wait at once.",
            zh="等待型任务每个新建一个工作者更快：它们可以同时等待。",
        )
    if params.workers_are == "threads":
        return Text(
            en="Threads that compute share the GIL: neither way is twice as fast as the other.",
            zh="计算型线程共用一个 GIL：两种方式谁也不会快一倍。",
        )
    return Text(
        en="Short tasks that compute are done sooner by a pool: it starts fewer processes.",
        zh="短小的计算任务用进程池更快：需要启动的进程更少。",
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.POOLS,
    title=Text(en="A pool, or a new worker for each task?", zh="用池，还是每个任务新建一个？"),
    summary=Text(
        en="The same tasks by a new process or thread each, and by a pool: what is faster, and "
        "why?",
        zh="同样的任务，每个新建一个进程或线程，或者用池来做：哪个更快，为什么？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.POOLING, Idea.START, Idea.PARALLELISM),
        primitives=(
            "concurrent.futures.ProcessPoolExecutor",
            "concurrent.futures.ThreadPoolExecutor",
            "multiprocessing.Process",
            "threading.Thread",
        ),
        states=(State.NEW, State.RUNNING, State.READY),
        level=2,
    ),
    claims=(
        Claim(
            "starts",
            Text(
                en="A pool starts a few workers and uses them again; else each task needs a start.",
                zh="池只启动几个工作者并重复使用；不用池时，每个任务都要启动一个。",
            ),
            check_starts,
        ),
        Claim(
            "at-once",
            Text(
                en="A pool bounds how many tasks are under way at once; new workers do not.",
                zh="池限制了同时进行的任务数；逐个新建则没有限制。",
            ),
            check_at_once,
        ),
        Claim(
            "cost",
            Text(
                en="A new process for each task costs more CPU time besides the tasks than a pool.",
                zh="每个任务新建一个进程，在任务之外耗费的 CPU 时间比池更多。",
            ),
            check_cost,
        ),
        Claim("sooner", _sooner_text, check_sooner),
    ),
)
