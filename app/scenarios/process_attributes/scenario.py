"""terminate(), kill(), join() and the exit code: what they do, and when a child is reaped."""

from __future__ import annotations

import re
import signal
from typing import Literal, NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    exit_of,
    lines,
    named,
    need_exact,
    need_said,
    root,
    total,
    whole,
)
from app.catalogue.start_methods import server_of, start_method
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import Cause, State
from app.timeline.timeline import Timeline

CHILDREN = ("quick", "plain", "tidy", "stubborn")


class Settings(Parameters):
    method: Literal["fork", "spawn", "forkserver"] = start_method("fork")
    busy_ms: int = integer(
        250,
        Text(en="Main computes", zh="主进程计算"),
        minimum=0,
        maximum=3000,
        unit="ms",
        help=Text(en="Before it asks for the child quick.", zh="之后才询问子进程 quick。"),
    )
    clear_up_ms: int = integer(
        100, Text(en="The child tidy clears up", zh="子进程 tidy 的收尾"), minimum=0, maximum=3000,
        unit="ms",
    )  # fmt: skip
    patience: float = number(
        1.0,
        Text(en="Patience of join()", zh="join() 的耐心"),
        minimum=0.1,
        maximum=5,
        unit="s",
        help=Text(en="After it main calls kill().", zh="超过这个时间，主进程调用 kill()。"),
    )


class _Answer(NamedTuple):
    """What main was told of a child."""

    track: Track
    ns: int
    alive: bool
    code: int | None


def _answers(timeline: Timeline) -> list[_Answer]:
    found = []
    for line in lines(timeline):
        match = re.match(r"main: (\w+) is alive: (\w+), exit code: (\S+)", line.text)
        if match and match[1] in CHILDREN:
            (track,) = named(timeline, match[1])
            code = None if match[3] == "None" else int(match[3])
            found.append(_Answer(track, line.ns, match[2] == "True", code))
    if not found:
        raise NotSeen(en="Main never asked for a child.", zh="主进程没有询问过子进程。")
    return found


def check_terminate(timeline: Timeline, params: Settings) -> Answer:
    """Where terminate() was over and the child had not ended."""
    alive, spans = [], []
    for name in CHILDREN[1:]:
        (child,) = named(timeline, name)
        over = need_said(timeline, f"main: terminate() of {name} is over").ns
        left = exit_of(timeline, child) - over
        if left > 0:
            alive.append(f"{name} ({duration(left)})")
            spans.append(Span(child.id, over, over + left))
    en = f"After terminate() {len(alive)} of 3 children still lived: {', '.join(alive) or '–'}."
    zh = f"terminate() 返回后，3 个子进程中还有 {len(alive)} 个活着：{'、'.join(alive) or '–'}。"
    return either(bool(alive), en=en, zh=zh, evidence=spans)


def check_codes(timeline: Timeline, params: Settings) -> Answer:
    """The last exit code that was told of each child, beside how its process ended."""
    codes = {answer.track.id: answer.code for answer in _answers(timeline)}
    told, wrong = [], []
    for track_id, code in codes.items():
        track = timeline.tracks[track_id]
        if code is None or track.end is None or track.end.cause is Cause.UNKNOWN:
            continue
        name = track.end.signal
        told.append(f"{track.name} {code}" + (f" ({name})" if name else ""))
        if code != (-signal.Signals[name] if name else track.end.code or 0):
            wrong.append(track)
    if not told:
        return not_seen(en="No exit code was told.", zh="没有得到任何退出码。")
    return either(
        not wrong,
        en=f"Exit codes: {', '.join(told)}; {len(wrong)} of them are not how the process ended.",
        zh=f"退出码：{'，'.join(told)}；其中与实际结局不符的有 {len(wrong)} 个。",
        evidence=[
            whole(timeline, track) for track in wrong or map(timeline.tracks.__getitem__, codes)
        ],
    )


def check_reap(timeline: Timeline, params: Settings) -> Answer:
    """quick is a zombie until main asks; then, and not before, it is gone. A fork server asks
    by itself."""
    need_exact(timeline)
    (quick,) = named(timeline, "quick")
    asked = need_said(timeline, "main: asking for quick").ns
    answer = next((item for item in _answers(timeline) if item.track.id == quick.id), None)
    zombies = timeline.of(quick, State.ZOMBIE)
    died = exit_of(timeline, quick)
    served = params.method == "forkserver"
    if answer is None or answer.alive or not (zombies or served) or died >= asked:
        return not_seen(
            en="The child quick had not ended when main asked for it.",
            zh="主进程询问时，子进程 quick 还没有结束。",
        )
    reaped = end_of(timeline, quick)
    if served:
        server = server_of(timeline, quick)
        if reaped >= asked and not clip(timeline.of(server, State.RUNNING), died, asked):
            return not_seen(
                en="The server had no CPU before main asked.",
                zh="在主进程询问之前，服务进程没有得到 CPU。",
            )
        return either(
            reaped < asked,
            en=f"It ended at {duration(died)} and was gone at {duration(reaped)}: its parent, "
            f"{server.name}, had reaped it. Main asked at {duration(asked)}.",
            zh=f"它在 {duration(died)} 结束，在 {duration(reaped)} 消失：它的父进程 {server.name} "
            f"回收了它。主进程在 {duration(asked)} 才询问。",
            evidence=zombies or [whole(timeline, quick)],
        )
    return either(
        asked <= reaped <= answer.ns,
        en=f"It ended at {duration(died)} and was a zombie for {duration(total(zombies))}; main "
        f"asked at {duration(asked)}, and it was gone at {duration(reaped)}.",
        zh=f"它在 {duration(died)} 结束，作为僵尸进程存在了 {duration(total(zombies))}；"
        f"主进程在 {duration(asked)} 询问，它在 {duration(reaped)} 消失。",
        evidence=zombies,
    )


