"""Zombies and orphans: what is left of a process between its end and its parent's question."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, flag, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    end_of,
    exit_of,
    lines,
    named,
    need_said,
    percent,
    total,
    whole,
)
from app.catalogue.start_methods import server_of, start_method
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import State
from app.timeline.timeline import Timeline


class Settings(Parameters):
    method: Literal["fork", "spawn", "forkserver"] = start_method("fork")
    join: Literal["late", "soon", "never"] = choice(
        "late",
        Text(en="When main joins the child", zh="主进程何时 join"),
        {
            "late": Text(en="late: after its own work", zh="晚：做完自己的工作之后"),
            "soon": Text(en="soon: before its own work", zh="早：开始自己的工作之前"),
            "never": Text(en="never by itself", zh="自己从不调用"),
        },
    )
    child_seconds: float = number(
        0.2, Text(en="Child works", zh="子进程工作"), minimum=0.1, maximum=3, unit="s"
    )
    parent_seconds: float = number(
        1.2, Text(en="Parent works", zh="父进程工作"), minimum=0.1, maximum=6, unit="s"
    )
    orphan: bool = flag(
        True,
        Text(en="Also show an orphan", zh="同时演示孤儿进程"),
        help=Text(en="A child whose parent ends first.", zh="父进程先结束的子进程。"),
    )


def check_zombie(timeline: Timeline, params: Settings) -> Answer:
    (child,) = named(timeline, "child")
    died = exit_of(timeline, child)
    zombies = timeline.of(child, State.ZOMBIE)
    length = sum(row.end_ns - row.start_ns for row in zombies)
    work_began = need_said(timeline, "main: working").ns
    work_ended = need_said(timeline, "main: my work is done").ns
    work = work_ended - work_began
    figures = duration(length), duration(work)
    if params.method == "forkserver":
        return _reaped_by_server(timeline, child, work_began, work_ended)
    if params.join == "soon":
        return either(
            length < work / 2 and exit_of(timeline, child) <= work_began,
            en=f"It was a zombie for {figures[0]}; the parent then worked for {figures[1]}.",
            zh=f"它作为僵尸进程存在了 {figures[0]}；之后父进程工作了 {figures[1]}。",
            evidence=zombies or [whole(timeline, child)],
        )
    if died >= work_ended:
        return not_seen(
            en="The child outlived the parent's work, so nobody was late.",
            zh="子进程比父进程的工作结束得更晚，谈不上回收迟到。",
        )
    wait = work_ended - died
    if not zombies and wait < work / 10:
        return not_seen(
            en="The child ended only just before the join.", zh="子进程在 join 之前刚刚结束。"
        )
    # From its end to the parent's question: at least to the end of the parent's work.
    return either(
        bool(zombies) and zombies[-1].end_ns >= work_ended - wait // 10,
        en=f"It ended {duration(wait)} before the parent's work did, and was a zombie for "
        f"{figures[0]}.",
        zh=f"它比父进程的工作早结束 {duration(wait)}，作为僵尸进程存在了 {figures[0]}。",
        evidence=zombies or [whole(timeline, child)],
    )


def _reaped_by_server(timeline: Timeline, child: Track, began: int, ended: int) -> Answer:
    """Between two instants of main's work: the server needs a CPU to reap, and nothing else."""
    server = server_of(timeline, child)
    died, gone = exit_of(timeline, child), end_of(timeline, child)
    ran = clip(timeline.of(server, State.RUNNING), died, ended)
    if died >= ended or (gone > ended and not ran):
        return not_seen(
            en="The server had no chance to reap the child before main's work was over.",
            zh="在主进程的工作结束之前，服务进程没有机会回收子进程。",
        )
    zombies = timeline.of(child, State.ZOMBIE)
    late = total(clip(timeline.of(server, State.READY), died, gone))
    return either(
        gone < ended,
        en=f"Its parent is {server.name}, pid {server.pid}. It was a zombie for "
        f"{duration(total(zombies))}, of which the server wanted a CPU for {duration(late)}; main "
        f"worked from {duration(began)} to {duration(ended)}.",
        zh=f"它的父进程是 {server.name}，pid 为 {server.pid}。它作为僵尸进程存在了 "
        f"{duration(total(zombies))}，其中服务进程等待 CPU 的时间是 {duration(late)}；"
        f"主进程从 {duration(began)} 工作到 {duration(ended)}。",
        evidence=zombies or [whole(timeline, child)],
    )


