"""Synchronous or asynchronous, blocking or not: four calls, and what their caller did meanwhile."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, need_said, root, stretches, total
from app.locale.text import Text, verbatim
from app.timeline.states import State
from app.timeline.timeline import Timeline


class Settings(Parameters):
    blocking: Literal["recv", "sleep"] = choice(
        "recv",
        Text(en="The blocking call is", zh="阻塞调用是"),
        {
            "recv": Text(en="recv: an answer from a socket", zh="recv：等待套接字上的回答"),
            "sleep": verbatim("sleep"),
        },
    )
    results: int = integer(
        10,
        Text(en="Results under way for the last call", zh="最后一个调用时进行中的工作数"),
        minimum=1,
        maximum=20,
        help=Text(en="It waits for the first of them.", zh="它等待其中第一个完成。"),
    )
    ms: int = integer(
        250, Text(en="Each call, or its work, takes", zh="每个调用（或其工作）耗时"), minimum=50,
        maximum=1000, unit="ms",
    )  # fmt: skip


def _call(timeline: Timeline, name: str) -> Span:
    """From the caller's last word before the call to its first one after it."""
    main = root(timeline)
    begin = need_said(timeline, f"{name}: call", main).ns
    return Span(main.id, begin, need_said(timeline, f"{name}: back", main).ns)


def _works(timeline: Timeline) -> dict[int, Span]:
    found = stretches(timeline, r"work (\d+) begins", r"work (\d+) is done")
    if not found:
        raise NotSeen(
            en="No work was seen from its begin to its end.", zh="没有看到任何完整的工作。"
        )
    return {int(number): span for number, span in found.items()}


def _meanwhile(timeline: Timeline, start_ns: int, end_ns: int) -> tuple[int, int, int]:
    """How long the caller ran, was blocked, and lacked a CPU or the GIL only."""
    main = root(timeline)
    ran, blocked, kept = (
        total(clip(timeline.of(main, *states), start_ns, end_ns))
        for states in ((State.RUNNING,), (State.BLOCKED,), (State.READY, State.GIL))
    )
    return ran, blocked, kept


def _words(timeline: Timeline, call: Span) -> tuple[str, str]:
    ran, blocked, _ = _meanwhile(timeline, *call[1:])
    return (
        f"In the {duration(call.length_ns)} of the call the caller was blocked for "
        f"{duration(blocked)} and running for {duration(ran)}.",
        f"调用历时 {duration(call.length_ns)}，其间调用者阻塞 {duration(blocked)}，"
        f"运行 {duration(ran)}。",
    )


def _mostly(timeline: Timeline, name: str, state: State) -> Answer:
    """Leaving out when it only lacked a CPU: that is the machine's doing, not the call's."""
    call = _call(timeline, name)
    ran, blocked, _ = _meanwhile(timeline, *call[1:])
    en, zh = _words(timeline, call)
    if ran + blocked < 0.05 * call.length_ns:
        return not_seen(
            en=f"{en} It had no CPU.", zh=f"{zh}其余时间没有 CPU 可用。", evidence=[call]
        )
    share = (ran if state is State.RUNNING else blocked) / (ran + blocked)
    return either(
        share > 0.8, en=en, zh=zh, evidence=clip(timeline.of(root(timeline), state), *call[1:])
    )


def check_sync_blocking(timeline: Timeline, params: Settings) -> Answer:
    return _mostly(timeline, "sync, blocking", State.BLOCKED)


def check_sync_non_blocking(timeline: Timeline, params: Settings) -> Answer:
    return _mostly(timeline, "sync, non-blocking", State.RUNNING)


