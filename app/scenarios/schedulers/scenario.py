"""A user-space scheduler over real processes, held against the textbook's schedule."""

from __future__ import annotations

from statistics import fmean
from typing import NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, need_exact, pairwise, percent, root, total
from app.catalogue.tolerance import EDGES, excused
from app.locale.text import Text
from app.scenarios.schedulers.chart import theory
from app.scenarios.schedulers.measured import Lives
from app.scenarios.schedulers.settings import Settings
from app.scenarios.schedulers.traits import check_trait, trait
from app.timeline.states import State
from app.timeline.timeline import Timeline

#: Running at once on one CPU, as a part of all running: only what a sampled border can explain.
AT_ONCE = 0.01


def check_one_at_a_time(timeline: Timeline, params: Settings) -> Answer:
    running = [life.ran for life in Lives(timeline, params.jobs).lives]
    if len(running) < 2:
        return not_seen(en="It takes two jobs.", zh="需要两个作业。")
    together = pairwise(running)
    part = percent(total(together), sum(map(total, running)))
    true = total(together) <= AT_ONCE * sum(map(total, running))
    if not true:
        need_exact(timeline)
    but = excused(total(together), sum(map(total, running)), AT_ONCE, EDGES)
    return either(
        true,
        en=f"Two jobs were running at once for {duration(total(together))}, {part} of all running."
        f"{but.en}",
        zh=f"有两个作业同时运行的时间共 {duration(total(together))}，占全部运行时间的 {part}。"
        f"{but.of('zh')}",
        evidence=together or [row for rows in running for row in rows],
    )


def check_order(timeline: Timeline, params: Settings) -> Answer:
    found = Lives(timeline, params.jobs).by_end()
    book = params.textbook()
    seen = " ".join(life.job.name for life in found)
    meant = " ".join(sorted(book, key=lambda name: book[name].end))
    if len(found) < 2:
        return not_seen(en="It takes two jobs.", zh="需要两个作业。")
    if seen != meant:
        need_a_scheduler_in_time(timeline, params)
    return either(
        seen == meant,
        en=f"They ended in the order {seen}; the textbook's is {meant}.",
        zh=f"结束的次序为 {seen}；教科书的次序为 {meant}。",
        evidence=[Span(life.track.id, life.end_ns, life.end_ns) for life in found],
    )


def check_averages(timeline: Timeline, params: Settings) -> Answer:
    """By the CPU time that the jobs got meanwhile, so that other programs' load is no part of it;
    what the clock shows beyond that is the cost."""
    lives = Lives(timeline, params.jobs)
    book = params.textbook()
    rows = [(life, book[life.job.name]) for life in lives.lives]
    off = [
        fmean(
            lives.computed(life.came_ns, life.end_ns) / params.unit_ns
            + _idle(params, life.job.arrival, row.end)
            - row.turnaround
            for life, row in rows
        ),
        fmean(
            lives.computed(life.came_ns, life.first_ns) / params.unit_ns
            + _idle(params, life.job.arrival, life.job.arrival + row.response)
            - row.response
            for life, row in rows
        ),
    ]
    true = all(abs(value) <= 1 for value in off)
    if not true:
        need_exact(timeline)
        need_a_scheduler_in_time(timeline, params)
    clock = averages(lives)
    meant = Averages(
        *(fmean(column) * params.unit_ns for column in list(zip(*book.values(), strict=True))[:3])
    )
    cost, kept = duration(cost_of(lives, params)), duration(lives.kept_ns())
    return either(
        true,
        en=f"On average (in the textbook): turnaround {duration(clock.turnaround)} "
        f"({duration(meant.turnaround)}), waiting {duration(clock.waiting)} "
        f"({duration(meant.waiting)}), response {duration(clock.response)} "
        f"({duration(meant.response)}). For {cost} in all no job computed: for {kept} of it other "
        "programs had the CPU, the rest went into starts and switches.",
        zh=f"平均值（括号内为教科书的值）：周转 {duration(clock.turnaround)}"
        f"（{duration(meant.turnaround)}），等待 {duration(clock.waiting)}"
        f"（{duration(meant.waiting)}），响应 {duration(clock.response)}"
        f"（{duration(meant.response)}）。共有 {cost} 没有任何作业在计算："
        f"其中 {kept} 是 CPU 被其他程序占用，其余用于启动和切换。",
        evidence=[Span(life.track.id, life.came_ns, life.end_ns) for life in lives.lives],
    )


class Averages(NamedTuple):
    turnaround: float
    waiting: float
    response: float


def averages(lives: Lives) -> Averages:
    """By the clock, in nanoseconds."""
    return Averages(
        fmean(life.turnaround_ns for life in lives.lives),
        fmean(lives.waiting_ns(life) for life in lives.lives),
        fmean(life.response_ns for life in lives.lives),
    )


def _idle(params: Settings, start: int, end: int) -> int:
    """Units of the textbook's chart between two of its instants in which nobody computes."""
    chart = params.chart()
    busy = sum(max(0, min(turn.end, end) - max(turn.start, start)) for turn in chart)
    return end - start - busy


def cost_of(lives: Lives, params: Settings) -> int:
    """How long no job computed, from the first one's coming to the last one's end, beyond the time
    in which none could, for all were at I/O or had yet to come."""
    first = min(job.arrival for job in params.jobs)
    idle = _idle(params, first, params.chart()[-1].end)
    return max(0, lives.uncomputed_ns() - idle * params.unit_ns)


def need_a_scheduler_in_time(timeline: Timeline, params: Settings) -> None:
    """Raises NotSeen where the scheduler itself was kept from a CPU for half a unit."""
    waits = timeline.of(root(timeline), State.READY, State.UNKNOWN)
    longest = max((row.end_ns - row.start_ns for row in waits), default=0)
    if longest > params.unit_ns / 2:
        raise NotSeen(
            en=f"The machine was crowded: the scheduler itself waited for a CPU for "
            f"{duration(longest)}, and let jobs run for too long.",
            zh=f"机器太忙：调度程序自己也等了 {duration(longest)} 才得到 CPU，"
            "让作业多运行了一会儿。",
        )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="A scheduler of your own", zh="自己写一个调度程序"),
    summary=Text(
        en="Jobs of your making are real processes on one CPU; the program stops all but one and "
        "lets it go on, by the policy you pick, beside the textbook's chart.",
        zh="作业由你设定，都是同一个 CPU 上的真实进程；程序按所选的调度算法只放行其中一个，"
        "停住其余的，并与教科书的甘特图对照。",
    ),
    parameters=Settings,
    theory=theory,
    tags=Tags(
        ideas=(Idea.SCHEDULING, Idea.STATES),
        primitives=("SIGSTOP", "SIGCONT", "os.sched_setaffinity"),
        states=(State.RUNNING, State.STOPPED, State.READY),
        level=2,
    ),
    claims=(
        Claim(
            "order",
            Text(
                en="The jobs end in the order of the textbook's chart.",
                zh="作业结束的次序与教科书的甘特图一致。",
            ),
            check_order,
        ),
        Claim(
            "averages",
            Text(
                en="Turnaround, waiting and response times are the textbook's, but for what "
                "starting and switching cost.",
                zh="周转、等待和响应时间与教科书一致，只差启动和切换的开销。",
            ),
            check_averages,
        ),
        Claim("trait", trait, check_trait),
        Claim(
            "one-at-a-time",
            Text(
                en="At any instant at most one of the jobs is running.",
                zh="任一时刻最多只有一个作业在运行。",
            ),
            check_one_at_a_time,
        ),
    ),
)