def check_costs_nothing(timeline: Timeline, params: Settings) -> Answer:
    """After its exit nothing of the child runs any more."""
    (child,) = named(timeline, "child")
    zombies = timeline.of(child, State.ZOMBIE)
    if not zombies:
        return not_seen(en="The child was not seen as a zombie.", zh="没有看到子进程成为僵尸进程。")
    died = zombies[0].start_ns
    after = [
        row
        for row in timeline.of(child)
        if row.end_ns > died and row.state not in (State.ZOMBIE, State.EXITED)
    ]
    length = zombies[-1].end_ns - died
    spent = sum(row.end_ns - max(died, row.start_ns) for row in after)
    return either(
        not after,
        en=f"In the {duration(length)} as a zombie it did other things for "
        f"{percent(spent, length)}.",
        zh=f"在作为僵尸进程的 {duration(length)} 里，处于其他状态的时间占 "
        f"{percent(spent, length)}。",
        evidence=after or zombies,
    )


def check_orphan(timeline: Timeline, params: Settings) -> Answer:
    if not params.orphan:
        return not_seen(en="No orphan was asked for.", zh="没有要求演示孤儿进程。")
    parent, orphan = named(timeline, "short-lived", "orphan")
    text = "\n".join(line.text for line in lines(timeline))
    before = re.search(r"orphan: I was started by (\d+)", text)
    after = re.search(r"orphan: now my parent is (\d+)", text)
    if not before or not after:
        return not_seen(
            en="The orphan did not tell its parents.", zh="孤儿进程没有说出它的父进程。"
        )
    gone, end = exit_of(timeline, parent), exit_of(timeline, orphan)
    if params.method == "forkserver":
        server = server_of(timeline, orphan)
        return either(
            int(after[1]) == server.pid != parent.pid and end > gone,
            en=f"{before[1]} had it started and ended at {duration(gone)}; its parent is "
            f"{after[1]} ({server.name}), and it lived to {duration(end)}.",
            zh=f"让它启动的 {before[1]} 在 {duration(gone)} 结束；它的父进程是 {after[1]}"
            f"（{server.name}），它自己活到 {duration(end)}。",
            evidence=[whole(timeline, parent), Span(orphan.id, min(gone, end), end)],
        )
    return either(
        int(before[1]) == parent.pid and before[1] != after[1] and end > gone,
        en=f"Its parent {before[1]} ended at {duration(gone)}, then its parent was {after[1]}; "
        f"it lived to {duration(end)}.",
        zh=f"父进程 {before[1]} 在 {duration(gone)} 结束，此后它的父进程是 {after[1]}；"
        f"它自己活到 {duration(end)}。",
        evidence=[whole(timeline, parent), Span(orphan.id, min(gone, end), end)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="Zombies and orphans", zh="僵尸进程与孤儿进程"),
    summary=Text(
        en="A child ends while its parent is busy and stays as a zombie until it is joined; an "
        "orphan gets a new parent.",
        zh="子进程结束时父进程正忙，于是它一直是僵尸进程，直到被 join；"
        "孤儿进程则被新的父进程收养。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME, Idea.STATES),
        primitives=("multiprocessing.Process", "Process.join", "os.getppid"),
        states=(State.ZOMBIE, State.RUNNING, State.BLOCKED),
        level=2,
    ),
    claims=(
        Claim(
            "zombie",
            lambda params: (
                Text(
                    en="A child made by a fork server is the server's own: the server reaps it as "
                    "soon as it has ended, whether anybody asks or not.",
                    zh="由 fork 服务进程创建的进程，是服务进程的子进程：它一结束，"
                    "服务进程就把它回收，不管有没有人询问。",
                )
                if params.method == "forkserver"
                else Text(
                    en="A child that is joined at once is a zombie for next to no time.",
                    zh="及时被 join 的子进程几乎不会停留在僵尸状态。",
                )
                if params.join == "soon"
                else Text(
                    en="A child is a zombie from its end until its parent asks for it.",
                    zh="子进程从结束到被父进程回收之前，一直是僵尸进程。",
                )
            ),
            check_zombie,
        ),
        Claim(
            "costs-nothing",
            Text(
                en="A zombie does nothing more: it is only an entry with an exit status.",
                zh="僵尸进程什么也不做：它只是一个保存着退出状态的表项。",
            ),
            check_costs_nothing,
        ),
        Claim(
            "orphan",
            lambda params: (
                Text(
                    en="A process made by a fork server keeps its parent, the server, when the "
                    "process that asked for it ends.",
                    zh="要求启动它的进程结束之后，由 fork 服务进程创建的进程仍以服务进程为父进程。",
                )
                if params.method == "forkserver"
                else Text(
                    en="A process whose parent ends lives on, with a new parent.",
                    zh="父进程结束后，子进程继续存活，并有了新的父进程。",
                )
            ),
            check_orphan,
        ),
    ),
)