def check_async_non_blocking(timeline: Timeline, params: Settings) -> Answer:
    call, works = _call(timeline, "async, non-blocking"), _works(timeline)
    if 0 not in works:
        return not_seen(en="Its work was not seen whole.", zh="没有看到它的完整工作。")
    done = works[0].end_ns
    ran, blocked, kept = _meanwhile(timeline, call.end_ns, max(call.end_ns, done))
    _, _, kept_before = _meanwhile(timeline, *call[1:])
    en = f"The call was over after {duration(call.length_ns)}, its work {duration(done - call[1])} "
    en += f"after it; meanwhile the caller ran for {duration(ran)}."
    zh = f"调用用了 {duration(call.length_ns)}，它的工作在 {duration(done - call[1])} 后完成；"
    zh += f"其间调用者运行了 {duration(ran)}。"
    as_said = call.end_ns < done and ran > 0.1 * (ran + blocked)
    if not as_said and kept + kept_before > 0.2 * (done - call.start_ns):
        return not_seen(en=f"{en} It lacked a CPU.", zh=f"{zh}调用者缺少 CPU。", evidence=[call])
    return either(as_said, en=en, zh=zh, evidence=[call, works[0]])


def check_async_blocking(timeline: Timeline, params: Settings) -> Answer:
    call = _call(timeline, "async, blocking")
    works = {number: span for number, span in _works(timeline).items() if number}
    if len(works) < 2:
        return not_seen(en="It takes two results under way.", zh="需要至少两个进行中的工作。")
    ends = sorted(span.end_ns for span in works.values())
    if ends[0] <= call.start_ns:
        return not_seen(en="One was done before the call.", zh="调用之前就有一个完成了。")
    left = sum(end > call.end_ns for end in ends)
    ran, blocked, _ = _meanwhile(timeline, call.start_ns, min(ends[0], call.end_ns))
    _, _, late = _meanwhile(timeline, ends[0], max(ends[0], call.end_ns))
    en, zh = _words(timeline, call)
    en += f" Then {len(ends) - left} of {len(ends)} were done."
    zh += f"这时 {len(ends)} 个工作中完成了 {len(ends) - left} 个。"
    if not left and late > 0.2 * (call.end_ns - ends[0]):
        return not_seen(en=f"{en} It lacked a CPU.", zh=f"{zh}调用者缺少 CPU。", evidence=[call])
    as_said = call.end_ns >= ends[0] and left > 0 and blocked > 0.8 * (ran + blocked)
    spans = clip(timeline.of(root(timeline), State.BLOCKED), *call[1:])
    return either(as_said, en=en, zh=zh, evidence=[*spans, *works.values()])


SCENARIO = Scenario(
    file=__file__,
    group=Group.SYNC_ASYNC,
    title=Text(en="Four kinds of calls", zh="四种调用"),
    summary=Text(
        en="Synchronous or asynchronous, blocking or not: what the caller does while a call lasts.",
        zh="同步还是异步，阻塞还是非阻塞：调用期间，调用者在做什么。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.BLOCKING, Idea.STATES),
        primitives=("socket.recv", "time.sleep", "Executor.submit", "concurrent.futures.wait"),
        states=(State.BLOCKED, State.RUNNING),
        level=1,
    ),
    claims=(
        Claim(
            "sync-blocking",
            Text(
                en="Synchronous and blocking: the caller sleeps until the call is over.",
                zh="同步阻塞：调用结束之前，调用者一直睡眠。",
            ),
            check_sync_blocking,
        ),
        Claim(
            "sync-non-blocking",
            Text(
                en="Synchronous and not blocking: the caller works itself until the call is over.",
                zh="同步非阻塞：调用结束之前，调用者自己一直在运行。",
            ),
            check_sync_non_blocking,
        ),
        Claim(
            "async-non-blocking",
            Text(
                en="Asynchronous and not blocking: the call is over before its work is, and the "
                "caller goes on with something else.",
                zh="异步非阻塞：工作还没完成，调用就已返回，调用者去做别的事。",
            ),
            check_async_non_blocking,
        ),
        Claim(
            "async-blocking",
            Text(
                en="Asynchronous and blocking: work goes on elsewhere, and the caller sleeps until "
                "the first of it is done.",
                zh="异步阻塞：工作在别处进行，调用者睡眠，直到其中第一个完成。",
            ),
            check_async_blocking,
        ),
    ),
)
