"""The process ends with its last ordinary thread, however main's code ended."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    exit_of,
    need_said,
    percent,
    root,
    said,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.endings import ending
from app.timeline.model import Track
from app.timeline.states import Cause, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    ending: Literal["returns", "raises", "sys.exit", "os._exit"] = choice(
        "returns",
        Text(en="Main's code", zh="主线程的代码"),
        {
            "returns": Text(en="returns", zh="正常返回"),
            "raises": Text(en="raises an exception", zh="抛出异常"),
            "sys.exit": Text(en="calls sys.exit(3)", zh="调用 sys.exit(3)"),
            "os._exit": Text(en="calls os._exit(4)", zh="调用 os._exit(4)"),
        },
    )
    threads: int = integer(2, Text(en="Threads", zh="线程数"), minimum=1, maximum=6)
    main_seconds: float = number(
        0.3, Text(en="Main's code takes", zh="主线程代码耗时"), minimum=0.1, maximum=5, unit="s"
    )
    work_seconds: float = number(
        0.6,
        Text(en="The first thread works", zh="第一个线程工作"),
        minimum=0.1,
        maximum=3,
        unit="s",
        help=Text(en="The second twice as long, and so on.", zh="第二个是它的两倍，依此类推。"),
    )


STATUS = {"returns": 0, "raises": 1, "sys.exit": 3, "os._exit": 4}


def _workers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "worker-", TrackKind.THREAD)


def _over(timeline: Timeline) -> int:
    """When main's code was over. Raises NotSeen when all workers were done before."""
    ns = need_said(timeline, "main: my code is over").ns
    if max(end_of(timeline, track) for track in _workers(timeline)) <= ns:
        raise NotSeen(en="The threads were done before main was.", zh="线程在主线程之前就结束了。")
    return ns


def check_outlive(timeline: Timeline, params: Settings) -> Answer:
    workers, over = _workers(timeline), _over(timeline)
    late = [track for track in workers if end_of(timeline, track) > over]
    done = [track for track in late if track.end and track.end.cause is Cause.RETURNED]
    gone = [track for track in late if track.end and track.end.cause is Cause.WITH_PROCESS]
    how = ", ".join(f"{track.name} {ending(track.end).en}" for track in late)
    how_zh = "、".join(f"{track.name} {ending(track.end).of('zh')}" for track in late)
    en = f"Main's code was over at {duration(over)}. After that: {how}."
    zh = f"主线程的代码在 {duration(over)} 结束。此后：{how_zh}。"
    spans = clip([whole(timeline, track) for track in late], over, timeline.now_ns)
    if params.ending == "os._exit":
        return either(len(gone) == len(late), en=en, zh=zh, evidence=spans)
    return either(len(done) == len(late), en=en, zh=zh, evidence=spans)


def check_process_ends(timeline: Timeline, params: Settings) -> Answer:
    """Not before the code of the last thread is over; by os._exit() before that."""
    workers, over = _workers(timeline), _over(timeline)
    gone = exit_of(timeline, root(timeline))
    told = [line.ns for track in workers for line in said(timeline, "my code is over", track)]
    en = f"{len(told)} of {len(workers)} threads came to the end of their code, the last at "
    en += f"{duration(max(told, default=0))}; the process was gone at {duration(gone)}."
    zh = f"{len(workers)} 个线程中有 {len(told)} 个执行完自己的代码，最后一个在 "
    zh += f"{duration(max(told, default=0))}；进程在 {duration(gone)} 结束。"
    spans = [whole(timeline, track) for track in workers]
    if params.ending == "os._exit":
        return either(len(told) < len(workers), en=en, zh=zh, evidence=spans)
    return either(
        len(told) == len(workers) and gone >= max(told) and gone > over,
        en=en,
        zh=zh,
        evidence=spans,
    )


