"""Generators driven by hand: they run one at a time, from yield to yield, and nobody cuts in."""

from __future__ import annotations

from itertools import pairwise as neighbours

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    need_exact,
    pairwise,
    root,
    said,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import Cause, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    workers: int = integer(3, Text(en="Generators", zh="生成器数"), minimum=2, maximum=8)
    steps: int = integer(5, Text(en="Steps of each", zh="每个的步数"), minimum=2, maximum=30)
    ms: int = integer(
        5, Text(en="It computes in a step", zh="每步的计算时间"), minimum=0, maximum=50, unit="ms"
    )
    delegate: bool = flag(
        False,
        Text(en="Each step by “yield from”", zh="每一步都用 yield from"),
        help=Text(en="It is then a generator of its own.", zh="这时每一步本身就是一个生成器。"),
    )


def _workers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "work", TrackKind.COROUTINE, least=2)


def _turns(timeline: Timeline, workers: list[Track]) -> list[Slice]:
    """Every stretch from a worker's resumption to its next yield, in order of time."""
    rows = [row for track in workers for row in timeline.of(track, State.RUNNING)]
    if not rows:
        raise NotSeen(en="None was seen to run.", zh="没有看到它们运行。")
    return sorted(rows, key=lambda row: row.start_ns)


def check_one_at_a_time(timeline: Timeline, params: Settings) -> Answer:
    """What a worker delegates to runs within its own turn, so workers alone are compared."""
    workers = _workers(timeline)
    turns = _turns(timeline, workers)
    together = pairwise([timeline.of(track, State.RUNNING) for track in workers])
    threads = {track.parent for track in workers}
    return either(
        not together and len(threads) == 1,
        en=f"{len(workers)} generators had {len(turns)} turns on {len(threads)} thread; "
        f"two of them ran at once {times(len(together))}.",
        zh=f"{len(workers)} 个生成器在 {len(threads)} 个线程上共运行 {len(turns)} 轮；"
        f"其中两个同时运行 {len(together)} 次。",
        evidence=together or turns,
    )


def check_at_yield(timeline: Timeline, params: Settings) -> Answer:
    workers = _workers(timeline)
    pauses = [row for track in workers for row in timeline.of(track, State.AWAITING)]
    if not pauses:
        return not_seen(en="None was seen suspended.", zh="没有看到它们挂起。")
    if params.delegate:
        steps = {track.id for track in starting(timeline, "step", TrackKind.COROUTINE)}
        right = [row for row in pauses if row.holder in steps]
        return either(
            len(right) == len(pauses),
            en=f"A worker was suspended {times(len(pauses))}, {times(len(right))} in the inner "
            "generator that it had entered.",
            zh=f"worker 共挂起 {len(pauses)} 次，其中 {len(right)} 次是停在它所进入的内层生成器"
            "里。",
            evidence=pauses,
        )
    right = [row for row in pauses if row.reason is Reason.YIELD]
    lines = sorted({row.line for row in right if row.line})
    return either(
        len(right) == len(pauses) and len(lines) == 1,
        en=f"A worker was suspended {times(len(pauses))}, {times(len(right))} at a yield, in line "
        f"{', '.join(map(str, lines)) or '–'}.",
        zh=f"worker 共挂起 {len(pauses)} 次，其中 {len(right)} 次是在 yield 处，行号："
        f"{'、'.join(map(str, lines)) or '–'}。",
        evidence=pauses,
    )


def check_in_turn(timeline: Timeline, params: Settings) -> Answer:
    """Round robin: the scheduler's order, which a turn taken away would break."""
    workers = _workers(timeline)
    turns = _turns(timeline, workers)
    circle = [track.id for track in workers]
    if len(turns) < 2 * len(circle):
        return not_seen(en="They had no two turns each.", zh="它们没有各运行两轮。")
    following = dict(neighbours([*circle, circle[0]]))
    order = [row.track for row in turns]
    broken = sum(following[one] != two for one, two in neighbours(order))
    return either(
        broken == 0,
        en=f"{len(turns)} turns went round in a circle of {len(circle)}; another one "
        f"came next {times(broken)}.",
        zh=f"{len(turns)} 轮按 {len(circle)} 个生成器的次序循环；有 {broken} 次轮到了别的。",
        evidence=turns,
    )


