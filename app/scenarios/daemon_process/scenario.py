"""A daemon process ends with its parent's main code; an ordinary child is waited for."""

from __future__ import annotations

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.endings import ending
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, exit_of, named, need_said, root, total, whole
from app.catalogue.text import Text
from app.timeline.states import Cause, State
from app.timeline.timeline import Timeline

MAIN_OVER = "main: my code is over"


class Settings(Parameters):
    daemon: bool = flag(
        True,
        Text("The logger is a daemon", "logger 是守护进程"),
        help=Text("Off: it is an ordinary child too.", "关闭后它也是普通子进程。"),
    )
    main_seconds: float = number(
        0.7, Text("Main's code takes", "主进程代码耗时"), minimum=0.1, maximum=5, unit="s"
    )
    worker_seconds: float = number(
        1.5, Text("The ordinary child works", "普通子进程工作"), minimum=0.1, maximum=8, unit="s"
    )
    logger_seconds: float = number(
        2.5, Text("The logger would go on for", "logger 本来持续"), minimum=0.1, maximum=8, unit="s"
    )


def check_logger(timeline: Timeline, params: Settings) -> Answer:
    logger, worker = named(timeline, "logger", "worker")
    over = need_said(timeline, MAIN_OVER).ns
    ended, sibling = exit_of(timeline, logger), exit_of(timeline, worker)
    cause = logger.end.cause if logger.end else Cause.UNKNOWN
    signal = (logger.end.signal if logger.end else None) or ""
    how = ending(logger)
    en = f"Main's code ended at {duration(over)}, the logger at {duration(ended)} ({how.en})"
    zh = f"主进程的代码在 {duration(over)} 结束，logger 在 {duration(ended)} 结束（{how.zh}）"
    en += f", its sibling at {duration(sibling)}."
    zh += f"，另一个子进程在 {duration(sibling)} 结束。"
    spans = [Span(logger.id, logger.start_ns, ended), Span(worker.id, worker.start_ns, sibling)]
    if ended < over and cause is Cause.RETURNED:
        return not_seen(
            "The logger's own code was over before main's.",
            "logger 的代码先于主进程执行完毕。",
            spans,
        )
    if not params.daemon:
        return either(cause is Cause.RETURNED, en, zh, spans)
    if sibling <= over:
        return not_seen(
            "The ordinary child had ended before main's code did.",
            "普通子进程在主进程代码结束之前就结束了。",
            spans,
        )
    by_parent = cause is Cause.DAEMON or (cause is Cause.SIGNAL and signal == "SIGTERM")
    # Ended by main's end, not by its sibling's: nearer to the first, and before the second.
    return either(
        by_parent and over <= ended < sibling and ended - over < sibling - ended, en, zh, spans
    )


def check_waits(timeline: Timeline, params: Settings) -> Answer:
    main = root(timeline)
    (worker,) = named(timeline, "worker")
    over = need_said(timeline, MAIN_OVER).ns
    main_end, worker_end = exit_of(timeline, main), exit_of(timeline, worker)
    if worker_end <= over:
        return not_seen(
            "The ordinary child had ended before main's code did.",
            "普通子进程在主进程代码结束之前就结束了。",
        )
    waiting = clip(timeline.of(main, State.BLOCKED), over, worker_end)
    returned = worker.end is not None and worker.end.cause is Cause.RETURNED
    return either(
        main_end >= worker_end and returned,
        f"The child ended at {duration(worker_end)}, the main process at {duration(main_end)}; "
        f"it had waited {duration(total(waiting))} for it.",
        f"子进程在 {duration(worker_end)} 结束，主进程在 {duration(main_end)} 结束；"
        f"主进程为此等待了 {duration(total(waiting))}。",
        [*waiting, whole(timeline, worker)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    place=8,
    title=Text("Daemon process", "守护进程"),
    summary=Text(
        "Main's code ends while an ordinary child and a daemon still work: which of them goes on?",
        "主进程的代码结束时，普通子进程和守护进程都还在工作：哪一个会继续？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME,),
        primitives=("multiprocessing.Process", "daemon=True"),
        states=(State.BLOCKED, State.RUNNING, State.ZOMBIE),
        level=1,
    ),
    claims=(
        Claim(
            "logger-end",
            lambda params: (
                Text(
                    "A daemon process is ended when its parent's main code ends; it does not wait "
                    "for its sibling.",
                    "主进程的代码一结束，守护进程就被终止；它不会等待其他子进程。",
                )
                if params.daemon
                else Text(
                    "A child that is no daemon lives to the end of its own code.",
                    "不是守护进程的子进程会一直运行到自己的代码结束。",
                )
            ),
            check_logger,
        ),
        Claim(
            "main-waits",
            Text(
                "The main process waits at its end for every ordinary child.",
                "主进程在退出之前会等待所有普通子进程。",
            ),
            check_waits,
        ),
    ),
)