def check_main_waits(timeline: Timeline, params: Settings) -> Answer:
    """Main's thread stands in a join from the end of its code to that of the last thread."""
    workers, over, main = _workers(timeline), _over(timeline), root(timeline)
    if params.ending == "os._exit":
        return not_seen(en="os._exit() does not wait.", zh="os._exit() 不等待。")
    last = max(end_of(timeline, track) for track in workers)
    joins = [row for row in timeline.of(main, State.BLOCKED) if row.reason is Reason.JOIN]
    waited = clip(joins, over, last)
    ran = clip(timeline.of(main, State.RUNNING), over, last)
    return either(
        total(waited) > (last - over) / 2 and total(ran) < (last - over) / 4,
        en=f"In the {duration(last - over)} after its code, main's thread was blocked for "
        f"{percent(total(waited), last - over)} of the time, and ran for {duration(total(ran))}.",
        zh=f"代码结束后的 {duration(last - over)} 里，"
        f"主线程有 {percent(total(waited), last - over)} 的时间阻塞，"
        f"运行了 {duration(total(ran))}。",
        evidence=waited,
    )


def check_status(timeline: Timeline, params: Settings) -> Answer:
    main = root(timeline)
    _over(timeline)
    if main.end is None or main.end.code is None:
        return not_seen(en="The exit status is not known.", zh="退出状态未知。")
    kind = f" ({main.end.exception})" if main.end.exception else ""
    return either(
        main.end.code == STATUS[params.ending],
        en=f"The exit status was {main.end.code}{kind}.",
        zh=f"退出状态为 {main.end.code}{kind}。",
        evidence=[whole(timeline, main)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="The process waits for its threads", zh="进程等待它的线程"),
    summary=Text(
        en="Main's code returns, raises or exits while other threads work: the process lives on "
        "until the last of them is done.",
        zh="其他线程还在工作时，主线程的代码返回、抛出异常或退出：进程会一直活到最后一个线程结束。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME,),
        primitives=("threading.Thread", "sys.exit", "os._exit"),
        states=(State.BLOCKED, State.RUNNING),
        level=1,
    ),
    claims=(
        Claim(
            "outlive",
            lambda params: (
                Text(
                    en="os._exit() ends all threads at once, in the middle of their code.",
                    zh="os._exit() 立即结束所有线程，哪怕代码才执行到一半。",
                )
                if params.ending == "os._exit"
                else Text(
                    en="Ordinary threads outlive main's code, and run to the end of their own.",
                    zh="普通线程比主线程的代码活得久，会一直运行到自己的代码结束。",
                )
            ),
            check_outlive,
        ),
        Claim(
            "process-ends",
            lambda params: (
                Text(
                    en="With os._exit() the process ends though threads have work to do.",
                    zh="调用 os._exit() 时，即使线程还有工作，进程也会结束。",
                )
                if params.ending == "os._exit"
                else Text(
                    en="The process ends with its last ordinary thread, not with main's code.",
                    zh="进程随最后一个普通线程结束，而不是随主线程的代码结束。",
                )
            ),
            check_process_ends,
        ),
        Claim(
            "main-waits",
            Text(
                en="After its own code, main's thread is blocked until the others have ended, "
                "though no join() was written.",
                zh="主线程执行完自己的代码后会阻塞，直到其他线程结束，尽管程序里并没有写 join()。",
            ),
            check_main_waits,
        ),
        Claim(
            "status",
            lambda params: {
                "returns": Text(
                    en="The exit status is 0 when main's code returned.",
                    zh="主线程的代码正常返回时，退出状态为 0。",
                ),
                "raises": Text(
                    en="An exception in main makes the exit status 1; it ends no other thread.",
                    zh="主线程的异常使退出状态为 1，但不会结束其他线程。",
                ),
                "sys.exit": Text(
                    en="sys.exit(3) in main sets the exit status; it ends no other thread.",
                    zh="主线程里的 sys.exit(3) 决定退出状态，但不会结束其他线程。",
                ),
                "os._exit": Text(
                    en="os._exit(4) sets the exit status, and waits for nobody.",
                    zh="os._exit(4) 决定退出状态，谁也不等。",
                ),
            }[params.ending],
            check_status,
        ),
    ),
)
