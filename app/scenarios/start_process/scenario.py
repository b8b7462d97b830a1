"""fork, forkserver, spawn: starting is asynchronous, and costs differ."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, holds, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, duration, exit_of, lines, root, total, whole
from app.catalogue.start_methods import BY_DEFAULT
from app.locale.text import Text, listed
from app.timeline.model import Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

METHODS = ("fork", "forkserver", "spawn")


class Settings(Parameters):
    method: Literal["fork", "forkserver", "spawn", "all"] = choice(
        "all",
        Text(en="Start method", zh="启动方式"),
        {
            "fork": Text(en="fork: copy this process", zh="fork：复制当前进程"),
            "forkserver": Text(
                en="forkserver: a helper process forks", zh="forkserver：由辅助进程 fork"
            ),
            "spawn": Text(en="spawn: a new interpreter", zh="spawn：启动全新的解释器"),
            "all": Text(en="each of them in turn", zh="依次使用以上三种"),
        },
        help=BY_DEFAULT,
    )  # fmt: skip
    how: Literal["function", "subclass"] = choice(
        "function",
        Text(en="What the child runs", zh="子进程运行什么"),
        {
            "function": Text(en="a function with arguments", zh="带参数的函数"),
            "subclass": Text(en="run() of a subclass", zh="子类的 run() 方法"),
        },
    )
    children: int = integer(
        3, Text(en="Children by each method", zh="每种方式启动的子进程数"), minimum=1, maximum=6
    )
    work: int = integer(
        1_000_000,
        Text(en="Work of a child", zh="每个子进程的计算量"),
        minimum=1_000,
        maximum=20_000_000,
        help=Text(en="Turns of the loop it computes.", zh="循环的次数。"),
    )


def _children(timeline: Timeline) -> list[Track]:
    found = [
        track
        for track in timeline.of_kind(TrackKind.PROCESS)
        if re.fullmatch(r"(fork|forkserver|spawn)-\d+", track.name)
    ]
    if not found:
        raise NotSeen(en="No child was seen to start.", zh="没有看到任何子进程启动。")
    return found


def _printed(timeline: Timeline, pattern: str) -> list[tuple[int, re.Match[str]]]:
    """Each printed line that matches, with its time."""
    found = ((line.ns, re.match(pattern, line.text)) for line in lines(timeline))
    return [(ns, match) for ns, match in found if match]


def check_returns_at_once(timeline: Timeline, params: Settings) -> Answer:
    """start() of each child comes back before that child ends, or at least does not wait for it.

    On a busy machine main may stand ready meanwhile, without a CPU; that is not waiting.
    """
    main = root(timeline)
    begun = {match[1]: ns for ns, match in _printed(timeline, r"main: starting (\S+)")}
    back = {match[1]: ns for ns, match in _printed(timeline, r"main: start\(\) of (\S+) came back")}
    spoke = {match[1]: ns for ns, match in _printed(timeline, r"(\w+-\d+): hello")}
    children = [child for child in _children(timeline) if child.name in back.keys() & begun.keys()]
    if not children:
        return not_seen(en="start() was never seen to come back.", zh="没有看到 start() 返回。")
    early = [child for child in children if back[child.name] < exit_of(timeline, child)]
    first = [child for child in children if back[child.name] < spoke.get(child.name, 0)]
    waited = []
    for child in children:
        start, end = max(child.start_ns, begun[child.name]), exit_of(timeline, child)
        during = clip(timeline.of(main, State.BLOCKED), start, min(end, back[child.name]))
        if child not in early and total(during) > (end - start) / 2:
            waited += during
    return either(
        bool(early) and not waited,
        en=f"start() came back before the child's end in {len(early)} of {len(children)} cases, "
        f"and in {len(first)} of them even before the child's first line.",
        zh=f"{len(children)} 次启动中，有 {len(early)} 次 start() 在子进程结束之前返回，"
        f"其中 {len(first)} 次甚至早于子进程的第一行输出。",
        evidence=waited
        or [Span(child.id, child.start_ns, exit_of(timeline, child)) for child in children],
    )


def check_parent(timeline: Timeline, params: Settings) -> Answer:
    """The ppid each child printed, beside the pid of the process that called start()."""
    main = root(timeline)
    children = {child.name: child for child in _children(timeline)}
    told = {
        match[1]: int(match[2])
        for _, match in _printed(timeline, r"(\w+-\d+): hello.*, my parent is (\d+)")
        if match[1] in children
    }
    if not told:
        return not_seen(en="No child told its parent's pid.", zh="没有子进程说出父进程的 pid。")
    wrong = [
        name
        for name, parent in told.items()
        if (parent == main.pid) == name.startswith("forkserver-")
    ]
    told_text = listed(f"{name} → {parent}" for name, parent in told.items())
    return either(
        not wrong,
        en=f"main is {main.pid}; the children's parents are: {told_text.en}.",
        zh=f"main 的 pid 是 {main.pid}；各子进程的父进程：{told_text.of('zh')}。",
        evidence=[whole(timeline, children[name]) for name in wrong or told],
    )


def start_costs(timeline: Timeline) -> dict[str, list[Span]]:
    """By method: from the line before start() to the child's first line, on the child's track."""
    begun = {match[1]: ns for ns, match in _printed(timeline, r"main: starting (\S+)")}
    spoke = {match[1]: ns for ns, match in _printed(timeline, r"(\w+-\d+): hello")}
    costs: dict[str, list[Span]] = {}
    for child in _children(timeline):
        if child.name in begun and child.name in spoke:
            span = Span(child.id, begun[child.name], spoke[child.name])
            costs.setdefault(child.name.split("-")[0], []).append(span)
    return costs


def check_cost(timeline: Timeline, params: Settings) -> Answer:
    """The cheapest start by each method. The first by forkserver also starts the server."""
    costs = start_costs(timeline)
    if set(costs) != set(METHODS) or len(costs["forkserver"]) < 2:
        return not_seen(
            en="To compare, take all methods and at least two children by each.",
            zh="要比较，请选择全部三种方式，并且每种至少启动两个子进程。",
        )
    least = {method: min(costs[method], key=lambda span: span.length_ns) for method in METHODS}
    figures = listed(f"{method} {duration(least[method].length_ns)}" for method in METHODS)
    order = [least[method].length_ns for method in METHODS]
    return either(
        order == sorted(order),
        en=f"From start() to the child's first line, at best: {figures.en}.",
        zh=f"从调用 start() 到子进程输出第一行，最快：{figures.of('zh')}。",
        evidence=list(least.values()),
    )


def check_work_goes_on(timeline: Timeline, params: Settings) -> Answer:
    """A child has its own track, and really runs there."""
    children = _children(timeline)
    idle = [child for child in children if not timeline.of(child, State.RUNNING)]
    pids = {child.pid for child in children} | {root(timeline).pid}
    if idle and timeline.run.get("witnesses", {}).get("scheduler") == "procfs":
        return not_seen(
            en=f"{len(idle)} children were too short for the sampling to see them run.",
            zh=f"有 {len(idle)} 个子进程太短，采样没有看到它们运行。",
        )
    if idle or len(pids) <= len(children):
        return either(
            False,
            en=f"{len(idle)} of {len(children)} children were never seen running.",
            zh=f"{len(children)} 个子进程中有 {len(idle)} 个从未运行。",
            evidence=[whole(timeline, child) for child in idle],
        )
    return holds(
        en=f"{len(children)} children ran, each as a process with a pid of its own.",
        zh=f"{len(children)} 个子进程都运行过，各有自己的 pid。",
        evidence=[row for child in children for row in timeline.of(child, State.RUNNING)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="Starting a process", zh="启动进程"),
    summary=Text(
        en="fork, forkserver and spawn, by a function or a subclass: what start() does and costs.",
        zh="fork、forkserver 与 spawn，用函数或子类：start() 做了什么，代价多大。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.START, Idea.LIFETIME),
        primitives=("multiprocessing.Process", "multiprocessing.get_context"),
        states=(State.NEW, State.RUNNING, State.BLOCKED),
        level=1,
    ),
    claims=(
        Claim(
            "returns-at-once",
            Text(
                en="start() does not wait for the child: it comes back while the child still has "
                "its work before it.",
                zh="start() 不等待子进程：它返回时，子进程的工作还没有做完。",
            ),
            check_returns_at_once,
        ),
        Claim(
            "parent",
            lambda params: {
                "forkserver": Text(
                    en="The parent of a child made by forkserver is the server, not the process "
                    "that called start().",
                    zh="用 forkserver 启动的子进程，父进程是 forkserver，而不是调用 start() "
                    "的进程。",
                ),
                "all": Text(
                    en="The child's parent is the process that called start(); with forkserver it "
                    "is the server.",
                    zh="子进程的父进程就是调用 start() 的进程；用 forkserver 时则是 forkserver。",
                ),
            }.get(
                params.method,
                Text(
                    en="The child's parent is the process that called start().",
                    zh="子进程的父进程就是调用 start() 的进程。",
                ),
            ),
            check_parent,
        ),
        Claim(
            "cost",
            Text(
                en="A fork is the cheapest start and a spawn the dearest; forkserver lies in "
                "between.",
                zh="fork 启动代价最小，spawn 最大，forkserver 介于两者之间。",
            ),
            check_cost,
        ),
        Claim(
            "own-process",
            Text(
                en="Each child really runs, as a process of its own.",
                zh="每个子进程都真正作为独立的进程运行。",
            ),
            check_work_goes_on,
        ),
    ),
)
