"""A daemon thread lives as long as its process, which waits for ordinary threads only."""

from __future__ import annotations

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, end_of, exit_of, named, need_said, root, said, whole
from app.locale.text import Text
from app.timeline.endings import ending
from app.timeline.states import Cause, State
from app.timeline.timeline import Timeline

MAIN_OVER = "main: my code is over"


class Settings(Parameters):
    daemon: bool = flag(
        True,
        Text(en="The logger is a daemon thread", zh="logger 是守护线程"),
        help=Text(en="Off: it is an ordinary thread too.", zh="关闭后它也是普通线程。"),
    )
    main_seconds: float = number(
        0.5, Text(en="Main's code takes", zh="主线程代码耗时"), minimum=0.1, maximum=5, unit="s"
    )
    worker_seconds: float = number(
        1.5,
        Text(en="The ordinary thread works", zh="普通线程工作"),
        minimum=0.1,
        maximum=8,
        unit="s",
    )
    logger_seconds: float = number(
        2.5,
        Text(en="The logger would go on for", zh="logger 本来持续"),
        minimum=0.1,
        maximum=8,
        unit="s",
    )


def worker_over(timeline: Timeline) -> int:
    """When the ordinary thread's code was over; its thread may leave a moment later."""
    (worker,) = named(timeline, "worker")
    over = said(timeline, "worker: my code is over")
    return min(over[0].ns, end_of(timeline, worker)) if over else end_of(timeline, worker)


def _outlived(ended: int, over: int, sibling: int) -> bool:
    """Whether what ended at ``ended`` had lasted as long as the ordinary thread, after main's code.

    The end of a thread's code is known by what it printed last, which may be read a moment later.
    """
    return ended >= sibling - (sibling - over) // 20


def check_runs_on(timeline: Timeline, params: Settings) -> Answer:
    """The logger still runs between the end of main's code and the end of the ordinary thread."""
    (logger,) = named(timeline, "logger")
    over, end = need_said(timeline, MAIN_OVER).ns, worker_over(timeline)
    if end <= over or (logger.end and logger.end.cause is Cause.RETURNED):
        return not_seen(
            en="There was no time in which only the ordinary thread kept the process alive.",
            zh="没有出现只靠普通线程维持进程的时段。",
        )
    ran = clip(timeline.of(logger, State.RUNNING), over, end)
    spoke = [
        item
        for item in timeline.output
        if item.track == logger.id and over < item.ns < end and item.text.strip()
    ]
    if not ran and not spoke and end - over < 500_000_000:
        return not_seen(
            en="That time was too short for the logger's pace.",
            zh="这段时间太短，logger 来不及输出。",
        )
    return either(
        bool(ran or spoke) and _outlived(end_of(timeline, logger), over, end),
        en=f"After main's code the logger ran {times(len(ran))} more in {duration(end - over)}.",
        zh=f"主线程的代码结束后，在 {duration(end - over)} 里 logger 又运行了 {len(ran)} 次。",
        evidence=ran or [Span(logger.id, over, end)],
    )


def check_vanishes(timeline: Timeline, params: Settings) -> Answer:
    """Daemon: gone with the process, and not before its last ordinary thread. Else: returned."""
    logger, worker = named(timeline, "logger", "worker")
    main = root(timeline)
    ended, sibling, gone = (
        end_of(timeline, logger),
        end_of(timeline, worker),
        exit_of(timeline, main),
    )
    cause = logger.end.cause if logger.end else Cause.UNKNOWN
    how = ending(logger.end)
    en = f"The logger ended at {duration(ended)} ({how.en}), the ordinary thread at "
    en += f"{duration(sibling)}, the process at {duration(gone)}."
    zh = (
        f"logger 在 {duration(ended)} 结束（{how.of('zh')}），普通线程在 {duration(sibling)} 结束，"
    )
    zh += f"进程在 {duration(gone)} 结束。"
    spans = [whole(timeline, logger), whole(timeline, worker)]
    if not params.daemon:
        # The thread itself may leave a moment after its code, and after main's own thread.
        last = said(timeline, "logger: my code is over")
        over = min(ended, last[0].ns) if last else ended
        return either(cause is Cause.RETURNED and gone >= over, en=en, zh=zh, evidence=spans)
    if cause is Cause.RETURNED:
        if ended < max(sibling, need_said(timeline, MAIN_OVER).ns):
            return not_seen(
                en="The logger's own code was over first.",
                zh="logger 自己的代码先执行完了。",
                evidence=spans,
            )
        return either(False, en=en, zh=zh, evidence=spans)
    over = need_said(timeline, MAIN_OVER).ns
    return either(
        cause is Cause.WITH_PROCESS and _outlived(ended, over, sibling),
        en=en,
        zh=zh,
        evidence=spans,
    )


def check_process_waits(timeline: Timeline, params: Settings) -> Answer:
    (worker,) = named(timeline, "worker")
    main = root(timeline)
    over = need_said(timeline, MAIN_OVER).ns
    end, gone = worker_over(timeline), exit_of(timeline, main)
    if end <= over:
        return not_seen(
            en="The ordinary thread had ended before main's code did.",
            zh="普通线程在主线程代码结束之前就结束了。",
        )
    waited = clip(timeline.of(main, State.BLOCKED), over, end)
    return either(
        _outlived(gone, over, end) and bool(said(timeline, "worker: my code is over")),
        en=f"Main's code ended at {duration(over)}, the ordinary thread at {duration(end)}, the "
        f"process at {duration(gone)}.",
        zh=f"主线程的代码在 {duration(over)} 结束，普通线程在 {duration(end)} 结束，"
        f"进程在 {duration(gone)} 结束。",
        evidence=[*waited, whole(timeline, worker)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="Daemon thread", zh="守护线程"),
    summary=Text(
        en="Main's code ends while an ordinary thread and a daemon thread still work: compare with "
        "the daemon process.",
        zh="主线程的代码结束时，普通线程和守护线程都还在工作：与守护进程对比。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME,),
        primitives=("threading.Thread", "daemon=True"),
        states=(State.RUNNING, State.BLOCKED, State.GIL),
        level=1,
    ),
    claims=(
        Claim(
            "runs-on",
            Text(
                en="After main's code has ended, the logger runs on as long as an ordinary thread "
                "lives.",
                zh="主线程的代码结束后，只要还有普通线程存活，logger 就继续运行。",
            ),
            check_runs_on,
        ),
        Claim(
            "vanishes",
            lambda params: (
                Text(
                    en="A daemon thread vanishes with its process, in the middle of its code.",
                    zh="守护线程随进程一起消失，哪怕代码还没执行完。",
                )
                if params.daemon
                else Text(
                    en="A thread that is no daemon runs to the end of its own code.",
                    zh="不是守护线程的线程会运行到自己的代码结束。",
                )
            ),
            check_vanishes,
        ),
        Claim(
            "process-waits",
            Text(
                en="The process ends only after its last ordinary thread.",
                zh="进程要等最后一个普通线程结束之后才结束。",
            ),
            check_process_waits,
        ),
    ),
)
