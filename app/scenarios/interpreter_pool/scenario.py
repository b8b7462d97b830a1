"""Threads that share one interpreter, beside threads with an interpreter each."""

from __future__ import annotations

import re

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    lines,
    need_exact,
    need_gil,
    need_said,
    pairwise,
    percent,
    root,
    said,
    starting,
    total,
    whole,
)
from app.catalogue.tolerance import ASKS, excused
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: Running at once under the GIL, as a part of all running: waking up to ask for it takes CPU too.
AT_ONCE = 0.02


class Settings(Parameters):
    workers: int = integer(
        2, Text(en="Workers in each pool", zh="每个池的线程数"), minimum=1, maximum=4
    )
    tasks: int = integer(4, Text(en="Tasks", zh="任务数"), minimum=1, maximum=16)
    turns: int = integer(
        3_000_000,
        Text(en="Turns of a task's loop", zh="每个任务的循环次数"),
        minimum=100_000,
        maximum=30_000_000,
    )


def _phase(timeline: Timeline, pool: str) -> Span:
    """When the pool of ``threads`` or ``interpreters`` was at work."""
    begin = need_said(timeline, f"{pool}: begin")
    for line in lines(timeline):
        if re.match(rf"{pool}: \d+ tasks took", line.text):
            return Span(begin.track, begin.ns, line.ns)
    raise NotSeen(en=f"The pool of {pool} did not come to its end.", zh=f"{pool} 的池没有运行完。")


def _interpreters(timeline: Timeline, *kinds: TrackKind, least: int = 1) -> list[Track]:
    """The threads with an interpreter each; raises NotSeen where this Python has none."""
    if refused := said(timeline, "has no InterpreterPoolExecutor"):
        raise NotSeen(en=refused[0].text, zh="这个版本的 Python 没有 InterpreterPoolExecutor。")
    _phase(timeline, "interpreters")
    return starting(timeline, "interpreter", *kinds or (TrackKind.THREAD,), least=least)


def _at_once(timeline: Timeline, tracks: list[Track]) -> tuple[list[Span], int]:
    """The stretches in which two of them ran, and how long they ran in all."""
    running = [timeline.of(track, State.RUNNING) for track in tracks]
    return pairwise(running), sum(map(total, running))


def check_in_turn(timeline: Timeline, params: Settings) -> Answer:
    _phase(timeline, "threads")
    need_gil(timeline)
    threads = starting(timeline, "thread_", TrackKind.THREAD, least=2)
    need_exact(timeline)
    together, ran = _at_once(timeline, threads)
    but = excused(total(together), ran, AT_ONCE, ASKS)
    return either(
        total(together) <= AT_ONCE * ran,
        en=f"Of {duration(ran)} of computing, {percent(total(together), ran)} was done by two at "
        f"once.{but.en}",
        zh=f"总共 {duration(ran)} 的计算中，有 {percent(total(together), ran)} 是两个线程同时进行"
        f"的。{but.of('zh')}",
        evidence=together or [whole(timeline, track) for track in threads],
    )


def check_at_once(timeline: Timeline, params: Settings) -> Answer:
    tracks = _interpreters(timeline, least=2)
    need_exact(timeline)
    together, ran = _at_once(timeline, tracks)
    as_said = total(together) > 0.1 * ran
    ready = sum(timeline.total_ns(track, State.READY) for track in tracks)
    if not as_said and ready > 0.25 * ran:
        return not_seen(
            en="The machine had no second CPU to spare.", zh="机器没有空闲的第二个 CPU。"
        )
    return either(
        as_said,
        en=f"Of {duration(ran)} of computing, {percent(total(together), ran)} was done by two at "
        "once.",
        zh=f"总共 {duration(ran)} 的计算中，有 {percent(total(together), ran)} 是两个线程同时进行"
        "的。",
        evidence=together or [whole(timeline, track) for track in tracks],
    )


def check_one_process(timeline: Timeline, params: Settings) -> Answer:
    """Of the threads' pool alone, where this Python has no other."""
    tracks = starting(timeline, "thread_", TrackKind.THREAD, TrackKind.PROCESS)
    if not said(timeline, "has no InterpreterPoolExecutor"):
        tracks += _interpreters(timeline, TrackKind.THREAD, TrackKind.PROCESS)
    main = root(timeline)
    others = [track for track in timeline.of_kind(TrackKind.PROCESS) if track is not main]
    inside = [track for track in tracks if track.parent == main.id]
    return either(
        len(inside) == len(tracks) and not others,
        en=f"{len(inside)} of {len(tracks)} workers are threads of the main process; it started "
        f"{len(others)} processes.",
        zh=f"{len(tracks)} 个工作者中有 {len(inside)} 个是主进程的线程；主进程启动了 "
        f"{len(others)} 个进程。",
        evidence=[whole(timeline, track) for track in [*tracks, *others]],
    )


def check_sooner(timeline: Timeline, params: Settings) -> Answer:
    tracks = _interpreters(timeline, least=2)
    need_gil(timeline)
    one, other = _phase(timeline, "threads"), _phase(timeline, "interpreters")
    en = f"The threads took {duration(one.length_ns)}, the interpreters "
    en += f"{duration(other.length_ns)}."
    zh = f"线程用了 {duration(one.length_ns)}，解释器用了 {duration(other.length_ns)}。"
    as_said = other.length_ns < 0.9 * one.length_ns
    inside = [clip(timeline.of(track, State.READY), *other[1:]) for track in tracks]
    ready = sum(map(total, inside))
    if not as_said and (ready > 0.2 * other.length_ns or other.length_ns < 1.1 * one.length_ns):
        return not_seen(
            en=f"{en} The machine was busy, or the tasks too short.",
            zh=f"{zh}机器正忙，或者任务太短。",
            evidence=[one, other],
        )
    return either(as_said, en=en, zh=zh, evidence=[one, other])


SCENARIO = Scenario(
    file=__file__,
    group=Group.POOLS,
    title=Text(en="A pool of interpreters", zh="解释器池"),
    summary=Text(
        en="One process, several interpreters, each with a lock of its own (Python 3.14 and "
        "later).",
        zh="一个进程里有多个解释器，各有自己的 GIL（Python 3.14 起）。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.POOLING, Idea.PARALLELISM),
        primitives=(
            "concurrent.futures.InterpreterPoolExecutor",
            "concurrent.futures.ThreadPoolExecutor",
        ),
        states=(State.RUNNING, State.GIL),
        level=3,
    ),
    claims=(
        Claim(
            "in-turn",
            Text(
                en="Threads that share one interpreter take turns: no two compute at one instant.",
                zh="共用一个解释器的线程轮流计算：任一时刻只有一个在算。",
            ),
            check_in_turn,
        ),
        Claim(
            "at-once",
            Text(
                en="Threads with an interpreter each compute at the same instant.",
                zh="各有一个解释器的线程可以在同一时刻计算。",
            ),
            check_at_once,
        ),
        Claim(
            "one-process",
            Text(
                en="Neither pool starts a process: the workers of both are threads.",
                zh="两种池都不启动进程：它们的工作者都是线程。",
            ),
            check_one_process,
        ),
        Claim(
            "sooner",
            Text(
                en="Interpreters are done sooner with tasks that compute than threads are.",
                zh="对计算任务，解释器池比线程池更快完成。",
            ),
            check_sooner,
        ),
    ),
)
