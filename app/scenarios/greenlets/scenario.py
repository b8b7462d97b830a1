"""Greenlets that switch by hand: no one takes a turn away, and the kernel sees nothing of it."""

from __future__ import annotations

from itertools import pairwise as neighbours

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, need_exact, pairwise, root, starting, total, whole
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    greenlets: int = integer(3, Text(en="Greenlets", zh="greenlet 数"), minimum=2, maximum=8)
    turns: int = integer(10, Text(en="Turns of each", zh="每个的轮数"), minimum=2, maximum=50)
    ms: int = integer(
        5, Text(en="It computes in a turn", zh="每轮的计算时间"), minimum=0, maximum=50, unit="ms"
    )


def _workers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "work", TrackKind.COROUTINE, least=2)


def _turns(timeline: Timeline, workers: list[Track]) -> list[Slice]:
    """Every stretch from a switch to a worker to the switch away from it, in order of time."""
    rows = [row for track in workers for row in timeline.of(track, State.RUNNING)]
    return sorted(rows, key=lambda row: row.start_ns)


def check_one_at_a_time(timeline: Timeline, params: Settings) -> Answer:
    workers = _workers(timeline)
    together = pairwise([timeline.of(track, State.RUNNING) for track in workers])
    turns = _turns(timeline, workers)
    threads = {track.parent for track in workers}
    if not turns:
        return not_seen(en="None was seen to run.", zh="没有看到它们运行。")
    return either(
        not together and len(threads) == 1,
        en=f"{len(workers)} greenlets had {len(turns)} turns on {len(threads)} thread; "
        f"two of them ran at once {times(len(together))}.",
        zh=f"{len(workers)} 个 greenlet 在 {len(threads)} 个线程上共运行 {len(turns)} 轮；"
        f"其中两个同时运行 {len(together)} 次。",
        evidence=together or turns,
    )


def check_in_turn(timeline: Timeline, params: Settings) -> Answer:
    """Main resumes them round after round; a turn taken away would break the circle."""
    workers = _workers(timeline)
    turns = _turns(timeline, workers)
    order = [row.track for row in turns]
    due = params.turns + 1  # in the last one it finds that it is done
    if len(turns) < 2 * len(workers):
        return not_seen(en="They had no two turns each.", zh="它们没有各运行两轮。")
    circle = [track.id for track in workers]
    expected = dict(neighbours([*circle, circle[0]]))
    broken = sum(expected[one] != two for one, two in neighbours(order))
    most = max(order.count(track) for track in circle)
    return either(
        broken == 0 and most <= due,
        en=f"{len(turns)} turns went round in a circle of {len(circle)}, and another "
        f"one came next {times(broken)}; each had at most {most}.",
        zh=f"{len(turns)} 轮按 {len(circle)} 个 greenlet 的次序循环，有 {broken} 次轮到了别的；"
        f"每个最多 {most} 轮。",
        evidence=turns,
    )


def check_user_space(timeline: Timeline, params: Settings) -> Answer:
    """Main's thread is blocked far less often than greenlets switch; being preempted is no wish."""
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
        en=f"In {duration(window.length_ns)} greenlets switched {times(2 * len(turns))}; the "
        f"kernel saw one thread, running for {duration(total(ran))}, that gave way to nobody but "
        f"{times(len(blocked))}.",
        zh=f"在 {duration(window.length_ns)} 里 greenlet 切换了 {2 * len(turns)} 次；"
        f"内核只看到一个线程，运行 {duration(total(ran))}，主动让出 {len(blocked)} 次。",
        evidence=blocked or [window],
    )


def check_same_frame(timeline: Timeline, params: Settings) -> Answer:
    """One track for the whole of each: between its turns it is suspended, at the same line."""
    workers = _workers(timeline)
    paused = {track.id: timeline.of(track, State.AWAITING) for track in workers}
    lines = {row.line for rows in paused.values() for row in rows if row.line}
    if not all(paused.values()):
        return not_seen(en="Not every one was seen suspended.", zh="并非每个都被看到挂起。")
    if not lines:
        return not_seen(en="It was not seen at which line.", zh="没有看到停在哪一行。")
    count = sum(map(len, paused.values()))
    return either(
        len(lines) == 1,
        en=f"One was suspended {times(count)}, always within its function, at line "
        f"{', '.join(map(str, sorted(lines)))}.",
        zh=f"共挂起 {count} 次，都停在函数内部，行号：{'、'.join(map(str, sorted(lines)))}。",
        evidence=[whole(timeline, track) for track in workers],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="Greenlets, switched by hand", zh="greenlet：手动切换"),
    summary=Text(
        en="Functions that give way by hand, with switch(), in the middle of a call.",
        zh="用 switch() 手动让出控制权的函数，可以停在调用的中途。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.SCHEDULING),
        primitives=("greenlet.greenlet", "greenlet.switch"),
        states=(State.RUNNING, State.AWAITING),
        level=2,
    ),
    requires=("greenlet",),
    claims=(
        Claim(
            "one-at-a-time",
            Text(
                en="All greenlets of a thread share it: one of them runs at a time.",
                zh="一个线程里的所有 greenlet 共用这个线程：一次只有一个在运行。",
            ),
            check_one_at_a_time,
        ),
        Claim(
            "in-turn",
            Text(
                en="Only switch() ends a turn, and it says who comes next: nobody is interrupted.",
                zh="只有 switch() 会结束一轮，并指定下一个是谁：没有谁会被打断。",
            ),
            check_in_turn,
        ),
        Claim(
            "same-frame",
            Text(
                en="Between its turns a greenlet is suspended in the middle of its function.",
                zh="两轮之间，greenlet 挂起在函数的中途。",
            ),
            check_same_frame,
        ),
        Claim(
            "user-space",
            Text(
                en="Greenlets switch in user space: the kernel sees one thread that goes on "
                "running.",
                zh="greenlet 在用户态切换：内核只看到一个一直在运行的线程。",
            ),
            check_user_space,
        ),
    ),
)
