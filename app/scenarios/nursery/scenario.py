"""trio's nursery: its tasks end before it does, however it ends."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    named,
    need_said,
    percent,
    said,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.endings import ending
from app.timeline.model import OPEN, Track
from app.timeline.states import Cause, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    ends: Literal["by itself", "time limit", "one fails"] = choice(
        "by itself",
        Text(en="The nursery ends", zh="nursery 如何结束"),
        {
            "by itself": Text(en="by itself", zh="自然结束"),
            "time limit": Text(en="by a time limit", zh="到了时限"),
            "one fails": Text(en="because its second child fails", zh="第二个子任务失败"),
        },
    )
    children: int = integer(4, Text(en="Children", zh="子任务数"), minimum=2, maximum=10)
    seconds: float = number(
        0.2,
        Text(en="The first sleeps for", zh="第一个睡眠"),
        minimum=0.05,
        maximum=1,
        step=0.05,
        unit="s",
        help=Text(en="The second twice as long, and so on.", zh="第二个是它的两倍，依此类推。"),
    )
    limit: float = number(
        0.5,
        Text(en="Time limit", zh="时限"),
        minimum=0.05,
        maximum=10,
        step=0.05,
        unit="s",
        help=Text(en="Only where it ends by one.", zh="只用于到时限结束的情形。"),
    )


def _children(timeline: Timeline, least: int = 2) -> list[Track]:
    return starting(timeline, "child-", TrackKind.COROUTINE, least=least)


def check_outlives(timeline: Timeline, params: Settings) -> Answer:
    children = _children(timeline)
    over = need_said(timeline, "parent: the nursery is over").ns
    left = [track for track in children if track.end_ns == OPEN or track.end_ns > over]
    last = max(end_of(timeline, track) for track in children)
    return either(
        not left,
        en=f"The last of {len(children)} tasks ended at {duration(last)}, the nursery at "
        f"{duration(over)}; {len(left)} outlived it.",
        zh=f"{len(children)} 个任务中最后一个在 {duration(last)} 结束，nursery 在 {duration(over)} "
        f"结束；比它活得久的有 {len(left)} 个。",
        evidence=[whole(timeline, track) for track in left or children],
    )


def check_parent_waits(timeline: Timeline, params: Settings) -> Answer:
    children = _children(timeline)
    (parent,) = named(timeline, "main")
    begin = need_said(timeline, "parent: has started them all").ns
    last = max(end_of(timeline, track) for track in children)
    if last <= begin:
        return not_seen(en="All of them were done at once.", zh="它们都立即结束了。")
    awaiting = clip(timeline.of(parent, State.AWAITING), begin, last)
    return either(
        total(awaiting) > 0.8 * (last - begin),
        en=f"From the last start to the last end, {duration(last - begin)}, the parent was "
        f"awaiting for {percent(total(awaiting), last - begin)} of the time.",
        zh=f"从全部启动到最后一个结束的 {duration(last - begin)} 里，父任务有 "
        f"{percent(total(awaiting), last - begin)} 的时间在等待。",
        evidence=awaiting,
    )


def check_fate(timeline: Timeline, params: Settings) -> Answer:
    """By name: who ended before the nursery was cancelled, and who was cancelled."""
    children = _children(timeline)
    fates = {track.name: track.end.cause if track.end else Cause.UNKNOWN for track in children}
    en = "; ".join(f"{track.name} {ending(track.end).en}" for track in children) + "."
    zh = "；".join(f"{track.name} {ending(track.end).of('zh')}" for track in children) + "。"
    evidence = [whole(timeline, track) for track in children]
    due = {track.name: _due(params, int(track.name.removeprefix("child-"))) for track in children}
    wrong = [name for name, fate in fates.items() if due[name] not in (None, fate)]
    if params.ends == "time limit" and Cause.CANCELLED not in fates.values() and not wrong:
        return not_seen(
            en=f"{en} None took so long.", zh=f"{zh}没有任务超过时限。", evidence=evidence
        )
    return either(not wrong, en=en, zh=zh, evidence=evidence)


def _due(params: Settings, number: int) -> Cause | None:
    """How that child must end; None where its time is too near to the limit to tell."""
    if params.ends == "by itself":
        return Cause.RETURNED
    if params.ends == "one fails":
        return (Cause.RETURNED, Cause.RAISED, Cause.CANCELLED)[min(number, 3) - 1]
    ratio = number * params.seconds / params.limit
    if ratio > 1.5:
        return Cause.CANCELLED
    return Cause.RETURNED if ratio < 1 / 1.5 else None


def check_error(timeline: Timeline, params: Settings) -> Answer:
    """What a child raises comes out of the nursery's block, in the parent, when all have ended."""
    if params.ends != "one fails":
        raise NotSeen(en="No child fails here.", zh="这里没有子任务失败。")
    children = _children(timeline)
    raised = [
        track for track in children if track.end is not None and track.end.cause is Cause.RAISED
    ]
    if not raised:
        return not_seen(en="No child was seen to fail.", zh="没有看到子任务失败。")
    need_said(timeline, "parent: the nursery is over")
    caught = [line for line in said(timeline, "parent: ") if "Error" in line.text or "Group" in
              line.text]  # fmt: skip
    last = max(end_of(timeline, track) for track in children)
    what = caught[0].text.removeprefix("parent: ") if caught else "–"
    return either(
        bool(caught) and caught[0].ns >= last,
        en=f"{raised[0].name} failed at {duration(end_of(timeline, raised[0]))}; the last child "
        f"ended at {duration(last)}; then the parent had: {what}",
        zh=f"{raised[0].name} 在 {duration(end_of(timeline, raised[0]))} 失败；最后一个子任务在 "
        f"{duration(last)} 结束；然后父任务得到：{what}",
        evidence=[Span(raised[0].id, raised[0].start_ns, end_of(timeline, raised[0]))],
    )


_FATES = {
    "by itself": Text(
        en="Left alone, all tasks of a nursery return by themselves.",
        zh="没有外来干预时，nursery 里的任务都自然返回。",
    ),
    "time limit": Text(
        en="At the time limit all tasks that are left are cancelled; those that are done are not.",
        zh="到了时限，剩下的任务全部被取消；已完成的不受影响。",
    ),
    "one fails": Text(
        en="When one task fails, those that are left are cancelled.",
        zh="一个任务失败，剩下的任务就被取消。",
    ),
}

SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="trio: a nursery", zh="trio：nursery（托儿所）"),
    summary=Text(
        en="Tasks that can't outlive the block in which they were started.",
        zh="任务不会比启动它们的代码块活得更久。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME, Idea.EVENT_LOOP),
        primitives=("trio.open_nursery", "trio.move_on_after", "trio.Cancelled"),
        states=(State.AWAITING, State.RUNNING),
        level=2,
    ),
    requires=("trio",),
    claims=(
        Claim(
            "outlives",
            Text(
                en="No task outlives its nursery, however that ends.",
                zh="无论 nursery 怎样结束，没有任务活得比它更久。",
            ),
            check_outlives,
        ),
        Claim(
            "parent-waits",
            Text(
                en="At the end of the block the parent awaits its children.",
                zh="到了代码块末尾，父任务等待它的子任务。",
            ),
            check_parent_waits,
        ),
        Claim("fate", lambda params: _FATES[params.ends], check_fate),
        Claim(
            "error",
            Text(
                en="What a task raises is raised in its parent, once all its siblings have ended.",
                zh="任务抛出的异常，等兄弟任务全部结束后，会在父任务里抛出。",
            ),
            check_error,
        ),
    ),
)
