"""No thread can be ended from outside: it is asked, and ends when its own code does."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, end_of, named, need_said, root, said, total, whole
from app.locale.text import Text
from app.timeline.endings import ending
from app.timeline.model import Slice, Track
from app.timeline.states import Cause, Reason, State
from app.timeline.timeline import Timeline

ASKED = "main: join() came back"


class Settings(Parameters):
    how: Literal["flag", "wait", "exception", "nothing"] = choice(
        "flag",
        Text(en="How main stops it", zh="如何让它停下"),
        {
            "flag": Text(
                en="a flag that it looks at after each rest", zh="设置标志，它每次休息之后检查"
            ),
            "wait": Text(en="an event that it rests on", zh="设置事件，它就在该事件上休息"),
            "exception": Text(
                en="an exception set from outside (CPython only)", zh="从外部抛入异常（仅 CPython）"
            ),
            "nothing": Text(en="not at all", zh="不让它停"),
        },
    )
    rounds: int = integer(8, Text(en="Rounds", zh="轮数"), minimum=1, maximum=40)
    pause: float = number(
        0.25,
        Text(en="Rest after each", zh="每轮后休息"),
        minimum=0.05,
        maximum=2,
        step=0.05,
        unit="s",
    )
    compute_ms: int = integer(
        10, Text(en="Computing in a round", zh="每轮计算"), minimum=1, maximum=500, unit="ms"
    )
    patience: float = number(
        0.4,
        Text(en="Main's patience", zh="主线程的耐心"),
        minimum=0.1,
        maximum=5,
        step=0.1,
        unit="s",
    )


def _worker(timeline: Timeline) -> Track:
    return named(timeline, "worker")[0]


def _rests(timeline: Timeline) -> list[Slice]:
    return [
        row
        for row in timeline.of(_worker(timeline), State.BLOCKED)
        if row.reason in (Reason.SLEEP, Reason.EVENT)
    ]


def check_no_method(timeline: Timeline, params: Settings) -> Answer:
    line = need_said(timeline, "methods to end a thread:")
    return either(
        line.text.endswith(": none"), en=f"It said: {line.text}.", zh=f"输出：{line.text}。",
        evidence=[whole(timeline, _worker(timeline))],
    )  # fmt: skip


def check_join(timeline: Timeline, params: Settings) -> Answer:
    """The first join waits as long as its timeout, and the worker outlives it."""
    worker, main = _worker(timeline), root(timeline)
    line = need_said(timeline, ASKED)
    joins = [
        row
        for row in timeline.of(main, State.BLOCKED)
        if row.reason is Reason.JOIN and row.start_ns < line.ns
    ]
    end = end_of(timeline, worker)
    if line.text.endswith("False") or end <= line.ns:
        return not_seen(
            en="The worker was done before main's patience.", zh="worker 先结束了。", evidence=joins
        )
    return either(
        total(joins) >= params.patience * 0.5e9,
        en=f"join() waited {duration(total(joins))}; the worker lived {duration(end - line.ns)} "
        "more.",
        zh=f"join() 等待了 {duration(total(joins))}；此后 worker 又存活了 "
        f"{duration(end - line.ns)}。",
        evidence=[*joins, whole(timeline, worker)],
    )


def check_own_code(timeline: Timeline, params: Settings) -> Answer:
    """It ends by its own code: returned where it was asked, or with an exception it let pass."""
    worker = _worker(timeline)
    asked = need_said(timeline, ASKED)
    end = end_of(timeline, worker)
    how = ending(worker.end)
    if asked.text.endswith("False"):
        return not_seen(
            en="The worker was done before it was asked.", zh="还没要求它停，它已结束。"
        )
    after = end - asked.ns
    en = f"It ended {duration(after)} after main's patience: {how.en}."
    zh = f"它在主线程失去耐心之后 {duration(after)} 结束：{how.of('zh')}。"
    cause = worker.end.cause if worker.end else Cause.UNKNOWN
    last = said(timeline, "worker:", worker)
    own = last and last[-1].text.startswith(
        "worker: all rounds" if params.how == "nothing" else "worker: I was asked"
    )
    if params.how == "exception":
        kind = worker.end.exception if worker.end else None
        if cause is Cause.UNKNOWN:
            return not_seen(en=en, zh=zh)
        good = cause is Cause.RAISED and kind == "SystemExit"
        return either(
            good, en=f"{en[:-1]} ({kind}).", zh=f"{zh[:-1]}（{kind}）。", evidence=_rests(timeline)
        )
    if last and not own and params.how != "nothing" and cause is Cause.RETURNED:
        return not_seen(en=en + " It was in its last round.", zh=zh + "它已在最后一轮。")
    return either(
        bool(own) and cause is Cause.RETURNED, en=en, zh=zh, evidence=[whole(timeline, worker)]
    )


def check_asleep(timeline: Timeline, params: Settings) -> Answer:
    """The rest during which it was asked: as long as any other, or cut short by set()."""
    asked = need_said(timeline, ASKED).ns
    rests = _rests(timeline)
    during = [row for row in rests if row.start_ns < asked < row.end_ns]
    if params.how == "nothing" or not during:
        return not_seen(en="It was not asked while it rested.", zh="要求它停时，它不在休息。")
    (rest,) = during[:1]
    length = rest.end_ns - rest.start_ns
    en = f"Asked in the middle of a rest, it rested for {duration(length)} of "
    en += f"{duration(params.pause * 1e9)}: {duration(rest.end_ns - asked)} after being asked."
    zh = f"休息途中被要求停下，这次休息了 {duration(length)}，"
    zh += f"原定 {duration(params.pause * 1e9)}；被要求之后又过了 {duration(rest.end_ns - asked)}。"
    if params.how != "wait":
        slept_on = length >= params.pause * 0.95e9 or rest.end_ns - asked >= params.pause * 0.1e9
        if not slept_on and length >= params.pause * 0.5e9:  # it may have come late to its rest
            return not_seen(
                en=en + " That rest was nearly over.", zh=zh + "那次休息本来就快结束了。"
            )
        return either(slept_on, en=en, zh=zh, evidence=[rest])
    left = rest.start_ns + params.pause * 1e9 - asked
    if left < params.pause * 0.2e9:
        return not_seen(en=en + " That rest was nearly over.", zh=zh + "那次休息本来就快结束了。")
    return either(length < params.pause * 0.95e9, en=en, zh=zh, evidence=[rest])


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="No way to kill a thread", zh="线程杀不死"),
    summary=Text(
        en="A thread lives until its own code ends. It can be asked to stop: by a flag, by an "
        "event that wakes it, or by force, which does not reach a sleeper.",
        zh="线程一直活到自己的代码结束。只能请它停下：用标志、用能唤醒它的事件，或者强行抛入异常，"
        "但这叫不醒睡着的线程。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME, Idea.BLOCKING),
        primitives=("threading.Event", "Thread.join", "time.sleep"),
        states=(State.BLOCKED, State.RUNNING),
        level=1,
    ),
    claims=(
        Claim(
            "no-method",
            Text(
                en="A thread has no terminate() and no kill(), as a process has.",
                zh="线程没有进程那样的 terminate() 和 kill()。",
            ),
            check_no_method,
        ),
        Claim(
            "join",
            Text(
                en="join(timeout) only gives up waiting; the thread lives on.",
                zh="join(timeout) 只是不再等待，线程照样活着。",
            ),
            check_join,
        ),
        Claim(
            "own-code",
            lambda params: {
                "nothing": Text(
                    en="A thread that nobody stops runs to the end of its code.",
                    zh="没有人让它停，线程就一直运行到自己的代码结束。",
                ),
                "exception": Text(
                    en="An exception set from outside ends it, once it runs Python again.",
                    zh="从外部抛入的异常，要等线程再次执行 Python 代码时才让它结束。",
                ),
            }.get(
                params.how,
                Text(
                    en="A thread that is asked to stop ends by returning from its own code.",
                    zh="被要求停下的线程，是从自己的代码里返回而结束的。",
                ),
            ),
            check_own_code,
        ),
        Claim(
            "asleep",
            lambda params: (
                Text(
                    en="A thread that rests in Event.wait() is woken by set(), and ends at once.",
                    zh="在 Event.wait() 中休息的线程会被 set() 唤醒，随即结束。",
                )
                if params.how == "wait"
                else Text(
                    en="A sleeping thread notices nothing until its sleep is over.",
                    zh="睡眠中的线程在醒来之前什么也察觉不到。",
                )
            ),
            check_asleep,
        ),
    ),
)
