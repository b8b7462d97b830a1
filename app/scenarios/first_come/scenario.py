"""Ten processes, and whose result is taken first."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.counting import counted
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    exit_of,
    need_exact,
    root,
    said,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Output
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    take: Literal["as they come", "in order"] = choice(
        "as they come",
        Text(en="Results are taken", zh="取结果的方式"),
        {
            "as they come": Text(en="as they come, from one queue", zh="先到先取，共用一个队列"),
            "in order": Text(en="in order, from a pipe each", zh="按顺序取，各用一个管道"),
        },
    )
    workers: int = integer(10, Text(en="Workers", zh="工作进程数"), minimum=2, maximum=20)
    step_ms: int = integer(
        10,
        Text(en="The quickest computes for", zh="最快的进程计算"),
        minimum=1,
        maximum=50,
        unit="ms",
        help=Text(en="The next one twice as long, and so on.", zh="下一个是它的两倍，依此类推。"),
    )
    seed: int = integer(
        1,
        Text(en="Who is quick", zh="谁快谁慢"),
        minimum=0,
        maximum=1000,
        help=Text(en="Another number, another order.", zh="换一个数字就换一种次序。"),
    )


def _done(timeline: Timeline) -> dict[int, Output]:
    """Who said that its result is done, by the number of the result."""
    found = {int(line.text.split()[1]): line for line in said(timeline, "is done")}
    if len(found) < 2:
        raise NotSeen(en="No two results were seen to be done.", zh="没有看到两个结果完成。")
    return found


def _taken(timeline: Timeline) -> dict[int, int]:
    """When main had each result, in that order."""
    found = said(timeline, "main: has result ", root(timeline))
    if len(found) < 2:
        raise NotSeen(en="Main had no two results.", zh="主进程没有取到两个结果。")
    return {int(line.text.split()[-1]): line.ns for line in found}


def _sent_by(timeline: Timeline, line: Output) -> int:
    """A worker has surely sent its result when it exits; its last word comes before that."""
    return exit_of(timeline, timeline.tracks[line.track])


def check_order(timeline: Timeline, params: Settings) -> Answer:
    done, taken = _done(timeline), list(_taken(timeline))
    by_end = sorted(done, key=lambda number: done[number].ns)
    en = f"Done in this order: {_row(by_end)}; taken in this: {_row(taken)}."
    zh = f"完成的顺序：{_row(by_end)}；取到的顺序：{_row(taken)}。"
    evidence = [whole(timeline, timeline.tracks[done[number].track]) for number in by_end]
    if by_end == sorted(by_end):
        return not_seen(
            en=f"{en} Nobody overtook another.", zh=f"{zh}没有谁超过别人。", evidence=evidence
        )  # fmt: skip
    if params.take == "in order":
        return either(taken == sorted(taken), en=en, zh=zh, evidence=evidence)
    place = {number: n for n, number in enumerate(taken)}
    both = [number for number in by_end if number in place]
    wrong = [
        (one, other)
        for one in both
        for other in both
        if _sent_by(timeline, done[one]) <= done[other].ns and place[one] > place[other]
    ]
    return either(not wrong, en=en, zh=zh, evidence=evidence)


def _row(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))


def check_lies(timeline: Timeline, params: Settings) -> Answer:
    """Main is blocked although a result has been sent: by more than waking up can explain."""
    done, taken, main = _done(timeline), _taken(timeline), root(timeline)
    lay = {}
    for number, line in done.items():
        if number in taken:
            sent = _sent_by(timeline, line)
            waits = clip(timeline.of(main, State.BLOCKED), sent, taken[number])
            if total(waits) > params.step_ms * 1e6 / 4:
                lay[number] = waits
    longest = max(map(total, lay.values()), default=0)
    en = f"{len(lay)} of {len(done)} results lay there while main was blocked"
    zh = f"{len(done)} 个结果中有 {len(lay)} 个已经到达而主进程仍在阻塞"
    en += f", the longest for {duration(longest)}." if lay else "."
    zh += f"，最久的有 {duration(longest)}。" if lay else "。"
    evidence = [span for waits in lay.values() for span in waits]
    if params.take == "in order":
        if not lay:
            return not_seen(en=f"{en}.", zh=zh)
        return either(True, en=en, zh=zh, evidence=evidence)
    if lay:
        need_exact(timeline)
    return either(not lay, en=en, zh=zh, evidence=evidence)


def check_main_waits(timeline: Timeline, params: Settings) -> Answer:
    """From the last start on: before, main is busy with starting them."""
    taken, main = _taken(timeline), root(timeline)
    workers = starting(timeline, "worker-", TrackKind.PROCESS)
    begin = max(track.start_ns for track in workers)
    end = max(taken.values())
    blocked = clip(timeline.of(main, State.BLOCKED), begin, end)
    ran = clip(timeline.of(main, State.RUNNING), begin, end)
    if end <= begin:
        return not_seen(en="All results came during the starts.", zh="启动期间结果就都到了。")
    return either(
        total(blocked) > total(ran),
        en=f"Until the last result main was blocked for {duration(total(blocked))}, in "
        f"{counted(len(blocked), 'wait')}, and running for {duration(total(ran))}.",
        zh=f"到最后一个结果为止，主进程阻塞 {len(blocked)} 次，共 {duration(total(blocked))}，"
        f"运行 {duration(total(ran))}。",
        evidence=blocked,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.SYNC_ASYNC,
    title=Text(en="First come, first taken", zh="先到先取"),
    summary=Text(
        en="Ten processes compute for different times: take each result as it comes, or in order.",
        zh="十个进程计算的时间各不相同：结果是先到先取，还是按顺序取？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.BLOCKING),
        primitives=("multiprocessing.Queue", "multiprocessing.Pipe", "multiprocessing.Process"),
        states=(State.BLOCKED, State.RUNNING, State.READY),
        level=1,
    ),
    claims=(
        Claim(
            "order",
            lambda params: (
                Text(
                    en="Asked one by one, results come in the order of asking, not of completion.",
                    zh="逐个去取，结果按取的顺序到来，而不是按完成的顺序。",
                )
                if params.take == "in order"
                else Text(
                    en="From one queue, results come in the order in which they are done.",
                    zh="共用一个队列，结果按完成的顺序到来。",
                )
            ),
            check_order,
        ),
        Claim(
            "lies",
            lambda params: (
                Text(
                    en="While main waits for a slow worker, results of quick ones lie there "
                    "untaken.",
                    zh="主进程等待慢的进程时，快的进程的结果早已到达，却没有人取。",
                )
                if params.take == "in order"
                else Text(
                    en="Main never waits while there is a result to be taken.",
                    zh="只要有结果可取，主进程就不会等待。",
                )
            ),
            check_lies,
        ),
        Claim(
            "main-waits",
            Text(
                en="Waiting for results costs main no CPU: it is blocked.",
                zh="等待结果不消耗主进程的 CPU：它处于阻塞状态。",
            ),
            check_main_waits,
        ),
    ),
)
