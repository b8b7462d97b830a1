"""A daemon process ends with its parent's code and threads; an ordinary child is waited for."""

from __future__ import annotations

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, exit_of, named, need_said, root, total, whole
from app.locale.text import Text
from app.timeline.endings import ending
from app.timeline.states import Cause, State
from app.timeline.timeline import Timeline

MAIN_OVER = "main: my code is over"
HELPER_OVER = "helper: my code is over"


class Settings(Parameters):
    daemon: bool = flag(
        True,
        Text(en="The logger is a daemon", zh="logger 是守护进程"),
        help=Text(en="Off: it is an ordinary child too.", zh="关闭后它也是普通子进程。"),
    )
    main_seconds: float = number(
        0.7, Text(en="Main's code takes", zh="主进程代码耗时"), minimum=0.1, maximum=5, unit="s"
    )
    thread_seconds: float = number(
        0,
        Text(en="An ordinary thread of main lives", zh="主进程的普通线程存活"),
        minimum=0,
        maximum=5,
        step=0.1,
        unit="s",
        help=Text(en="0: there is none.", zh="0：没有这样的线程。"),
    )
    worker_seconds: float = number(
        1.5,
        Text(en="The ordinary child works", zh="普通子进程工作"),
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


def _over(timeline: Timeline, params: Settings) -> int:
    """When main's code was over, and its ordinary thread, if it has one."""
    over = need_said(timeline, MAIN_OVER).ns
    return max(over, need_said(timeline, HELPER_OVER).ns) if params.thread_seconds else over


def check_logger(timeline: Timeline, params: Settings) -> Answer:
    logger, worker = named(timeline, "logger", "worker")
    over = _over(timeline, params)
    ended, sibling = exit_of(timeline, logger), exit_of(timeline, worker)
    cause = logger.end.cause if logger.end else Cause.UNKNOWN
    signal = (logger.end.signal if logger.end else None) or ""
    how = ending(logger.end)
    what = Text(en="Main's code", zh="主进程的代码")
    if params.thread_seconds:
        what = Text(en="Main's code and thread", zh="主进程的代码和普通线程")
    en = f"{what.en} ended at {duration(over)}, the logger at {duration(ended)} ({how.en})"
    zh = f"{what.of('zh')}在 {duration(over)} 结束，logger 在 {duration(ended)} "
    zh += f"结束（{how.of('zh')}）"
    en += f", its sibling at {duration(sibling)}."
    zh += f"，另一个子进程在 {duration(sibling)} 结束。"
    spans = [Span(logger.id, logger.start_ns, ended), Span(worker.id, worker.start_ns, sibling)]
    if ended < over and cause is Cause.RETURNED:
        return not_seen(
            en="The logger's own code was over before main's.",
            zh="logger 的代码先于主进程执行完毕。",
            evidence=spans,
        )
    if not params.daemon:
        return either(cause is Cause.RETURNED, en=en, zh=zh, evidence=spans)
    if sibling <= over:
        return not_seen(
            en="The ordinary child had ended before main's code did.",
            zh="普通子进程在主进程代码结束之前就结束了。",
            evidence=spans,
        )
    by_parent = cause is Cause.DAEMON or (cause is Cause.SIGNAL and signal == "SIGTERM")
    # Ended by main's end, not by its sibling's: nearer to the first, and before the second.
    return either(
        by_parent and over <= ended < sibling and ended - over < sibling - ended,
        en=en,
        zh=zh,
        evidence=spans,
    )


def check_thread(timeline: Timeline, params: Settings) -> Answer:
    """The daemon lives on after main's code, until the ordinary thread has ended."""
    if not params.thread_seconds or not params.daemon:
        return not_seen(
            en="There was no ordinary thread, or no daemon.", zh="没有普通线程，或者没有守护进程。"
        )
    (logger,) = named(timeline, "logger")
    code, thread = need_said(timeline, MAIN_OVER).ns, need_said(timeline, HELPER_OVER).ns
    ended = exit_of(timeline, logger)
    span = Span(logger.id, logger.start_ns, ended)
    by_itself = logger.end is not None and logger.end.cause is Cause.RETURNED
    if thread <= code or (by_itself and ended < thread):
        return not_seen(
            en="The thread, or the logger's own code, was over too soon to tell.",
            zh="线程或 logger 自己的代码结束得太早，无法判断。",
            evidence=[span],
        )
    return either(
        ended >= thread,
        en=f"Main's code ended at {duration(code)}, its thread at {duration(thread)}, the logger "
        f"at {duration(ended)}.",
        zh=f"主进程的代码在 {duration(code)} 结束，普通线程在 {duration(thread)} 结束，"
        f"logger 在 {duration(ended)} 结束。",
        evidence=[span],
    )


def check_waits(timeline: Timeline, params: Settings) -> Answer:
    main = root(timeline)
    (worker,) = named(timeline, "worker")
    over = _over(timeline, params)
    main_end, worker_end = exit_of(timeline, main), exit_of(timeline, worker)
    if worker_end <= over:
        return not_seen(
            en="The ordinary child had ended before main's code did.",
            zh="普通子进程在主进程代码结束之前就结束了。",
        )
    waiting = clip(timeline.of(main, State.BLOCKED), over, worker_end)
    returned = worker.end is not None and worker.end.cause is Cause.RETURNED
    return either(
        main_end >= worker_end and returned,
        en=f"The child ended at {duration(worker_end)}, the main process at {duration(main_end)}; "
        f"it had waited {duration(total(waiting))} for it.",
        zh=f"子进程在 {duration(worker_end)} 结束，主进程在 {duration(main_end)} 结束；"
        f"主进程为此等待了 {duration(total(waiting))}。",
        evidence=[*waiting, whole(timeline, worker)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="Daemon process", zh="守护进程"),
    summary=Text(
        en="Main's code ends while an ordinary child and a daemon still work: which of them goes "
        "on?",
        zh="主进程的代码结束时，普通子进程和守护进程都还在工作：哪一个会继续？",
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
                    en="A daemon process is ended when its parent's main code and ordinary threads "
                    "have ended; it does not wait for its sibling.",
                    zh="主进程的代码和普通线程一结束，守护进程就被终止；它不会等待其他子进程。",
                )
                if params.daemon
                else Text(
                    en="A child that is no daemon lives to the end of its own code.",
                    zh="不是守护进程的子进程会一直运行到自己的代码结束。",
                )
            ),
            check_logger,
        ),
        Claim(
            "thread-keeps",
            Text(
                en="An ordinary thread of main keeps the daemon process alive beyond main's code.",
                zh="主进程的普通线程还没结束，守护进程就还活着，哪怕主进程的代码已经结束。",
            ),
            check_thread,
        ),
        Claim(
            "main-waits",
            Text(
                en="The main process waits at its end for every ordinary child.",
                zh="主进程在退出之前会等待所有普通子进程。",
            ),
            check_waits,
        ),
    ),
)