def check_alive(timeline: Timeline, params: Settings) -> Answer:
    """No answer of is_alive() contradicts what the kernel tells of the process."""
    need_exact(timeline)
    answers = _answers(timeline)
    wrong = []
    for answer in answers:
        died = exit_of(timeline, answer.track)
        # It was asked after main's line before, and before the line that tells the answer.
        earliest = max(
            (line.ns for line in lines(timeline)
             if line.text.startswith("main: ") and line.ns < answer.ns),
            default=0,
        )  # fmt: skip
        if died < earliest if answer.alive else died > answer.ns:
            wrong.append(answer)
    yes = sum(answer.alive for answer in answers)
    return either(
        not wrong,
        en=f"is_alive() said yes {times(yes)} and no {times(len(answers) - yes)}; "
        f"{counted(len(wrong), 'answer was', 'answers were')} wrong.",
        zh=f"is_alive() 回答了 {yes} 次“是”、{len(answers) - yes} 次“否”；其中 {len(wrong)} "
        "次不对。",
        evidence=[whole(timeline, answer.track) for answer in wrong or answers],
    )


def check_timeout(timeline: Timeline, params: Settings) -> Answer:
    """join() of "stubborn" gave up while the child lived, and left no exit code."""
    (stubborn,) = named(timeline, "stubborn")
    main = root(timeline)
    over = need_said(timeline, "main: terminate() of stubborn is over").ns
    answers = [item for item in _answers(timeline) if item.track.id == stubborn.id]
    if not answers:
        return not_seen(en="The run ended before join() did.", zh="join() 返回之前运行就结束了。")
    first, died = answers[0], exit_of(timeline, stubborn)
    waits = clip(timeline.of(main, State.BLOCKED), over, first.ns)
    killed = stubborn.end is not None and stubborn.end.signal == "SIGKILL"
    return either(
        first.ns < died and first.code is None and killed,
        en=f"join() waited {duration(total(waits))} and came back "
        f"{duration(max(0, died - first.ns))} before the child's end; the exit code was "
        f"{first.code}.",
        zh=f"join() 等待了 {duration(total(waits))}，在子进程结束之前 "
        f"{duration(max(0, died - first.ns))} 返回；退出码是 {first.code}。",
        evidence=[*waits, whole(timeline, stubborn)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="Querying and ending a process", zh="查询进程与结束进程"),
    summary=Text(
        en="is_alive(), exitcode, terminate(), kill(), join(timeout) and close(), on children that "
        "take their end in different ways.",
        zh="is_alive()、exitcode、terminate()、kill()、join(timeout) 和 close()，"
        "用在以不同方式对待终止的子进程上。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME, Idea.STATES),
        primitives=("multiprocessing.Process", "Process.terminate", "Process.kill"),
        states=(State.ZOMBIE, State.BLOCKED, State.RUNNING),
        level=1,
    ),
    claims=(
        Claim(
            "terminate",
            Text(
                en="terminate() only sends a signal: it is over before the child has ended.",
                zh="terminate() 只是发送信号：它返回时，子进程还没有结束。",
            ),
            check_terminate,
        ),
        Claim(
            "codes",
            Text(
                en="The exit code is 0, what sys.exit() was given, or minus the number of the "
                "signal: -15 for SIGTERM, -9 for SIGKILL.",
                zh="退出码是 0、传给 sys.exit() 的值，或负的信号编号：SIGTERM 为 -15，"
                "SIGKILL 为 -9。",
            ),
            check_codes,
        ),
        Claim(
            "reap",
            lambda params: (
                Text(
                    en="A child made by a fork server is reaped by the server as soon as it has "
                    "ended, before main asks for it.",
                    zh="由 fork 服务进程创建的子进程一结束，就由服务进程回收，不等主进程询问。",
                )
                if params.method == "forkserver"
                else Text(
                    en="A child that has ended stays a zombie until its parent asks for it; to ask "
                    "is_alive() is enough.",
                    zh="结束的子进程一直是僵尸进程，直到父进程询问；调用 is_alive() 就够了。",
                )
            ),
            check_reap,
        ),
        Claim(
            "alive",
            Text(
                en="is_alive() says yes until the process has ended, and no from then on.",
                zh="进程结束之前 is_alive() 为真，之后为假。",
            ),
            check_alive,
        ),
        Claim(
            "timeout",
            Text(
                en="join() with a timeout may come back while the child lives; the exit code is "
                "None then.",
                zh="带超时的 join() 可能在子进程还活着时返回，这时退出码是 None。",
            ),
            check_timeout,
        ),
    ),
)