def check_end(timeline: Timeline, params: Settings) -> Answer:
    """Its return value reaches whoever resumed it last: here the scheduler prints it."""
    workers = _workers(timeline)
    done = said(timeline, " is done", root(timeline))
    ended = [track for track in workers if track.end and track.end.cause is Cause.RETURNED]
    if not ended:
        return not_seen(en="None was seen to return.", zh="没有看到它们返回。")
    last = max(end_of(timeline, track) for track in ended)
    return either(
        len(done) == len(ended) and done[-1].ns >= last,
        en=f"{len(ended)} generators returned, the last at {duration(last)}; the scheduler then "
        f"had {len(done)} values.",
        zh=f"{len(ended)} 个生成器返回，最后一个在 {duration(last)}；"
        f"调度器随后得到 {len(done)} 个值。",
        evidence=[whole(timeline, track) for track in ended],
    )


def check_user_space(timeline: Timeline, params: Settings) -> Answer:
    workers, main = _workers(timeline), root(timeline)
    turns = _turns(timeline, workers)
    if len(turns) < 10:
        return not_seen(en=f"There were {len(turns)} turns only.", zh=f"只有 {len(turns)} 轮。")
    need_exact(timeline)
    window = Span(main.id, turns[0].start_ns, turns[-1].end_ns)
    blocked = clip(timeline.of(main, State.BLOCKED), *window[1:])
    ran = clip(timeline.of(main, State.RUNNING), *window[1:])
    return either(
        len(blocked) < len(turns) / 5,
        en=f"In {duration(window.length_ns)} generators were resumed {times(len(turns))}; the "
        f"kernel saw one thread, running for {duration(total(ran))} and blocked "
        f"{times(len(blocked))}.",
        zh=f"在 {duration(window.length_ns)} 里，生成器被恢复 {len(turns)} 次；内核只看到一个线程，"
        f"运行 {duration(total(ran))}，阻塞 {len(blocked)} 次。",
        evidence=blocked or [window],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="Generators as coroutines", zh="用生成器做协程"),
    summary=Text(
        en="yield, send and yield from, and a scheduler of ten lines that resumes them in turn.",
        zh="yield、send 与 yield from，以及一个十行的调度器，轮流恢复它们。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.SCHEDULING),
        primitives=("yield", "generator.send", "yield from"),
        states=(State.RUNNING, State.AWAITING),
        level=1,
    ),
    claims=(
        Claim(
            "one-at-a-time",
            Text(
                en="Only one generator runs at a time; the others are suspended.",
                zh="一次只有一个生成器在运行，其他的都挂起。",
            ),
            check_one_at_a_time,
        ),
        Claim(
            "at-yield",
            lambda params: (
                Text(
                    en="With yield from, a generator is suspended where the inner one yields.",
                    zh="使用 yield from 时，内层生成器 yield，外层也随之挂起。",
                )
                if params.delegate
                else Text(
                    en="A generator gives way at a yield, and nowhere else.",
                    zh="生成器只在 yield 处让出，别处不会。",
                )
            ),
            check_at_yield,
        ),
        Claim(
            "in-turn",
            Text(
                en="Who comes next is decided by the scheduler that the program itself is.",
                zh="下一个轮到谁，由程序自己写的调度器决定。",
            ),
            check_in_turn,
        ),
        Claim(
            "end",
            Text(
                en="A generator's return value reaches whoever resumed it, in StopIteration.",
                zh="生成器的返回值放在 StopIteration 里，交给恢复它的一方。",
            ),
            check_end,
        ),
        Claim(
            "user-space",
            Text(
                en="The kernel does not see these switches: to it, one thread goes on running.",
                zh="内核看不到这些切换：在它看来，只有一个线程一直在运行。",
            ),
            check_user_space,
        ),
    ),
)
