"""The table of jobs: what a form may ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.catalogue.parameters import Parameters, integer, label, table
from app.catalogue.tables import Refused
from app.locale.text import Text

#: All bursts and I/O together, in units: at 100 ms each a run stays well below its time limit.
MOST_UNITS = 120
MOST_JOBS = 8


class Job(Parameters):
    """One row; times are units of CPU time. It does I/O only where both say so."""

    name: str = label(Text(en="Name", zh="名称"))
    arrival: int = integer(
        0,
        Text(en="Arrives", zh="到达"),
        minimum=0,
        maximum=60,
        help=Text(en="After so many units of time.", zh="在多少个单位时间之后到达。"),
    )
    burst: int = integer(
        1,
        Text(en="Burst", zh="执行"),
        minimum=1,
        maximum=40,
        help=Text(en="CPU time that it needs, in units.", zh="所需的 CPU 时间，以单位计。"),
    )
    priority: int = integer(
        1,
        Text(en="Priority", zh="优先级"),
        minimum=1,
        maximum=19,
        help=Text(en="A smaller number comes first.", zh="数字越小越优先。"),
    )
    io_every: int = integer(
        0,
        Text(en="I/O every", zh="I/O 间隔"),
        minimum=0,
        maximum=40,
        help=Text(
            en="It waits for I/O each time it has used so many units of CPU time; 0: never.",
            zh="每用掉多少个单位的 CPU 时间就等待一次 I/O；0 表示从不。",
        ),
    )
    io_wait: int = integer(
        0,
        Text(en="I/O takes", zh="I/O 时长"),
        minimum=0,
        maximum=40,
        help=Text(en="Units that each I/O takes.", zh="每次 I/O 需要的单位时间。"),
    )

    @property
    def io_waits(self) -> int:
        """How often it waits for I/O."""
        return (self.burst - 1) // self.io_every if self.io_every and self.io_wait else 0


def jobs_table(default: Sequence[Job]) -> Any:
    return table(
        default,
        Text(en="Jobs", zh="作业"),
        row=Job,
        most=MOST_JOBS,
        help=Text(
            en="Times in units of CPU time. I/O every: after each so many units of computing it "
            "waits for I/O.",
            zh="时间以 CPU 时间单位计。I/O 间隔：每计算这么多个单位，就等待一次 I/O。",
        ),
    )


def check_jobs(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """Raises Refused for names that are not unique, and for jobs that would take too long."""
    names = [job.name for job in jobs]
    for n, name in enumerate(names, 1):
        if name in names[: n - 1]:
            raise Refused(
                en=f"Row {n}: another job is named {name} already; each needs a name of its own.",
                zh=f"第 {n} 行：已有名为 {name} 的作业；每个作业的名称不能重复。",
            )
    units = max(job.arrival for job in jobs)
    units += sum(job.burst + job.io_waits * job.io_wait for job in jobs)
    if units > MOST_UNITS:
        raise Refused(
            en=f"These jobs may take {units} units; at most {MOST_UNITS} are allowed: the last "
            "arrival, all bursts and all I/O together.",
            zh=f"这些作业可能需要 {units} 个单位时间；最后的到达时间、全部执行时间与全部 I/O "
            f"之和不得超过 {MOST_UNITS}。",
        )
    return jobs
